"""What operators read of runs, events and messages: the lists of the CLI and the console."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from onebox.flows.run import Entry, Run, RunState
    from onebox.messaging.event import Event, StoredResponse
    from onebox.messaging.message import Message, MessageState


@dataclass(slots=True)
class JournalLine:
    """A journal entry with its place in the journal and its step's `do`."""

    position: int
    step_kind: str
    entry: Entry


@dataclass(slots=True)
class PendingTimer:
    """A timer that has not fired."""

    path: str
    due_at: datetime


@dataclass(slots=True)
class PendingWait:
    """An event that a run waits for."""

    path: str
    topic: str
    match: Mapping[str, Any]


@dataclass(slots=True)
class SentMessage:
    """A message with what became of it. `status` is what its channel said later: sent, delivered, read or failed."""

    message: Message
    ended_at: datetime | None = None
    receipt: Mapping[str, Any] | None = None
    status: str | None = None


@dataclass(slots=True)
class RunDetail:
    """All that is kept of one run."""

    run: Run
    event: Event
    journal: list[JournalLine]
    timers: list[PendingTimer]
    waits: list[PendingWait]
    messages: list[SentMessage]
    children: list[Run]


@dataclass(slots=True)
class FlowStats:
    """How the runs of one flow stand: counts by state, the last run's start, and the latest failed run."""

    flow: str
    counts: dict[str, int] = field(default_factory=dict)
    last_run_at: datetime | None = None
    last_failed: Run | None = None


class Records(Protocol):
    """What operators read. Never waits for the writer; newest first."""

    async def list_runs(
        self, *, state: RunState | None = None, flow: str | None = None, limit: int = 50, before: str | None = None
    ) -> list[Run]:
        """Runs with an id below `before` (the next page: the last id of this one)."""
        ...

    async def count_runs(self) -> dict[str, int]:
        """How many runs are in each state."""
        ...

    async def run_detail(self, run_id: str) -> RunDetail | None:
        """None if there is no such run."""
        ...

    async def event(self, event_id: str) -> Event | None:
        """None if there is no such event."""
        ...

    async def response(self, event_id: str) -> StoredResponse | None:
        """What the caller of the webhook was answered; None if nothing was, yet."""
        ...

    async def runs_of_event(self, event_id: str) -> list[Run]:
        """The runs that an event started, oldest first."""
        ...

    async def list_messages(
        self,
        *,
        state: MessageState | None = None,
        account: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[SentMessage]:
        """Messages with an id below `before`."""
        ...

    async def flow_stats(self) -> dict[str, FlowStats]:
        """By flow, of those that have runs."""
        ...
