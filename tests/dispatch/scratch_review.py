"""Scratch."""
from __future__ import annotations
import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
import pytest
from onebox.flows.handlers import Call, StepFailed
from onebox.flows.kinds import StepKind
from onebox.flows.plan import *
from onebox.flows.run import *
from onebox.flows.responses import RunEnded
from onebox.messaging.inbox import Arrival
from tests.dispatch.boxes import START, Calls, EngineBox, on
from tests.dispatch.test_engine import a_flow, call, names, EMIT, SEND
from tests.flows.machine.plans import CALL, FAIL, RUN, SET, Formula, action, block, constant, step

pytestmark = pytest.mark.timeout(6)

def down(): return StepFailed("down", "down", passing=False)

async def test_cancel_queued() -> None:
    calls = Calls()
    async with EngineBox(a_flow(call("a"), limits=Limits(concurrency=1)), handlers={"call": calls}) as box:
        first = await box.emit(); second = await box.emit()
        await box.until(lambda: calls.seen)
        assert (await box.ask("cancel", second))["ok"]
        calls.gate.set()
        await box.state(first, RunState.done)
        for _ in range(20): await asyncio.sleep(0)
        assert [c.run_id for c in calls.seen] == [first]
        assert box.engine.backlog() == 0

async def test_aborted_can_be_retried() -> None:
    slow = [True]
    async def answer(_c: Call) -> Any:
        if slow[0]: await asyncio.Event().wait()
        return "x"
    async with EngineBox(a_flow(call("a"), limits=Limits(time=timedelta(milliseconds=1))), handlers={"call": answer}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        slow[0] = False
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.done)

async def test_retry_after_wait_for_timeout() -> None:
    f = a_flow(step("w", WaitFor(constant("paid"), constant({}), constant("1h"))))
    async with EngineBox(f) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        box.move(hours=1)
        await box.state(run_id, RunState.failed)
        box.move(hours=5)
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.waiting)
        for _ in range(50): await asyncio.sleep(0)
        assert box.run(run_id).state is RunState.waiting
        await box.emit("paid")
        await box.state(run_id, RunState.done)

