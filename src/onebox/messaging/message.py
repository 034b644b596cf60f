"""A message: what must go out. It is written with the state that caused it, and sent afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class MessageState(StrEnum):
    """queued → sent | failed | cancelled; queued again while a passing failure is retried."""

    queued = "queued"
    sent = "sent"
    failed = "failed"
    cancelled = "cancelled"


@dataclass(slots=True)
class Message:
    """One message to one recipient through one account.

    `account` is `<channel>/<name>` (`terminal/main`); `recipient` is in the channel's own terms; `content` is plain
    JSON (`text`, and what else the channel takes). `id` sorts by the time of writing: messages of one account to one
    recipient go out in that order. `id` is also the idempotency key that the channel passes on where it can.
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


@dataclass(slots=True)
class QueueMessage(Change[None]):
    """Writes a message into the outbox."""

    message: Message


@dataclass(slots=True)
class MarkSent(Change[None]):
    """The channel took it. `receipt` is what the channel said (its own message id, say)."""

    message_id: str
    at: datetime
    receipt: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class MarkRetried(Change[None]):
    """A passing failure: it stays queued, `attempts` grows by one, and it is due again at `due_at`."""

    message_id: str
    due_at: datetime
    error: str


@dataclass(slots=True)
class MarkFailed(Change[None]):
    """A permanent failure, or one too many passing ones. `kind`: of the last one, see `messaging.channel.FAILURES`;
    it is told and not kept."""

    message_id: str
    at: datetime
    error: str
    kind: str = "failed"


DeliveryStatus = Literal["sent", "delivered", "read", "failed"]


@dataclass(slots=True)
class NoteStatus(Change[None]):
    """What the channel says later of a message that it took. `message_id` is the channel's own, as in the receipt;
    the order in which statuses come says nothing. `error`: why it failed, and what to do."""

    account: str
    message_id: str
    status: DeliveryStatus
    at: datetime
    error: str | None = None
