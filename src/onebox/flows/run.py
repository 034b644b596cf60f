"""A run: one flow working on one event. Its journal says how far it came."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from onebox.kernel.errors import OneboxError
from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from onebox.messaging.event import Event


class RunState(StrEnum):
    """ready (is run, or its turn comes) ⇄ waiting (for a time, an event, another run) → done | failed | cancelled."""

    ready = "ready"
    waiting = "waiting"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


@dataclass(slots=True)
class Run:
    """One flow working on one event. `version` is the content hash of the flow's text that it began with."""

    id: str
    event_id: str
    flow: str
    version: str
    created_at: datetime
    sender: str | None = None
    state: RunState = RunState.ready
    parent_run_id: str | None = None
    parent_path: str | None = None
    ended_at: datetime | None = None
    output: Any = None
    error: Mapping[str, Any] | None = None


class EntryKind(StrEnum):
    """What a journal entry says about its path."""

    result = "result"
    """the effect happened; `value` is what it gave"""
    failure = "failure"
    """the attempt failed; `value` is the error: code, message, passing, retry_after"""
    skipped = "skipped"
    """`once`: its key was taken by another run"""
    fired = "fired"
    """the timer of this path fired"""
    event = "event"
    """the awaited event came; `value` is its data"""


@dataclass(slots=True)
class Entry:
    """One line of a journal. `attempt` counts from 1. `at` is what `${now}` is for the steps that follow."""

    path: str
    kind: EntryKind
    value: Any
    at: datetime
    attempt: int = 1


# --- changes -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class KeepVersion(Change[None]):
    """Keeps the text of a flow (and of the files that it names) under its content hash, as runs need it."""

    flow: str
    version: str
    text: str
    at: datetime


@dataclass(slots=True)
class StartRun(Change[None]):
    """Begins a run in state `ready`. Only ever as a consequence of StoreEvent."""

    run: Run


@dataclass(slots=True)
class RecordEntry(Change[None]):
    """Writes a journal entry at `position` (1, 2, 3, … in a run). `kind_of_step` is the step's `do`, for people."""

    run_id: str
    position: int
    entry: Entry
    kind_of_step: str


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(slots=True)
class RunSql(Change[Any]):
    """Runs one SQL statement with named parameters on the box's own database, and records its result as an entry.

    Statement and journal entry are one: after a crash it has happened once or not at all. Returns the value that was
    recorded: `{"rows": […], "row": first or None, "count": affected}`. At most `limit` rows are read.
    `mask` takes secrets out of the result before it is recorded.
    Raises SqlFailed; then nothing was recorded. Tables of the box itself are out of reach.
    """

    run_id: str
    position: int
    path: str
    attempt: int
    at: datetime
    statement: str
    arguments: Mapping[str, Any]
    limit: int
    time_limit: timedelta
    mask: Callable[[Any], Any] = _as_it_is