async def test_timer_fired_while_parking() -> None:
    flow = a_flow(step("0", Parallel((step("w", Wait(length=constant("1h"))), call("a"))))) 
    calls = Calls()
    async with EngineBox(flow, handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.until(lambda: calls.seen and box.ledger.tables.timers)
        commit = box.ledger.commit
        async def parking(changes):
            if any(isinstance(c, ParkRun) for c in changes):
                box.move(hours=1)
                for _ in range(10): await asyncio.sleep(0)
            return await commit(changes)
        box.ledger.commit = parking
        calls.gate.set()
        await box.state(run_id, RunState.done)

async def test_caller_told_when_parked_run_ends() -> None:
    async with EngineBox(a_flow(step("0", Wait(length=constant("1h"))))) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        waiting = asyncio.create_task(box.callers.wait(box.run(run_id).event_id, 2.0))
        await asyncio.sleep(0)
        box.move(hours=1)
        await box.state(run_id, RunState.done)
        assert await waiting == RunEnded(run_id, False)

async def test_poison_match() -> None:
    f = a_flow(step("w", WaitFor(constant("paid"), constant("abc"))))
    async with EngineBox(f) as box:
        run_id = await box.emit()
        await box.until(lambda: box.run(run_id).state is not RunState.ready)
        await box.emit("paid")

async def test_once_within_one_run() -> None:
    calls = Calls(lambda c: "x")
    body = step("s", action(CALL), once=Formula(lambda s: s["each"]))
    async with EngineBox(a_flow(step("0", Each(constant(["k", "k", "j"]), body))), handlers={"call": calls}) as box:
        await box.state(await box.emit(), RunState.done)
        assert len(calls.seen) == 2

async def test_once_after_park_and_withdraw() -> None:
    calls = Calls(lambda c: StepFailed("down", "d", passing=True))
    inner = call("a", once=constant("k"), retry=Retry(times=3, wait=timedelta(hours=5), jitter=0))
    f = a_flow(step("b", block(inner), timeout=constant("1h")))
    async with EngineBox(f, handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        box.move(hours=1)
        await box.state(run_id, RunState.failed)
        assert box.ledger.tables.once == {}

async def test_on_error_flow_after_retry() -> None:
    calls = Calls(lambda c: down())
    alert = a_flow(name="alert", topic="-")
    async with EngineBox(a_flow(call("a"), on_error="alert"), alert, handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        box.move(seconds=1)
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.failed)
        assert len([r for r in box.ledger.tables.runs.values() if r.flow == "alert"]) == 2

async def test_run_failed_event_after_retry() -> None:
    calls = Calls(lambda c: down())
    alert = a_flow(name="alert", topic="run.failed")
    async with EngineBox(a_flow(call("a")), alert, handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        box.move(seconds=1)
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.failed)
        assert len([r for r in box.ledger.tables.runs.values() if r.flow == "alert"]) == 2

async def test_emit_in_on_error_after_retry() -> None:
    calls = Calls(lambda c: down())
    f = a_flow(call("a"), on_error=block(step("0", action(EMIT, event="alert"))))
    alert = a_flow(name="alert", topic="alert")
    async with EngineBox(f, alert, handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.failed)
        assert len([r for r in box.ledger.tables.runs.values() if r.flow == "alert"]) == 2

async def test_child_not_retried_by_resume() -> None:
    """B ends, parent resumes with old history, A fails meanwhile -> A must not be retried."""
    gates = {"a": asyncio.Event(), "b": asyncio.Event()}
    seen = []
    async def answer(c: Call) -> Any:
        seen.append(c.flow); await gates[c.flow].wait()
        if c.flow == "a": raise down()
    a = a_flow(call("x"), name="a", topic="-"); b = a_flow(call("x"), name="b", topic="-")
    parent = a_flow(step("0", Parallel((step("a", action(RUN, flow="a"), catch=Catch(value=constant(None))), step("b", action(RUN, flow="b")), step("w", Wait(length=constant("1h")))))), name="p")
    async with EngineBox(parent, a, b, handlers={"call": answer}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        await box.until(lambda: len(seen) == 2)
        read = box.ledger.history
        async def slow(rid):
            found = await read(rid)
            if rid == run_id and not gates["a"].is_set():
                pass
            return found
        commit = box.ledger.commit
        async def held(changes):
            # the parent's first unit after B's end: A fails just before it is written
            if not gates["a"].is_set() and any(isinstance(c, StoreEvent) and c.event.topic == "flow.a" for c in changes):
                gates["a"].set()
                await box.until(lambda: any(r.flow == "a" and r.state is RunState.failed for r in box.ledger.tables.runs.values()))
            return await commit(changes)
        from onebox.messaging.event import StoreEvent
        box.ledger.commit = held
        gates["b"].set()
        await box.until(lambda: gates["a"].is_set())
        await box.state(run_id, RunState.waiting)
        for _ in range(100): await asyncio.sleep(0)
        assert sorted(seen) == ["a", "b"]

async def test_emit_request_twice() -> None:
    async with EngineBox(a_flow()) as box:
        r = FileRequest(box.ids.new(), "emit", "f", {}, "test", box.clock.now())
        await box.ledger.commit([r])
        [request] = await box.ledger.open_requests(limit=9)
        await box.requests._answer(request)
        await box.requests._answer(request)
        assert len(box.ledger.tables.runs) == 1

async def test_output_odd_keys() -> None:
    async with EngineBox(a_flow(output=constant({1: {"a", "a"}}))) as box:
        assert (await box.state(await box.emit(), RunState.done)).output == {"1": ["a"]}

async def test_resume_survives_history_error() -> None:
    async with EngineBox(a_flow(step("0", Wait(length=constant("1h"))))) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        read = box.ledger.history
        left = [1]
        async def flaky(rid):
            if left[0]:
                left[0] -= 1
                raise RuntimeError("db")
            return await read(rid)
        box.ledger.history = flaky
        box.move(hours=1)
        await box.state(run_id, RunState.done)

async def test_time_limit_ends_pure_loop() -> None:
    inner = step("b", action(SET, lambda scope: {"n": 1}))
    huge = a_flow(step("0", Repeat(block(inner), most=10**9)), limits=Limits(time=timedelta(milliseconds=1)))
    async with EngineBox(huge) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)

async def test_handler_cancelled_error() -> None:
    async def answer(c): raise asyncio.CancelledError
    async with EngineBox(a_flow(call("a")), handlers={"call": answer}) as box:
        await box.state(await box.emit(), RunState.failed)

async def test_abort_through_lost_args() -> None:
    async def answer(c):
        try: await asyncio.Event().wait()
        except asyncio.CancelledError: raise asyncio.CancelledError from None
    async with EngineBox(a_flow(call("a"), limits=Limits(time=timedelta(milliseconds=1))), handlers={"call": answer}) as box:
        await box.state(await box.emit(), RunState.failed)

async def test_child_timeout() -> None:
    child = a_flow(step("0", Wait(length=constant("9d"))), name="child", topic="-")
    parent = a_flow(step("sub", action(RUN, flow="child"), timeout=constant("1h")), name="p")
    async with EngineBox(parent, child) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        box.move(hours=1)
        await box.state(run_id, RunState.failed)

async def test_storage_closed_passing() -> None:
    from onebox.kernel.ledger import StorageClosed
    calls = Calls()
    async with EngineBox(a_flow(call("a")), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.until(lambda: calls.seen)
        box.ledger.refusal = StorageClosed("gone")
        calls.gate.set()
        await box.until(lambda: not box.engine.is_active(run_id))
        box.ledger.refusal = None
        await box.state(run_id, RunState.done)

async def test_bad_with_is_caught() -> None:
    f = a_flow(step("0", action(SET, lambda s: "abc"), catch=Catch(value=constant(1))), step("1", action(RUN, lambda s: "abc"), catch=Catch(value=constant(1))))
    from onebox.flows.native import native_steps
    async with EngineBox(f) as box:
        await box.state(await box.emit(), RunState.done)
