"""Rows that tests are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from onebox.flows.run import Entry, EntryKind, FinishRun, RecordEntry, Run, RunState, StartRun
from onebox.kernel.encoding import dump
from onebox.messaging.event import Event, StoreEvent
from onebox.messaging.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.kernel.ledger import Change

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def after(**parts: float) -> datetime:
    """A time after noon."""
    return NOON + timedelta(**parts)


def event(id: str = "e1", data: Mapping[str, Any] | None = None, **more: Any) -> Event:
    data = {"amount": 21} if data is None else data
    given = {"source": "webhook:w", "topic": "webhook.w", "received_at": NOON, **more}
    return Event(id=id, data=data, payload=dump(data), **given)


def run(id: str = "r1", event_id: str = "e1", flow: str = "greet", **more: Any) -> Run:
    return Run(id=id, event_id=event_id, flow=flow, version="v1", **{"created_at": NOON, **more})


def started(id: str = "r1", *also: Change[Any], flow: str = "greet", **more: Any) -> StoreEvent:
    """An event `e-<id>` with the run that it starts, and what else follows."""
    return StoreEvent(event(f"e-{id}"), [StartRun(run(id, f"e-{id}", flow, **more)), *also])


def recorded(
    position: int, path: str, kind: EntryKind = EntryKind.result, value: Any = None, run_id: str = "r1"
) -> RecordEntry:
    return RecordEntry(run_id, position, Entry(path, kind, value, after(seconds=position)), "http.get")


def done(run_id: str = "r1", at: datetime = NOON, **more: Any) -> FinishRun:
    return FinishRun(run_id, RunState.done, at, **more)


def failed(run_id: str = "r1", at: datetime = NOON, **error: Any) -> FinishRun:
    return FinishRun(run_id, RunState.failed, at, error={"code": "http_503", **error})


def message(id: str = "m1", recipient: str = "ana", **more: Any) -> Message:
    given = {"account": "terminal/main", "content": {"text": f"hello {recipient}"}, "created_at": NOON, **more}
    return Message(id=id, recipient=recipient, **given)
