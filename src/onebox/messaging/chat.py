"""What people do in chats, the same for every channel: what a receiver hands over, and what a flow sees of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from onebox.kernel.ledger import Change
    from onebox.messaging.event import Stored

EVENT_NAMES = (
    "at",
    "chat",
    "choice",
    "contact",
    "conversation",
    "kind",
    "location",
    "media",
    "message_id",
    "pressed",
    "reply_to",
    "sender",
    "text",
    "update",
)
"""What `event` has in the flows of every chat channel; a channel may add its own."""


def chat_data(
    *,
    kind: str,
    at: datetime,
    sender: Mapping[str, Any],
    chat: Mapping[str, Any],
    update: Mapping[str, Any],
    text: str = "",
    choice: str | None = None,
    pressed: bool = False,
    media: Sequence[Mapping[str, Any]] = (),
    location: Mapping[str, Any] | None = None,
    contact: Mapping[str, Any] | None = None,
    message_id: Any = None,
    reply_to: Any = None,
) -> dict[str, Any]:
    """An event's data.

    `sender` has at least `id` (where an answer goes), `user_id`, `name`, `username`, `language`, `phone`, `account`;
    `chat` has `id`, `type` (private, group or channel), `title`, `account`. `pressed`: a button was pressed, or a row
    of a list, and `choice` is its id. Each of `media` has `kind`, `id`, `account`, `name`, `type` and `size` in bytes.
    `location` has `latitude`, `longitude`, `name`, `address`; `contact` has `name`, `phone`, `user_id`. `reply_to` is
    the number of the message that this one answers. `update` is what the channel sent, as it was.
    """
    return {
        "kind": kind,
        "text": text,
        "choice": choice,
        "pressed": pressed,
        "media": list(media),
        "location": location,
        "contact": contact,
        "sender": dict(sender),
        "chat": dict(chat),
        "at": at,
        "message_id": message_id,
        "reply_to": reply_to,
        "update": dict(update),
    }


@dataclass(frozen=True, slots=True)
class LastHeard:
    """When a person last wrote to an account, and the channel's own id of that message."""

    at: datetime
    message_id: str | None = None


@dataclass(slots=True)
class Post:
    """One thing that somebody did in a chat, or that happened to it.

    `account` received it, in the chat `chat` (the recipient of an answer); `sender` is who did it, for the throttle
    and the order. `data` is made by `chat_data`. `key` is the channel's own id: one account and key are stored once.
    `protected`: it must never be dropped or superseded (a payment, a press that must be answered, a contact).
    `press` is the id of a press that the channel wants answered, for the button waits.
    `gone`: the person blocked the bot or left (True), or is there again (False). Every post with None and a `sender`
    says that they are there.
    """

    account: str
    chat: str
    data: Mapping[str, Any]
    key: str | None = None
    sender: str | None = None
    protected: bool = False
    press: str | None = None
    gone: bool | None = None
    ends: Sequence[Change[Any]] = field(default=())
    """changes that belong to it, committed in the same unit"""
    event_id: str | None = None
    """the id that its event gets, where files of it were kept under that id before"""


class Reception(Protocol):
    """Where the receivers of chat channels hand in what happened."""

    async def receive(self, posts: Sequence[Post], then: Sequence[Change[Any]] = ()) -> list[Stored]:
        """Stores posts in their order, with the changes `then`, in one unit: durable when it returns.

        Raises BacklogFull, StorageFull or StorageClosed (each with `retry_after` seconds, or None): nothing was
        stored, and the channel must offer it again.
        """
        ...
