"""A run that failed is retried from the failed step, whatever the failure was; and fails as loudly again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from onebox.flows.handlers import Call, StepFailed
from onebox.flows.plan import Catch, Flow, Limits, Parallel, Wait, WaitFor
from onebox.flows.run import FileRequest, RunState
from onebox.messaging.event import StoreEvent
from tests.dispatch.boxes import Calls, EngineBox
from tests.dispatch.test_engine import EMIT, a_flow, call
from tests.flows.machine.plans import RUN, action, block, constant, step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.flows.run import Run
    from onebox.kernel.ledger import Change


def runs_of(box: EngineBox, flow: str) -> list[Run]:
    return [run for run in box.ledger.tables.runs.values() if run.flow == flow]


def down(_call: Call) -> StepFailed:
    return StepFailed("down", "it is down", passing=False)


async def turns(count: int = 50) -> None:
    """Enough for whatever is under way."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_run_that_worked_too_long_goes_on_when_it_is_retried() -> None:
    stuck = [True]

    async def answer(call: Call) -> Any:
        if call.path == "b" and stuck[0]:
            await asyncio.Event().wait()

    calls = Calls(answer)
    flow = a_flow(call("a"), call("b"), limits=Limits(time=timedelta(milliseconds=1)))

    async def handler(call: Call) -> Any:
        return await (await calls(call))

    async with EngineBox(flow, handlers={"call": handler}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        stuck[0] = False
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.done)
    assert calls.paths == ["a", "b", "b"]


async def test_what_waited_too_long_waits_as_long_again_when_it_is_retried() -> None:
    flow = a_flow(step("w", WaitFor(constant("paid"), constant({}), constant("1h"))))
    async with EngineBox(flow) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        box.move(hours=1)
        await box.state(run_id, RunState.failed)
        box.move(days=5)
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.waiting)
        box.move(minutes=59)
        await turns()
        assert box.run(run_id).state is RunState.waiting
        box.move(minutes=1)
        await box.state(run_id, RunState.failed)


async def test_a_step_inside_a_time_limit_is_retried_long_after() -> None:
    broken = [True]
    calls = Calls(lambda call: down(call) if broken[0] else "up")
    flow = a_flow(step("b", block(call("a")), timeout=constant("1h")))
    async with EngineBox(flow, handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        broken[0] = False
        box.move(days=1)
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.done)


ALERTED: list[tuple[dict[str, Any], str]] = [
    ({"on_error": "alert"}, "-"),
    ({"on_error": block(step("0", action(EMIT, event="trouble")))}, "trouble"),
    ({}, "run.failed"),
]


@pytest.mark.parametrize(("more", "topic"), ALERTED, ids=["flow", "steps", "event"])
async def test_who_is_told_of_a_failure_is_told_when_the_retried_run_fails_again(
    more: dict[str, Any], topic: str
) -> None:
    alert = a_flow(name="alert", topic=topic)
    async with EngineBox(a_flow(call("a"), **more), alert, handlers={"call": Calls(down)}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.failed)
        assert len(runs_of(box, "alert")) == 2


def family() -> tuple[Flow, Flow, Flow]:
    """A parent that waits for two children and a day; the failure of `a` is caught."""
    a, b = (a_flow(call("x"), name=name, topic="-") for name in "ab")
    caught = step("a", action(RUN, flow="a"), catch=Catch(value=constant(None)))
    waits = Parallel((caught, step("b", action(RUN, flow="b")), step("w", Wait(length=constant("1d")))))
    return a_flow(step("0", waits), name="p"), a, b


async def test_a_child_that_failed_is_not_retried_because_its_parent_took_up_something_else() -> None:
    gates = {"a": asyncio.Event(), "b": asyncio.Event()}
    seen: list[str] = []

    async def answer(call: Call) -> None:
        seen.append(call.flow)
        await gates[call.flow].wait()
        if call.flow == "a":
            raise down(call)

    async with EngineBox(*family(), handlers={"call": answer}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        await box.until(lambda: len(seen) == 2)
        commit = box.ledger.commit

        async def a_fails_just_before(changes: Sequence[Change[Any]]) -> list[Any]:
            asks = any(isinstance(one, StoreEvent) and one.event.topic == "flow.a" for one in changes)
            if asks and not gates["a"].is_set():
                gates["a"].set()
                await box.until(lambda: [run for run in runs_of(box, "a") if run.state is RunState.failed])
            return await commit(changes)

        box.ledger.commit = a_fails_just_before  # type: ignore[method-assign]
        gates["b"].set()
        await box.until(gates["a"].is_set)
        await box.state(run_id, RunState.waiting)
        await turns()
        assert sorted(seen) == ["a", "b"]


async def test_a_request_that_is_carried_out_twice_starts_one_run() -> None:
    async with EngineBox(a_flow()) as box:
        await box.ledger.commit([FileRequest(box.ids.new(), "emit", "f", {}, "test", box.clock.now())])
        [request] = await box.ledger.open_requests(limit=9)
        first = await box.requests.answer(request)  # and killed before the answer is kept
        assert await box.requests.answer(request) == first
        assert [run.id for run in runs_of(box, "f")] == [first["run"]]
