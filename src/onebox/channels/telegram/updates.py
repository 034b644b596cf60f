"""What a flow sees of an update that Telegram gave, and updates as Telegram would give them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import EventRefused
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UPDATES = ("message", "edited_message", "channel_post", "edited_channel_post", "callback_query")
PRESS = "callback_query"
EVENT_NAMES = (
    "at",
    "callback_id",
    "chat",
    "data",
    "kind",
    "message_id",
    "sender",
    "text",
    "update",
)

_EXAMPLE_KEYS = ("text", "kind", "data", "name", "username", "language", "chat", "user_id", "message_id", "update")


def event_data(update: Mapping[str, Any], account: str, received_at: datetime) -> dict[str, Any]:
    """The event of an update that came by `account` (`telegram/main`). What the update does not say is None; `text` is
    then empty. Raises ValueError where it is of no kind.

    `sender.id` is the chat's: who answers the sender answers where it was said.
    """
    kind = next((key for key in update if key != "update_id" and isinstance(update[key], dict)), None)
    if kind is None:
        message = "an update without a kind"
        raise ValueError(message)
    body = update[kind]
    said = _mapping(body.get("message")) if kind == PRESS else body
    chat, person = _mapping(said.get("chat")), _mapping(body.get("from") or body.get("sender_chat"))
    where = _id(chat) or _id(person)
    return {
        "text": _text(kind, body),
        "kind": kind,
        "sender": {
            "id": where,
            "user_id": _id(person),
            "name": _name(person),
            "username": person.get("username"),
            "language": person.get("language_code"),
            "account": account,
        },
        "chat": {"id": where, "type": chat.get("type"), "title": chat.get("title"), "account": account},
        "at": received_at if kind == PRESS else _instant(said.get("edit_date") or said.get("date"), received_at),
        "message_id": said.get("message_id"),
        "data": body.get("data") if kind == PRESS else None,
        "callback_id": body.get("id") if kind == PRESS else None,
        "update": dict(update),
    }


def example_data(updates: Sequence[str], account: str, given: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The event that a test means: Ana wrote `text`, or pressed the button `data`; or it is the whole `update`.
    Raises EventRefused where the trigger would not take it."""
    wrong = next((key for key in given if key not in _EXAMPLE_KEYS), None)
    if wrong is not None:
        message = f"a message of Telegram's has no {wrong!r}{did_you_mean(wrong, _EXAMPLE_KEYS)}"
        raise EventRefused(message, hint=f"it may have {', '.join(_EXAMPLE_KEYS)}")
    update = given.get("update")
    try:
        data = event_data(_example_update(given, at) if update is None else update, account, at)
    except (ValueError, TypeError, AttributeError) as error:
        raise EventRefused(f"this is no update of Telegram's: {error}") from None
    if data["kind"] not in updates:
        message = f"the trigger takes no {data['kind']!r}: its updates are {', '.join(updates)}"
        raise EventRefused(message, hint=f"the kinds are {', '.join(UPDATES)}")
    return data


def _example_update(given: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    kind = given.get("kind") or (PRESS if given.get("data") is not None else "message")
    user = int(given.get("user_id", 7))
    chat = int(given.get("chat", user))
    person = {"id": user, "is_bot": False, "first_name": given.get("name", "Ana")}
    person |= {"username": given.get("username", "ana"), "language_code": given.get("language", "en")}
    place = {"id": chat, "type": "private", "first_name": person["first_name"]}
    said: dict[str, Any] = {"message_id": given.get("message_id", 1), "date": int(at.timestamp()), "chat": place}
    if kind == PRESS:
        pressed = {"id": "1", "from": person, "message": said, "data": given.get("data", given.get("text", ""))}
        return {"update_id": 1, PRESS: pressed}
    return {"update_id": 1, str(kind): {**said, "from": person, "text": given.get("text", "")}}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(one: Mapping[str, Any]) -> str | None:
    found = one.get("id")
    return None if found is None else str(found)


def _name(person: Mapping[str, Any]) -> str | None:
    names = [person.get("first_name"), person.get("last_name")]
    return " ".join(name for name in names if isinstance(name, str) and name) or person.get("title")


def _text(kind: str, body: Mapping[str, Any]) -> str:
    text = body.get("data") if kind == PRESS else body.get("text") or body.get("caption")
    return text if isinstance(text, str) else ""


def _instant(seconds: Any, otherwise: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else otherwise
    except (TypeError, ValueError, OverflowError, OSError):
        return otherwise
