"""The trigger `telegram`: what people write to a bot, and the buttons that they press."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from onebox.channels.telegram.updates import EVENT_NAMES, example_data
from onebox.flows.definition.fields import FlowModel
from onebox.flows.kinds import TriggerKind
from onebox.flows.settings import wrong
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

CHANNEL = "telegram"
Update = Literal["message", "edited_message", "channel_post", "edited_channel_post", "callback_query"]


class TelegramSettings(FlowModel):
    """`on: {telegram: {bot: main, updates: [message, callback_query]}}`."""

    bot: str = Field(default="main", pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", examples=["main"])
    """the account telegram/NAME of box.yaml"""
    updates: tuple[Update, ...] = ("message",)
    """the kinds that start the flow"""

    @field_validator("updates", mode="before")
    @classmethod
    def _update_list(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or not value:
            raise wrong("updates", f"expected a list such as [message, callback_query], got {value!r}")
        return tuple(value)

    @property
    def account(self) -> str:
        """The account that it names."""
        return f"{CHANNEL}/{self.bot}"

    @property
    def where(self) -> Mapping[str, Any]:
        """Which of the bot's events start the flow."""
        return {"kind": frozenset(self.updates)}


def telegram_topic(bot: str) -> str:
    """The topic of all that comes by a bot."""
    return f"{CHANNEL}.{bot}"


def telegram_trigger(accounts: Collection[str] | None = None) -> TriggerKind:
    """The trigger kind, for the catalogue. With the names of the box's `accounts`, a bot that is none of them is found
    before anything runs."""

    def fault(settings: TelegramSettings) -> tuple[str, str, str | None] | None:
        if accounts is None or settings.account in accounts:
            return None
        bots = sorted(name.partition("/")[2] for name in accounts if name.startswith(f"{CHANNEL}/"))
        message = f"there is no bot {settings.bot!r}{did_you_mean(settings.bot, bots)}"
        known = f"box.yaml has {', '.join(bots)}" if bots else "box.yaml has none"
        return "bot", message, f"{known}; a bot is an account there: {settings.account}: {{token: NAME-OF-A-SECRET}}"

    return TriggerKind(
        name=CHANNEL,
        settings=TelegramSettings,
        topic=lambda _flow, settings: telegram_topic(settings.bot),
        names=EVENT_NAMES,
        fault=fault,
        example=_example,
        given=_given,
    )


def _example(settings: TelegramSettings, given: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    return example_data(settings.updates, settings.account, given, at)


def _given(settings: TelegramSettings, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A text of Ana's alone where this says it all, else the whole update."""
    short = {"text": data["text"]}
    says_all = example_data(("message",), settings.account, short, data["at"]) == data
    return short if says_all else {"update": data["update"]}
