"""Broadcasts: one content to many, behind everything else that an account sends; they can be watched and stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from onebox.messaging.message import Message


class BroadcastState(StrEnum):
    """running ⇄ paused; cancelled is the end. One whose messages are all through is still `running`: see `Broadcast.done`."""

    running = "running"
    paused = "paused"
    cancelled = "cancelled"


@dataclass(slots=True)
class Broadcast:
    """One of them. `total` counts its messages, `skipped` those who were named and get none: gone, or named twice.
    `counts` are its messages by state, `doubtful` those that may have arrived twice or not at all."""

    id: str
    account: str
    content: Mapping[str, Any]
    created_by: str
    created_at: datetime
    state: BroadcastState = BroadcastState.running
    total: int = 0
    skipped: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    doubtful: int = 0

    @property
    def left(self) -> int:
        """How many messages wait."""
        return self.counts.get("queued", 0) + self.counts.get("paused", 0)

    @property
    def done(self) -> bool:
        """Whether nothing of it waits any more."""
        return not self.left


@dataclass(slots=True)
class StartBroadcast(Change[int]):
    """Begins a broadcast with its messages, but for those to recipients who are gone. Gives how many that are."""

    broadcast: Broadcast
    messages: Sequence[Message]


@dataclass(slots=True)
class SetBroadcastState(Change[bool]):
    """Pauses, resumes or cancels a broadcast with all of its messages that wait. False if it was cancelled before, or
    is not there."""

    id: str
    account: str
    state: BroadcastState
    at: datetime


class BroadcastReader(Protocol):
    """Reads broadcasts. Never waits for the writer."""

    async def broadcasts(self, limit: int = 20) -> list[Broadcast]:
        """The newest first."""
        ...

    async def broadcast(self, id: str) -> Broadcast | None:
        """None if there is none."""
        ...
