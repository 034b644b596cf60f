"""A message: what must go out. It is written with the state that caused it, and sent afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class MessageState(StrEnum):
    """queued → sent | failed | cancelled; queued again while a passing failure is retried. Those of a broadcast may be
    paused meanwhile."""

    queued = "queued"
    paused = "paused"
    sent = "sent"
    failed = "failed"
    cancelled = "cancelled"


class Priority(IntEnum):
    """What goes before what on its way out of an account; the numbers stand in the rows.

    `signal`s (the end of a button's waiting, "is typing") are worth something for seconds only: they go first, and no
    limit of pace counts them.
    """

    signal = 0
    interactive = 1
    reminder = 2
    broadcast = 3


@dataclass(slots=True)
class Message:
    """One message to one recipient through one account.

    `account` is `<channel>/<name>` (`terminal/main`); `recipient` is in the channel's own terms; `content` is plain
    JSON (`text`, and what else the channel takes). `id` sorts by the time of writing: messages of one account and
    priority to one recipient go out in that order. `id` is also the idempotency key that the channel passes on where
    it can.

    `handed_at` is when it was handed to a channel that does not notice repetitions, while what became of that is not
    known. `doubt` counts how often it may have arrived though nobody said so. `broadcast` is the id of the broadcast
    that it belongs to.
    """

    id: str
    account: str
    recipient: str
    content: Mapping[str, Any]
    created_at: datetime
    run_id: str | None = None
    step: str | None = None
    state: MessageState = MessageState.queued
    attempts: int = 0
    due_at: datetime | None = None
    error: str | None = None
    priority: Priority = Priority.interactive
    handed_at: datetime | None = None
    doubt: int = 0
    broadcast: str | None = None


@dataclass(slots=True)
class QueueMessage(Change[None]):
    """Writes a message into the outbox."""

    message: Message


@dataclass(slots=True)
class CancelDelayed(Change[None]):
    """What is queued for this recipient and not due yet is not sent."""

    account: str
    recipient: str
    at: datetime


@dataclass(slots=True)
class MarkHanded(Change[None]):
    """These are about to be handed to their channel: if nothing more is heard of them, they may have arrived."""

    message_ids: Sequence[str]
    at: datetime


@dataclass(slots=True)
class MarkSent(Change[str | None]):
    """The channel took it. `receipt` is what the channel said; its `message_id`, if there is one, is the channel's own
    id of the message, by which statuses come back. Gives the error of a status that failed it before this was written."""

    message_id: str
    at: datetime
    receipt: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class MarkRetried(Change[None]):
    """A passing failure: it stays queued, `attempts` grows by one, and it is due again at `due_at`. `doubtful`: it may
    have arrived."""

    message_id: str
    due_at: datetime
    error: str
    doubtful: bool = False


@dataclass(slots=True)
class MarkFailed(Change[None]):
    """A permanent failure, or one too many passing ones. `kind`: of the last one, see `messaging.channel.FAILURES`;
    it is told and not kept."""

    message_id: str
    at: datetime
    error: str
    kind: str = "failed"
    doubtful: bool = False


@dataclass(slots=True)
class NoteStatus(Change[str | None]):
    """What a channel says of a message that it took: `sent`, `delivered`, `read` or `failed`.

    `message_id` is the channel's own id. Statuses come in any order and more than once: the furthest one stays, and
    `failed` is the last word. Gives the id of the message that this made a failed one, if any did.
    """

    account: str
    message_id: str
    status: str
    at: datetime
    error: str | None = None
