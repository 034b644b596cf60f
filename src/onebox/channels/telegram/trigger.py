"""The trigger `telegram`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from onebox.channels.telegram.updates import EVENT_NAMES, UpdateKind, event_of
from onebox.flows.definition.fields import FlowModel
from onebox.flows.kinds import EventRefused, TriggerKind, refuse_unknown
from onebox.flows.waiting import AnyOf
from onebox.kernel.nearest import did_you_mean
from onebox.kernel.wrong import wrong

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

CHANNEL = "telegram"
_OF_A_TEXT = {"message_id", "from", "chat", "date", "text", "entities"}
_ANA = {"id": 7, "is_bot": False, "first_name": "Ana", "username": "ana_example", "language_code": "en"}


class TelegramSettings(FlowModel):
    """`on: {telegram: {bot: main}}`: what is written to the bot of the account `telegram/main`."""

    bot: str = "main"
    """the account's name, what follows `telegram/` in box.yaml"""
    updates: list[UpdateKind] = Field(default=["message", "callback_query"], min_length=1)
    """which kinds of updates"""

    @field_validator("bot")
    @classmethod
    def _bare_name(cls, bot: str) -> str:
        if bot.startswith(f"{CHANNEL}/"):
            raise wrong("bot", f"write what follows {CHANNEL}/: {bot.removeprefix(f'{CHANNEL}/')}")
        return bot

    @property
    def account(self) -> str:
        """The account's whole name."""
        return f"{CHANNEL}/{self.bot}"

    @property
    def where(self) -> Mapping[str, Any]:
        """What an event's data must have."""
        return {"kind": AnyOf(self.updates)}


def topic_of(account: str) -> str:
    """The topic of a bot's events."""
    return account.replace("/", ".")


def telegram_trigger(accounts: Collection[str] | None = None) -> TriggerKind:
    """The trigger kind, for the catalogue. With the names of the box's accounts, a bot that is not there is found
    before anything runs."""

    def fault(settings: TelegramSettings) -> tuple[str, str] | None:
        if accounts is None or settings.account in accounts:
            return None
        bots = [name.partition("/")[2] for name in accounts if name.startswith(f"{CHANNEL}/")]
        near = did_you_mean(settings.bot, bots) or f"; box.yaml has of them: {', '.join(bots) or 'none'}"
        return "bot", f"there is no account {CHANNEL}/… of the name {settings.bot!r}{near}"

    return TriggerKind(
        name=CHANNEL,
        settings=TelegramSettings,
        topic=lambda _flow, settings: topic_of(settings.account),
        names=EVENT_NAMES,
        fault=fault,
        per_sender=1,
        example=_example,
        given=_given,
    )


def _example(settings: TelegramSettings, given: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """`{text: …}` is a message of Ana's; `{data: …}`, or `{choice: …}`, is a press of a button. What else is said stands
    for itself. Raises EventRefused for what an event does not have."""
    refuse_unknown(CHANNEL, given, EVENT_NAMES)
    writer = given.get("sender")
    # A private chat has the number of the person.
    ana = {**_ANA, "id": writer["id"]} if isinstance(writer, dict) and "id" in writer else _ANA
    chat = {"id": ana["id"], "type": "private", "first_name": ana["first_name"]}
    message = {"message_id": 1, "date": int(at.timestamp()), "chat": chat}
    pressed = given.get("data", given.get("choice"))
    if pressed is not None:
        press = {"id": "1", "from": ana, "message": message, "data": pressed}
        update: dict[str, Any] = {"update_id": 1, "callback_query": press}
    else:
        update = {"update_id": 1, "message": {**message, "from": ana, "text": given.get("text", "")}}
    try:
        made = {**event_of(given.get("update", update), settings.account, at), "conversation": None}
    except ValueError as error:
        raise EventRefused(f"{CHANNEL}: the update cannot be read: {error}") from None
    return {**made, **{name: _merged(made.get(name), value) for name, value in given.items()}}


def _merged(made: Any, given: Any) -> Any:
    return {**made, **given} if isinstance(made, dict) and isinstance(given, dict) else given


def _given(_settings: TelegramSettings, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was written or pressed, by whom and where; the rest is made up again. What is more than a text, such as a
    picture, is given as Telegram sent it."""
    update = data.get("update") or {}
    if data.get("kind") == "callback_query":
        kept = {"data": data.get("data")}
    elif data.get("kind") == "message" and update.get("message", {}).keys() <= _OF_A_TEXT:
        kept = {"text": data.get("text")}
    else:
        return {"update": update}
    chat = _said(data, "chat")
    elsewhere = chat.get("type") not in {None, "private"}
    return {**kept, "sender": _said(data, "sender"), **({"chat": chat} if elsewhere else {})}


def _said(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in (data.get(name) or {}).items() if key != "account" and value is not None}
