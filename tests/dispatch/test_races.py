"""What happens at the same time: nothing is lost, nothing is done that was called off."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.flows.handlers import Call, StepFailed
from onebox.flows.plan import Each, Limits, Parallel, Retry, Wait
from onebox.flows.responses import RunEnded
from onebox.flows.run import ParkRun, RunState
from onebox.kernel.ledger import StorageClosed
from tests.dispatch.boxes import Calls, EngineBox
from tests.dispatch.test_engine import EMIT, a_flow, call
from tests.dispatch.test_retrying import runs_of, turns
from tests.flows.machine.plans import CALL, RUN, Formula, action, block, constant, step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onebox.flows.run import History
    from onebox.kernel.ledger import Change


def before_each(box: EngineBox, kind: type, meanwhile: Callable[[], Any]) -> None:
    """Does something just before a unit with such a change is written, and lets all others go on."""
    commit = box.ledger.commit

    async def written(changes: Sequence[Change[Any]]) -> list[Any]:
        if any(isinstance(change, kind) for change in changes):
            meanwhile()
            await turns(10)
        return await commit(changes)

    box.ledger.commit = written  # type: ignore[method-assign]


async def test_a_run_that_is_cancelled_in_the_queue_is_not_run() -> None:
    calls = Calls()
    flow = a_flow(call("a"), limits=Limits(concurrency=1))
    async with EngineBox(flow, handlers={"call": calls}) as box:
        first, second = await box.emit(), await box.emit()
        await box.until(lambda: calls.seen)
        assert (await box.ask("cancel", second))["ok"]
        calls.gate.set()
        await box.state(first, RunState.done)
        await box.until(lambda: box.engine.backlog() == 0)
    assert [call.run_id for call in calls.seen] == [first]


async def test_a_run_whose_turn_comes_while_it_is_cancelled_stops() -> None:
    calls = Calls()
    flow = a_flow(call("a"), call("b"), limits=Limits(concurrency=1))
    async with EngineBox(flow, handlers={"call": calls}) as box:
        first, second = await box.emit(), await box.emit()
        await box.until(lambda: calls.seen)
        read = box.ledger.history

        async def slow(run_id: str) -> History | None:
            found = await read(run_id)
            if run_id == second and not box.engine.is_active(second):
                calls.gate.set()
                await box.until(lambda: box.engine.is_active(second))
                calls.gate.clear()
            return found

        box.ledger.history = slow  # type: ignore[method-assign]
        assert (await box.ask("cancel", second))["ok"]
        await box.state(first, RunState.done)
        await box.until(lambda: not box.engine.is_active(second))
        assert box.run(second).state is RunState.cancelled


async def test_what_a_cancelled_run_just_wrote_is_told_of() -> None:
    emits = a_flow(step("0", action(EMIT, event="order.paid")), step("1", Wait(length=constant("1d"))))
    takes = a_flow(name="takes", topic="order.paid")
    cancelled: list[asyncio.Task[bool]] = []
    async with EngineBox(emits, takes) as box:

        def cancel() -> None:
            if not cancelled:
                [run] = runs_of(box, "f")
                cancelled.append(asyncio.create_task(box.engine.cancel(run.id)))

        before_each(box, ParkRun, cancel)
        await box.emit()
        await box.until(lambda: cancelled and cancelled[0].done())
        await box.until(lambda: [run for run in runs_of(box, "takes") if run.state is RunState.done])


async def test_a_timer_that_fires_while_its_run_is_being_parked_is_not_lost() -> None:
    calls = Calls()
    both = Parallel((step("w", Wait(length=constant("1h"))), call("a")))
    async with EngineBox(a_flow(step("0", both)), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.until(lambda: calls.seen and box.ledger.tables.timers)
        before_each(box, ParkRun, lambda: box.move(hours=1))
        calls.gate.set()
        await box.state(run_id, RunState.done)


async def test_a_caller_is_told_of_the_end_of_a_run_that_had_waited() -> None:
    async with EngineBox(a_flow(step("0", Wait(length=constant("1h"))))) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        told = asyncio.create_task(box.callers.wait(box.run(run_id).event_id, 30.0))
        await turns(5)
        box.move(hours=1)
        assert await told == RunEnded(run_id, failed=False)


async def test_a_database_that_is_away_for_a_while_loses_no_run() -> None:
    calls = Calls()
    async with EngineBox(a_flow(call("a")), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.until(lambda: calls.seen)
        box.ledger.refusal = StorageClosed("the database is away")
        calls.gate.set()
        await box.until(lambda: not box.engine.is_active(run_id))
        box.ledger.refusal = None
        await box.state(run_id, RunState.done)


async def test_a_run_that_cannot_be_read_now_is_resumed_later() -> None:
    async with EngineBox(a_flow(step("0", Wait(length=constant("1h"))))) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        read, faults = box.ledger.history, [RuntimeError("the database is away")]

        async def flaky(run_id: str) -> History | None:
            if faults:
                raise faults.pop()
            return await read(run_id)

        box.ledger.history = flaky  # type: ignore[method-assign]
        box.move(hours=1)
        await box.state(run_id, RunState.done)


async def test_a_handler_whose_own_work_was_cancelled_fails_its_step() -> None:
    async def answer(_call: Call) -> None:
        raise asyncio.CancelledError

    both = Parallel((call("a"), call("b")))
    async with EngineBox(a_flow(step("0", both)), handlers={"call": answer}) as box:
        run = await box.state(await box.emit(), RunState.failed)
        assert run.error is not None
        assert run.error["code"] == "internal"


async def test_a_run_of_another_flow_has_a_time_limit() -> None:
    child = a_flow(step("0", Wait(length=constant("9d"))), name="child", topic="-")
    parent = a_flow(step("sub", action(RUN, flow="child"), timeout=constant("1h")), name="p")
    async with EngineBox(parent, child) as box:
        run_id = await box.emit()
        await box.until(lambda: [run for run in runs_of(box, "p") if run.state is RunState.waiting])
        box.move(hours=1)
        run = await box.state(run_id, RunState.failed)
        assert run.error is not None
        assert run.error["code"] == "timeout"


async def test_once_holds_within_one_run_too() -> None:
    calls = Calls(lambda _call: "x")
    body = step("s", action(CALL), once=Formula(lambda scope: scope["each"]))
    loop = step("0", Each(constant(["k", "k", "j"]), body), name="all")
    async with EngineBox(a_flow(loop, output=Formula(lambda scope: scope["all"])), handlers={"call": calls}) as box:
        assert (await box.state(await box.emit(), RunState.done)).output == ["x", None, "x"]


async def test_once_is_given_back_by_a_step_that_is_withdrawn_while_it_waits_to_be_tried_again() -> None:
    calls = Calls(lambda _call: StepFailed("down", "down", passing=True))
    again = Retry(times=3, wait=timedelta(hours=5), jitter=0)
    limited = step("b", block(call("a", once=constant("k"), retry=again)), timeout=constant("1h"))
    async with EngineBox(a_flow(limited), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        assert box.ledger.tables.once != {}
        box.move(hours=1)
        await box.state(run_id, RunState.failed)
        assert box.ledger.tables.once == {}
