"""Services outlive what they did not expect."""

from __future__ import annotations

import pytest

from onebox.dispatch.services import lasting
from onebox.flows.plan import Limits
from onebox.flows.run import ReadyRun, RunState
from onebox.kernel.ledger import StorageClosed
from tests.dispatch.boxes import EngineBox
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
    flow = a_flow(limits=Limits(concurrency=1))
    box = EngineBox(flow)
    read, faults = box.ledger.ready_runs, [RuntimeError("the database is away")]

    async def flaky(flow: str, *, limit: int, after: str = "") -> list[ReadyRun]:
        if faults:
            raise faults.pop()
        return await read(flow, limit=limit, after=after)

    box.ledger.ready_runs = flaky  # type: ignore[method-assign]
    async with EngineBox(flow) as before:
        before.engine._stopping = True
        run_id = await before.emit()
    box.ledger.tables = before.ledger.tables
    async with box:
        await box.state(run_id, RunState.done)