class SqlFailed(OneboxError):
    """A person's SQL statement failed; the message is the database's. `passing`: trying again may help."""

    code: ClassVar[str] = "sql_failed"

    def __init__(self, message: str, *, passing: bool = False, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.passing = passing


@dataclass(slots=True)
class ClaimOnce(Change[bool]):
    """Claims a key of a step for a run, for ever. False if another run has it; true if it was free or its own."""

    flow: str
    step: str
    key: str
    run_id: str
    at: datetime


@dataclass(slots=True)
class ReleaseOnce(Change[None]):
    """Gives a key back after the step failed for good, so that a later run may try."""

    flow: str
    step: str
    key: str
    run_id: str


@dataclass(slots=True)
class SetTimer(Change[None]):
    """Writes a timer. Run and path are its identity: setting it again leaves the first as it is."""

    run_id: str
    path: str
    due_at: datetime


@dataclass(slots=True)
class DropTimer(Change[None]):
    """Takes a timer away, fired or not."""

    run_id: str
    path: str


@dataclass(slots=True)
class AwaitEvent(Change[None]):
    """Waits for an event of a topic whose data has these values at these dotted paths. Idempotent by run and path."""

    run_id: str
    path: str
    topic: str
    match: Mapping[str, Any]


@dataclass(slots=True)
class DropWait(Change[None]):
    """Takes a wait away."""

    run_id: str
    path: str


@dataclass(slots=True)
class SendSignal(Change[None]):
    """Tells a run something that its journal has not taken in yet, and makes it ready if it was waiting.

    Idempotent by run and path. Ignored when the run has ended.
    """

    run_id: str
    path: str
    kind: EntryKind
    value: Any
    at: datetime


@dataclass(slots=True)
class DropSignal(Change[None]):
    """Takes a signal away, as its journal entry is being written."""

    run_id: str
    path: str


@dataclass(slots=True)
class ParkRun(Change[bool]):
    """ready → waiting. False, and nothing is changed, if a signal waits to be taken in."""

    run_id: str


@dataclass(slots=True)
class WakeRun(Change[bool]):
    """waiting → ready, as a timer of it is due. False if it was not waiting."""

    run_id: str


@dataclass(slots=True)
class FinishRun(Change[bool]):
    """Ends a run that has not ended: takes its timers, waits and signals away. False if it had ended already.

    A run with a parent is ended together with a SendSignal to that parent, in the same unit.
    """

    run_id: str
    state: RunState
    at: datetime
    output: Any = None
    error: Mapping[str, Any] | None = None


@dataclass(slots=True)
class RetryRun(Change[bool]):
    """failed | cancelled → ready, with the failure entries of the path that failed taken out of its journal.

    False if it was neither.
    """

    run_id: str
    at: datetime


@dataclass(slots=True)
class Prune(Change[int]):
    """Deletes up to `limit` ended runs that ended before `before`, with their events (once no run needs them),
    journals, sent messages and responses, and gives the disk space back. Without a flow, also what belongs to no run:
    events that started none, entries of web chats, their visitors, answered requests, up to `limit` of each. Returns how
    many went of the kind of which most did: once it is fewer than `limit`, nothing is left to delete.
    """

    before: datetime
    limit: int
    flow: str | None = None
    """only runs of this flow; None: of all flows not named in `except_flows`"""
    except_flows: Sequence[str] = ()


@dataclass(slots=True)
class RememberTick(Change[None]):
    """Keeps when a schedule fired last, so that a box that was down knows what it missed. Never goes back in time."""

    trigger_key: str
    at: datetime


@dataclass(slots=True)
class FileRequest(Change[None]):
    """What another process (the CLI) wants of the running box: retry, replay, cancel, emit. The box polls for it."""

    id: str
    kind: str
    target: str
    arguments: Mapping[str, Any]
    by: str
    at: datetime


@dataclass(slots=True)
class AnswerRequest(Change[None]):
    """Closes a request with what came of it; the first answer stays."""

    id: str
    result: Mapping[str, Any]
    at: datetime


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Signal:
    """What a run was told and has not taken in yet."""

    path: str
    kind: EntryKind
    value: Any
    at: datetime


@dataclass(slots=True)
class ReadyRun:
    """A run whose turn may come, with its event. `fresh`: it has no journal and no signal, so there is nothing more
    to read of it."""

    run: Run
    event: Event
    fresh: bool = False


@dataclass(slots=True)
class History:
    """All that the engine needs to take a run up again. `entries` stand at positions 1, 2, 3, … without gaps; `timers`
    maps paths to their due times."""

    run: Run
    event: Event
    entries: list[Entry]
    signals: list[Signal]
    timers: Mapping[str, datetime]


@dataclass(slots=True)
class DueTimer:
    """A timer row."""

    run_id: str
    path: str
    due_at: datetime
    flow: str


@dataclass(slots=True)
class Request:
    """A request that was filed. `result` is None until it is answered."""

    id: str
    kind: str
    target: str
    arguments: Mapping[str, Any]
    by: str
    created_at: datetime
    done_at: datetime | None = None
    result: Mapping[str, Any] | None = None


class RunReader(Protocol):
    """What the engine reads. Never waits for the writer."""

    async def ready_counts(self) -> dict[str, int]:
        """How many runs are ready, by flow."""
        ...

    async def ready_runs(self, flow: str, *, limit: int, after: str = "") -> list[ReadyRun]:
        """The first ready runs of a flow with an id above `after`, in order of id."""
        ...

    async def history(self, run_id: str) -> History | None:
        """None if there is no such run."""
        ...

    async def timers(self, *, limit: int, after: tuple[datetime, str, str]) -> list[DueTimer]:
        """The timers that fire next, by due time, run and path: those that come after these."""
        ...

    async def version_text(self, version: str) -> str | None:
        """The text that KeepVersion kept."""
        ...

    async def last_ticks(self) -> dict[str, datetime]:
        """When each schedule fired last, by trigger key."""
        ...

    async def open_requests(self, *, limit: int) -> list[Request]:
        """The requests that have no answer yet, oldest first."""
        ...

    async def request_result(self, request_id: str) -> Mapping[str, Any] | None:
        """None while there is no answer."""
        ...


class SqlReader(Protocol):
    """People's SELECTs on the box's own database, beside the writer."""

    async def read_sql(
        self, statement: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta
    ) -> dict[str, Any] | None:
        """`{"rows", "row", "count"}` as RunSql gives; None if the statement would write: then it is for RunSql.

        Raises SqlFailed.
        """
        ...
