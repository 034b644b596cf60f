"""What a person answers in a test: what is said of it, and the rest made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import refuse_unknown
from onebox.messaging.chat import EVENT_NAMES, chat_data
from onebox.messaging.choices import chosen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

ASK = "ask"
_ANA = {"id": 7, "user_id": 7, "name": "Ana", "username": None, "language": "en", "phone": None, "account": None}


def answer_data(
    said: Mapping[str, Any], offered: Sequence[tuple[str, str]], event: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """The event of an answer. `offered` are the choices that there were, `event` is the run's own: who wrote that
    answers. Raises EventRefused for what an answer does not have."""
    refuse_unknown(ASK, said, EVENT_NAMES)
    text = str(said.get("text") or "")
    choice = said.get("choice") or chosen(text, offered)
    made = chat_data(
        kind="message",
        at=at,
        sender=event.get("sender") or _ANA,
        chat=event.get("chat") or {"id": _ANA["id"], "type": "private", "title": None, "account": None},
        update={},
        text=text,
        choice=choice,
        pressed="choice" in said,
        message_id=2,
    )
    made["conversation"] = event.get("conversation") or {"id": None, "state": {}, "person": None}
    return {**made, **said}


def said_in(event: Mapping[str, Any]) -> Any:
    """The other way: what a test says of an answer that came, so that `answer_data` makes it again."""
    if event.get("pressed"):
        return {"choice": event.get("choice")}
    brought = {key: event[key] for key in ("media", "location", "contact") if event.get(key)}
    text = str(event.get("text") or "")
    return {"text": text, **brought} if brought else text
