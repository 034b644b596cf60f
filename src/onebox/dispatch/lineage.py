"""Runs that start runs: children, their parents, and the box's own word of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.machine.machine import ON_ERROR
from onebox.flows.run import Entry, EntryKind, FinishRun, Run, RunState, SendSignal, StartRun
from onebox.kernel.encoding import dump, normalise
from onebox.messaging.event import Event, GiveVerdict, StoreEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from onebox.flows.book import FlowBook
    from onebox.flows.machine.commands import StartChild
    from onebox.kernel.ids import Ids
    from onebox.kernel.ledger import Change

RUN_FAILED = "run.failed"


def child_changes(
    run: Run, command: StartChild, *, book: FlowBook, ids: Ids, now: datetime
) -> tuple[list[Change[Any]], Entry | None]:
    """The event and the run that a child is. Its key is its place in the parent: asked twice, it is started once.
    But the flow that is told of a failure is told of each: a run that was retried may fail again.

    The second part is the answer that the parent gets at once: when it does not wait, or when there is no such flow.
    """
    flow = book.flows.get(command.flow)
    if flow is None:
        message = f"there is no flow {command.flow!r}; there are: {', '.join(sorted(book.flows)) or 'none'}"
        failed = {"code": "unknown_flow", "message": message, "passing": False}
        return [], Entry(command.path, EntryKind.failure, failed, now)
    data = normalise(command.data)
    key = None if command.path == ON_ERROR else command.path
    event = Event(ids.new(), f"run:{run.id}", f"flow.{flow.name}", now, data, dump(data), key, run.sender)
    child = Run(ids.new(), event.id, flow.name, flow.version, now, run.sender)
    if command.wait:
        child.parent_run_id, child.parent_path = run.id, command.path
        return [StoreEvent(event, [StartRun(child)])], None
    answer = Entry(command.path, EntryKind.result, {"run_id": child.id}, now)
    return [StoreEvent(event, [StartRun(child)])], answer


def end_changes(
    run: Run,
    event: Event | None,
    *,
    book: FlowBook,
    ids: Ids,
    starts: Callable[[Event], Sequence[Change[Any]]],
) -> list[Change[Any]]:
    """What is told when a run ends: the parent that waits for it gets its output or failure; of a failure the box
    makes an event `run.failed`, if a flow waits for such."""
    changes: list[Change[Any]] = []
    assert run.ended_at is not None
    if run.parent_run_id is not None and run.parent_path is not None:
        kind = EntryKind.result if run.state is RunState.done else EntryKind.failure
        value = run.output if kind is EntryKind.result else run.error
        changes.append(SendSignal(run.parent_run_id, run.parent_path, kind, value, run.ended_at))
    if run.state is RunState.failed and book.knows(RUN_FAILED):
        told = _failure_event(run, event, ids)
        # A flow that watches failures does not watch those of watchers: that would go round for ever.
        if all(flow.name != run.flow for flow in book.waiting_for(RUN_FAILED, told.data)):
            changes.append(StoreEvent(told, starts(told)))
    return changes


def superseded(run: Run, event: Event) -> list[Change[Any]]:
    """A run that has not begun, ended since its sender has said something else meanwhile."""
    told = {"code": "superseded", "message": f"a later message came ({event.id})", "passing": False, "step": ""}
    return [
        FinishRun(run.id, RunState.cancelled, event.received_at, None, told),
        GiveVerdict(run.event_id, f"coalesced: a later message came ({event.id})"),
    ]


def _failure_event(run: Run, event: Event | None, ids: Ids) -> Event:
    assert run.ended_at is not None
    data = {
        "run": {"id": run.id, "flow": run.flow},
        "error": dict(run.error or {}),
        "event": dict(event.data) if event else None,
    }
    return Event(ids.new(), f"run:{run.id}", RUN_FAILED, run.ended_at, data, dump(data))
