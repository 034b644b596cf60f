"""The trigger `chat`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import field_validator

from onebox.flows.definition.fields import FlowModel
from onebox.flows.kinds import TriggerKind, refuse_unknown
from onebox.kernel.nearest import did_you_mean
from onebox.kernel.wrong import wrong
from onebox.messaging.chat import EVENT_NAMES, chat_data

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

CHANNEL = "chat"
_ANA = "ana" + "a" * 23
"""a chat's name, as long as they are"""
_KEPT = ("text", "choice", "message_id", "media", "location", "conversation")


class ChatSettings(FlowModel):
    """`on: {chat: {account: main}}`: what is written in the web chat of the account `chat/main`."""

    account: str = "main"
    """the account's name, what follows `chat/` in box.yaml"""

    @field_validator("account")
    @classmethod
    def _bare_name(cls, account: str) -> str:
        if account.startswith(f"{CHANNEL}/"):
            raise wrong("account", f"write what follows {CHANNEL}/: {account.removeprefix(f'{CHANNEL}/')}")
        return account

    @property
    def whole_account(self) -> str:
        """The account's whole name."""
        return f"{CHANNEL}/{self.account}"


def chat_trigger(accounts: Collection[str] | None = None) -> TriggerKind:
    """The trigger kind, for the catalogue. With the names of the box's accounts, one that is not there is found before
    anything runs."""

    def fault(settings: ChatSettings) -> tuple[str, str] | None:
        if accounts is None or settings.whole_account in accounts:
            return None
        known = [name.partition("/")[2] for name in accounts if name.startswith(f"{CHANNEL}/")]
        near = did_you_mean(settings.account, known) or f"; box.yaml has of them: {', '.join(known) or 'none'}"
        return "account", f"there is no account {CHANNEL}/… of the name {settings.account!r}{near}"

    return TriggerKind(
        name=CHANNEL,
        settings=ChatSettings,
        topic=lambda _flow, settings: f"{CHANNEL}.{settings.account}",
        names=EVENT_NAMES,
        fault=fault,
        per_sender=1,
        example=_example,
        given=_given,
    )


def _example(settings: ChatSettings, given: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """`{text: …}` is a message of a visitor's, `{choice: …}` a press of a button. What else is said stands for itself.
    Raises EventRefused for what an event does not have."""
    refuse_unknown(CHANNEL, given, EVENT_NAMES)
    choice, account = given.get("choice"), settings.whole_account
    nobody = {"name": None, "username": None, "phone": None, "language": None}
    made = chat_data(
        kind="message" if choice is None else "press",
        at=at,
        sender={"id": _ANA, "user_id": _ANA, **nobody, "account": account},
        chat={"id": _ANA, "type": "private", "title": None, "account": account},
        update={},
        text=given.get("text", choice or ""),
        choice=choice,
        pressed=choice is not None,
        message_id="1" if choice is None else 1,
    )
    return {**made, **{name: _merged(made.get(name), value) for name, value in given.items()}}


def _merged(made: Any, given: Any) -> Any:
    return {**made, **given} if isinstance(made, dict) and isinstance(given, dict) else given


def _given(_settings: ChatSettings, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was written or pressed, and by whom; the rest is made up again."""
    said = {name: data[name] for name in _KEPT if data.get(name)}
    sender = {key: value for key, value in (data.get("sender") or {}).items() if key != "account" and value is not None}
    # A number that was typed is a choice, too, and no press.
    typed = {"pressed": False, "kind": "message"} if said.get("choice") and not data.get("pressed") else {}
    return {**said, **typed, "sender": sender}
