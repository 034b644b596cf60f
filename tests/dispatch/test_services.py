"""Services outlive what they did not expect."""

from __future__ import annotations

import pytest

from onebox.dispatch.services import lasting
from onebox.flows.run import ReadyRun, Run, RunState, StartRun
from onebox.kernel.ledger import StorageClosed
from onebox.messaging.event import Event, StoreEvent
from tests.dispatch.boxes import START, EngineBox
from tests.dispatch.test_engine import a_flow


@pytest.mark.parametrize("fault", [RuntimeError("lost"), StorageClosed("away")])
async def test_a_service_begins_again_after_a_fault(fault: Exception) -> None:
    faults, pauses = [fault, fault], []

    async def service() -> None:
        if faults:
            raise faults.pop()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    await lasting("timers", service, pause=pause)
    assert (faults, pauses) == ([], [1.0, 1.0])


async def test_runs_that_cannot_be_read_now_are_read_later() -> None:
    box = EngineBox(a_flow())
    read, faults = box.ledger.ready_runs, [RuntimeError("the database is away")]

    async def flaky(flow: str, *, limit: int, after: str = "") -> list[ReadyRun]:
        if faults:
            raise faults.pop()
        return await read(flow, limit=limit, after=after)

    box.ledger.ready_runs = flaky  # type: ignore[method-assign]
    event = Event("e1", "test", "t", START, {}, "{}")
    await box.ledger.commit([StoreEvent(event, [StartRun(Run("r1", "e1", "f", "f1", START))])])
    async with box:
        await box.state("r1", RunState.done)
