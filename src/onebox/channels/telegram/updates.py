"""What Telegram tells, made into what a flow sees. Pure, and content with anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

UpdateKind = Literal[
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
]
KINDS: tuple[UpdateKind, ...] = get_args(UpdateKind)
EVENT_NAMES = ("at", "callback_id", "chat", "data", "kind", "message_id", "sender", "text", "update")


def kind_of(update: Mapping[str, Any]) -> str:
    """Which of its parts an update has; `unknown` for one that is newer than this program."""
    return next((kind for kind in KINDS if isinstance(update.get(kind), dict)), "unknown")


def event_of(update: Mapping[str, Any], account: str, now: datetime) -> dict[str, Any]:
    """The event's data. `sender.id` is where an answer goes: the chat in which it was said."""
    kind = kind_of(update)
    part = _mapping(update.get(kind))
    message = _mapping(part.get("message")) if kind == "callback_query" else part
    chat, user = _mapping(message.get("chat")), _mapping(part.get("from"))
    text = part.get("data") if kind == "callback_query" else part.get("text", part.get("caption"))
    return {
        "kind": kind,
        "text": text if isinstance(text, str) else "",
        "sender": {
            "id": chat.get("id", user.get("id")),
            "user_id": user.get("id"),
            "name": _name(user or chat),
            "username": user.get("username"),
            "language": user.get("language_code"),
            "account": account,
        },
        "chat": {"id": chat.get("id"), "type": chat.get("type"), "title": chat.get("title"), "account": account},
        # A press has no time of its own: that of its message is when the button was sent.
        "at": now if kind == "callback_query" else _instant(part.get("date"), now),
        "message_id": message.get("message_id"),
        "data": part.get("data") if kind == "callback_query" else None,
        "callback_id": part.get("id") if kind == "callback_query" else None,
        "update": dict(update),
    }


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(person: Mapping[str, Any]) -> str | None:
    names = [person.get(key) for key in ("first_name", "last_name")]
    return " ".join(name for name in names if isinstance(name, str)) or person.get("title")


def _instant(seconds: Any, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
