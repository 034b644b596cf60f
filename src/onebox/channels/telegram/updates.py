"""What Telegram tells, made into what a flow sees. Pure, and content with anything: what cannot be read says why."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from onebox.channels.telegram.contents import contact_of, full_name, location_of, media_of, payment_of
from onebox.channels.telegram.reading import integer, mapping, mappings, text
from onebox.kernel.encoding import EncodingError, normalise, to_json
from onebox.messaging.chat import EVENT_NAMES as CHAT_NAMES
from onebox.messaging.chat import Post, chat_data

if TYPE_CHECKING:
    from collections.abc import Mapping

UpdateKind = Literal[
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "poll",
    "poll_answer",
    "message_reaction",
    "message_reaction_count",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
]
KINDS: tuple[UpdateKind, ...] = get_args(UpdateKind)
STANDING: UpdateKind = "my_chat_member"
"""tells that somebody blocked the bot, or took it out of a group"""
UNUSABLE = "unusable"
EVENT_NAMES = (*CHAT_NAMES, "callback_id", "checkout", "data", "payment", "reason")

_PAID = ("pre_checkout_query", "shipping_query")
_OF_A_PERSON = ("callback_query", "inline_query", "chosen_inline_result", *_PAID)
_PROTECTED = ("callback_query", STANDING, *_PAID)
_GONE = ("kicked", "left")
_OWN_WORDS = {"callback_query": "data", "inline_query": "query", "chosen_inline_result": "query", "poll": "question"}
_LONGEST_KEPT = 20_000
_LONGEST_NUMBER = 256


class _Unusable(ValueError):
    """Why an update cannot be read."""


def post_of(update: Any, account: str, now: datetime) -> Post:
    """The post of any update, also of one that nobody can read: its data then has the kind `unusable`, and `reason`."""
    try:
        number = _number_of(update)
        data = normalise(event_of(update, account, now))
    except (_Unusable, EncodingError) as error:
        return _unusable(update, account, now, str(error))
    kind, chat, user = data["kind"], data["sender"]["id"], data["sender"]["user_id"]
    gone = _gone(update[kind]) if kind == STANDING else None
    # Who says that a bot was taken out of a group is not who is gone: the group is.
    sender = chat if user is None or gone is not None else user
    return Post(
        account=account,
        chat=kind if chat is None else str(chat),
        data=data,
        key=str(number),
        sender=None if sender is None else str(sender),
        protected=_protected(data),
        press=data["callback_id"],
        gone=gone,
    )


def event_of(update: Mapping[str, Any], account: str, now: datetime) -> dict[str, Any]:
    """The event's data. `sender.id` is where an answer goes: the chat in which it was said. Raises ValueError where an
    update cannot be read."""
    kind = _kind_of(update)
    part = update[kind]
    press = kind == "callback_query"
    message = mapping(part.get("message")) if press else part
    chat, user = _whereabouts(kind, part, message)
    contact = contact_of(part)
    data = chat_data(
        kind=kind,
        at=_at(kind, part, now),
        sender=_sender(user, chat, contact, account),
        chat=_shown_chat(chat, account),
        update=update,
        text=_words(kind, part),
        choice=text(part.get("data")) if press else None,
        pressed=press,
        media=[{**file, "account": account} for file in media_of(part)],
        location=location_of(part),
        contact=contact,
        message_id=integer(message.get("message_id")),
        reply_to=integer(mapping(part.get("reply_to_message")).get("message_id")),
    )
    return {
        **data,
        "data": text(part.get("data")) if press else None,
        "callback_id": _number_to_answer(kind, part) if press else None,
        "checkout": _number_to_answer(kind, part) if kind in _PAID else None,
        "payment": payment_of(part),
        "reason": None,
    }


def unreadable(body: bytes, account: str, now: datetime, reason: str) -> Post:
    """The post of a body that is no update at all; the same one is stored once."""
    raw = body[:_LONGEST_KEPT].decode(errors="replace")
    return _unusable_post(account, now, reason, {"raw": raw}, hashlib.sha256(body).hexdigest())


# --- what an update has


def _number_of(update: Any) -> int:
    found = integer(update.get("update_id")) if isinstance(update, dict) else None
    if found is None:
        raise _Unusable("it has no update_id")
    return found


def _kind_of(update: Mapping[str, Any]) -> UpdateKind:
    for kind in KINDS:
        if isinstance(update.get(kind), dict):
            return kind
        if kind in update:
            raise _Unusable(f"its {kind} is no object")
    has = ", ".join(sorted(str(key)[:40] for key in list(update)[:10] if key != "update_id")) or "nothing"
    raise _Unusable(f"it has none of the parts that this box knows, but {has}")


def _whereabouts(
    kind: UpdateKind, part: Mapping[str, Any], message: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The chat and the person; each may be empty where the kind has none."""
    chat = mapping(message.get("chat", part.get("voter_chat")))
    user = mapping(part.get("from", part.get("user")))
    for what, found in (("chat", chat), ("person", user)):
        if found and integer(found.get("id")) is None:
            raise _Unusable(f"the {what} of its {kind} has no id that is a number")
    if kind in _OF_A_PERSON and not user:
        raise _Unusable(f"its {kind} does not say whose it is")
    if not chat and not user and kind != "poll":
        raise _Unusable(f"its {kind} does not say in which chat it was")
    return chat, user


