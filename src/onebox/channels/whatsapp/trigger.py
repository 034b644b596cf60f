"""The trigger `whatsapp`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from onebox.channels.whatsapp.incoming import EVENT_NAMES, EventKind
from onebox.flows.definition.fields import FlowModel
from onebox.flows.kinds import TriggerKind, refuse_unknown
from onebox.flows.waiting import AnyOf
from onebox.kernel.nearest import did_you_mean
from onebox.kernel.wrong import wrong

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

CHANNEL = "whatsapp"
_OF_A_TEXT = {"from", "from_user_id", "id", "timestamp", "type", "text", "context"}
_ANA = {"wa_id": "491700000001", "profile": {"name": "Ana"}}


class WhatsappSettings(FlowModel):
    """`on: {whatsapp: {number: main}}`: what people write to the account `whatsapp/main`."""

    number: str = "main"
    """the account's name, what follows `whatsapp/` in box.yaml"""
    messages: list[EventKind] = Field(default=["message", "press"], min_length=1)
    """which kinds of what people do"""

    @field_validator("number")
    @classmethod
    def _bare_name(cls, number: str) -> str:
        if number.startswith(f"{CHANNEL}/"):
            raise wrong("number", f"write what follows {CHANNEL}/: {number.removeprefix(f'{CHANNEL}/')}")
        return number

    @property
    def account(self) -> str:
        """The account's whole name."""
        return f"{CHANNEL}/{self.number}"

    @property
    def where(self) -> Mapping[str, Any]:
        """What an event's data must have."""
        return {"kind": AnyOf(self.messages)}


def whatsapp_trigger(accounts: Collection[str] | None = None) -> TriggerKind:
    """The trigger kind, for the catalogue. With the names of the box's accounts, a number that is not there is found
    before anything runs."""

    def fault(settings: WhatsappSettings) -> tuple[str, str] | None:
        if accounts is None or settings.account in accounts:
            return None
        numbers = [name.partition("/")[2] for name in accounts if name.startswith(f"{CHANNEL}/")]
        near = did_you_mean(settings.number, numbers) or f"; box.yaml has of them: {', '.join(numbers) or 'none'}"
        return "number", f"there is no account {CHANNEL}/… of the name {settings.number!r}{near}"

    return TriggerKind(
        name=CHANNEL,
        settings=WhatsappSettings,
        topic=lambda _flow, settings: settings.account.replace("/", "."),
        names=EVENT_NAMES,
        fault=fault,
        per_sender=1,
        example=_example,
        given=_given,
    )


def _example(settings: WhatsappSettings, given: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """`{text: …}` is a message of Ana's; `{choice: …}` is a press of a button. What else is said stands for itself.
    Raises EventRefused for what an event does not have."""
    from onebox.channels.whatsapp.updates import post_of

    refuse_unknown(CHANNEL, given, EVENT_NAMES)
    message = {"id": "wamid.1", "from": _ANA["wa_id"], "timestamp": str(int(at.timestamp()))}
    if given.get("choice") is not None:
        reply = {"id": str(given["choice"]), "title": given.get("text") or str(given["choice"])}
        written = {**message, "type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}
    else:
        written = {**message, "type": "text", "text": {"body": given.get("text") or ""}}
    update = given.get("update")
    sent = {**message, **update} if isinstance(update, dict) else written
    made = post_of(sent, {"contacts": [_ANA], "messages": [sent]}, account=settings.account, now=at).data
    return {**made, "conversation": None, **{name: _merged(made.get(name), value) for name, value in given.items()}}


def _merged(made: Any, given: Any) -> Any:
    return {**made, **given} if isinstance(made, dict) and isinstance(given, dict) else given


def _given(_settings: WhatsappSettings, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was written or pressed, and by whom; the rest is made up again. What is more than a text, such as a
    picture, is given as WhatsApp sent it."""
    update = data.get("update") or {}
    if data.get("kind") == "press":
        kept = {"choice": data.get("choice"), "text": data.get("text")}
    elif data.get("kind") == "message" and update.keys() <= _OF_A_TEXT:
        kept = {"text": data.get("text")}
    else:
        return {"update": update}
    sender = data.get("sender") or {}
    return {**kept, "sender": {key: value for key, value in sender.items() if key != "account" and value is not None}}