def _number_to_answer(kind: UpdateKind, part: Mapping[str, Any]) -> str:
    found = text(part.get("id"))
    if found is None or len(found) > _LONGEST_NUMBER:
        raise _Unusable(f"its {kind} has no id by which it could be answered")
    return found


def _sender(
    user: Mapping[str, Any], chat: Mapping[str, Any], contact: Mapping[str, Any] | None, account: str
) -> dict[str, Any]:
    own = contact is not None and user and contact["user_id"] == user.get("id")
    return {
        "id": chat.get("id", user.get("id")),
        "user_id": user.get("id"),
        "name": full_name(user or chat),
        "username": text(user.get("username")),
        "language": text(user.get("language_code")),
        # Anybody's number may be sent on: it is the sender's own only if Telegram says so.
        "phone": contact["phone"] if contact is not None and own else None,
        "account": account,
    }


def _shown_chat(chat: Mapping[str, Any], account: str) -> dict[str, Any]:
    kind = text(chat.get("type"))
    return {
        "id": chat.get("id"),
        "type": "group" if kind == "supergroup" else kind,
        "title": text(chat.get("title")),
        "account": account,
    }


def _words(kind: UpdateKind, part: Mapping[str, Any]) -> str:
    if kind == "message_reaction":
        return "".join(text(one.get("emoji")) or "" for one in mappings(part.get("new_reaction")))
    own = _OWN_WORDS.get(kind)
    found = part.get(own) if own else part.get("text", part.get("caption"))
    return text(found) or ""


def _at(kind: UpdateKind, part: Mapping[str, Any], now: datetime) -> datetime:
    # A press has no time of its own: that of its message is when the button was sent.
    seconds = part.get("edit_date", part.get("date")) if kind != "callback_query" else None
    if integer(seconds) is None:
        return now
    try:
        return datetime.fromtimestamp(seconds, UTC)  # type: ignore[arg-type]
    except (ValueError, OverflowError, OSError):
        return now


def _gone(part: Mapping[str, Any]) -> bool | None:
    """Whether the bot was blocked or taken out (True), or is there again."""
    member = mapping(part.get("new_chat_member"))
    status = text(member.get("status"))
    if status is None:
        return None
    return status in _GONE or (status == "restricted" and member.get("is_member") is False)


def _protected(data: Mapping[str, Any]) -> bool:
    return data["kind"] in _PROTECTED or data["payment"] is not None or data["contact"] is not None


# --- what cannot be read


def _unusable(update: Any, account: str, now: datetime, reason: str) -> Post:
    try:
        written = to_json(update)
    except ValueError:  # nested too deeply for that
        written = repr(update)
    number = integer(update.get("update_id")) if isinstance(update, dict) else None
    key = hashlib.sha256(written.encode(errors="replace")).hexdigest() if number is None else str(number)
    try:
        kept = normalise({"update": update})["update"]
    except EncodingError:
        kept = None
    return _unusable_post(
        account, now, reason, kept if isinstance(kept, dict) else {"raw": written[:_LONGEST_KEPT]}, key
    )


def _unusable_post(account: str, now: datetime, reason: str, update: Mapping[str, Any], key: str) -> Post:
    data = chat_data(
        kind=UNUSABLE,
        at=now,
        sender=_sender({}, {}, None, account),
        chat=_shown_chat({}, account),
        update=update,
    )
    more = dict.fromkeys(("data", "callback_id", "checkout", "payment"))
    return Post(account, UNUSABLE, {**data, **more, "reason": reason}, key=key, protected=True)
