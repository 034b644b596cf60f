"""The engine's promises, over a ledger in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from onebox.flows.handlers import Call, StepFailed
from onebox.flows.kinds import StepKind
from onebox.flows.plan import Each, Flow, Limits, Parallel, Retry, Step, Wait, WaitFor
from onebox.flows.run import FinishRun, RecordEntry, RunState
from onebox.kernel.ledger import StorageFull
from onebox.messaging.event import StoreEvent
from onebox.messaging.message import QueueMessage
from tests.dispatch.boxes import START, Calls, EngineBox, on
from tests.flows.machine.plans import CALL, FAIL, RUN, SET, Formula, action, block, constant, step

SEND = StepKind("send", Any)  # type: ignore[arg-type] # the engine looks at the name alone
EMIT = StepKind("emit", Any)  # type: ignore[arg-type]


def a_flow(*steps: Step, name: str = "f", topic: str = "t", **more: Any) -> Flow:
    return Flow(
        name=name,
        version=f"{name}1",
        file=f"{name}.yaml",
        bundle=f"{name}1",
        triggers=on(topic),
        steps=block(*steps),
        **more,
    )


def call(label: str, **more: Any) -> Step:
    return step(label, action(CALL), name=label, **more)


def names(box: EngineBox, kind: type) -> int:
    return sum(isinstance(change, kind) for unit in box.ledger.commits for change in unit)


async def test_an_event_runs_to_its_end() -> None:
    calls = Calls(lambda _call: {"n": 1})
    output = Formula(lambda scope: scope["a"]["n"])
    async with EngineBox(a_flow(call("a"), output=output), handlers={"call": calls}) as box:
        run = await box.state(await box.emit(), RunState.done)
        assert (calls.paths, run.output) == (["a"], 1)


async def test_an_effect_and_what_ends_the_run_are_one_unit() -> None:
    async with EngineBox(a_flow(call("a")), handlers={"call": Calls(lambda _call: None)}) as box:
        await box.state(await box.emit(), RunState.done)
        assert [type(change) for change in box.ledger.commits[-1]] == [RecordEntry, FinishRun]


async def test_effects_after_one_another_are_recorded_before_the_next_begins() -> None:
    recorded: list[int] = []

    def answer(_call: Call) -> None:
        recorded.append(names(box, RecordEntry))

    async with EngineBox(a_flow(call("a"), call("b")), handlers={"call": Calls(answer)}) as box:
        await box.state(await box.emit(), RunState.done)
    assert recorded == [0, 1]


async def test_a_run_goes_on_where_it_was_after_a_stop() -> None:
    first = Calls(lambda call: call.path if call.path == "a" else asyncio.Event().wait())
    waiting = Calls()
    flow = a_flow(call("a"), step("b", action(StepKind("hang", Any))))  # type: ignore[arg-type]
    async with EngineBox(flow, handlers={"call": first, "hang": waiting}) as box:
        run_id = await box.emit()
        await box.until(lambda: waiting.seen)
    again, hang = Calls(lambda _call: None), Calls(lambda _call: "done")
    async with EngineBox(flow, handlers={"call": again, "hang": hang}, ledger=box.ledger) as later:
        await later.state(run_id, RunState.done)
    assert again.seen == []
    assert [call.idempotency_key for call in hang.seen] == [call.idempotency_key for call in waiting.seen]


async def test_a_run_keeps_the_version_that_it_began_with() -> None:
    waiting = Calls()
    old = a_flow(call("a"), output=constant("old"))
    new = replace(old, version="f2", bundle="f2", output=constant("new"))
    async with EngineBox(old, new, handlers={"call": waiting}) as box:
        box.book.replace([old])
        run_id = await box.emit()
        await box.until(lambda: waiting.seen)
        box.book.replace([new])
        waiting.gate.set()
        assert (await box.state(run_id, RunState.done)).output == "old"
        assert (await box.state(await box.emit(), RunState.done)).output == "new"


async def test_a_wait_leaves_memory_and_goes_on_when_it_is_due() -> None:
    async with EngineBox(a_flow(step("0", Wait(length=constant("3d"))))) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        box.move(days=3)
        await box.state(run_id, RunState.done)
        assert box.ledger.tables.timers == {}


async def test_a_timer_that_was_due_while_the_box_was_down_fires_at_the_start() -> None:
    flow = a_flow(step("0", Wait(length=constant("1h"))))
    async with EngineBox(flow) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
    later = EngineBox(flow, ledger=box.ledger)
    later.clock.at = START + timedelta(hours=2)
    async with later:
        await later.state(run_id, RunState.done)


async def test_an_event_ends_the_wait_that_it_matches_and_no_other() -> None:
    waiting = a_flow(
        step("0", WaitFor(constant("paid"), Formula(lambda scope: {"order": scope["event"]["order"]})), name="p"),
        output=Formula(lambda scope: scope["p"]["sum"]),
    )
    async with EngineBox(waiting) as box:
        seven, eight = await box.emit(data={"order": 7}), await box.emit(data={"order": 8})
        await box.state(seven, RunState.waiting)
        await box.state(eight, RunState.waiting)
        await box.emit("paid", {"order": 7, "sum": 30})
        assert (await box.state(seven, RunState.done)).output == 30
        assert box.run(eight).state is RunState.waiting


async def test_a_passing_failure_is_retried_after_its_wait() -> None:
    def answer(call: Call) -> Any:
        return "fine" if call.attempt == 2 else StepFailed("down", "it is down", passing=True)

    calls = Calls(answer)
    retry = Retry(times=3, wait=timedelta(seconds=10), jitter=0)
    async with EngineBox(a_flow(call("a", retry=retry)), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        box.move(seconds=10)
        await box.state(run_id, RunState.done)
    assert [call.attempt for call in calls.seen] == [1, 2]


async def test_a_sub_flow_hands_its_output_to_its_parent() -> None:
    child = a_flow(name="child", topic="-", output=Formula(lambda scope: scope["event"]["n"] + 1))
    asks = step("sub", action(RUN, flow="child", data={"n": 1}), name="sub")
    parent = a_flow(asks, output=Formula(lambda scope: scope["sub"]))
    async with EngineBox(parent, child) as box:
        assert (await box.state(await box.emit(), RunState.done)).output == 2


async def test_a_failed_sub_flow_fails_the_step_of_its_parent() -> None:
    child = a_flow(step("0", action(FAIL, code="sold_out", message="no seats")), name="child", topic="-")
    parent = a_flow(step("sub", action(RUN, flow="child")))
    async with EngineBox(parent, child) as box:
        run = await box.state(await box.emit(), RunState.failed)
        assert run.error is not None
        assert run.error["code"] == "sold_out"


async def test_a_retried_run_retries_its_failed_child() -> None:
    broken = [True]
    calls = Calls(lambda _call: StepFailed("down", "down", passing=False) if broken[0] else "up")
    child = a_flow(call("a"), name="child", topic="-", output=Formula(lambda scope: scope["a"]))
    parent = a_flow(step("sub", action(RUN, flow="child"), name="sub"), output=Formula(lambda scope: scope["sub"]))
    async with EngineBox(parent, child, handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        broken[0] = False
        assert (await box.ask("retry", run_id))["ok"]
        assert (await box.state(run_id, RunState.done)).output == "up"


async def test_a_failed_run_is_retried_from_the_failed_step() -> None:
    broken = [True]

    def answer(call: Call) -> Any:
        return StepFailed("down", "down", passing=False) if call.path == "b" and broken[0] else "fine"

    calls = Calls(answer)
    async with EngineBox(a_flow(call("a"), call("b"), call("c")), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.failed)
        broken[0] = False
        await box.ask("retry", run_id)
        await box.state(run_id, RunState.done)
    assert calls.paths == ["a", "b", "b", "c"]


async def test_a_replay_starts_the_flow_anew_on_the_same_event() -> None:
    calls = Calls(lambda _call: None)
    async with EngineBox(a_flow(call("a")), handlers={"call": calls}) as box:
        run_id = await box.emit(data={"n": 5})
        await box.state(run_id, RunState.done)
        answer = await box.ask("replay", run_id)
        again = await box.state(answer["run"], RunState.done)
        assert box.ledger.tables.events[again.event_id].data == {"n": 5}
    assert calls.paths == ["a", "a"]


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_cancelled_run_stops_where_it_is(*, waiting: bool) -> None:
    body = Wait(length=constant("1d")) if waiting else action(CALL)
    calls = Calls()
    async with EngineBox(a_flow(step("0", body)), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await (box.state(run_id, RunState.waiting) if waiting else box.until(lambda: calls.seen))
        assert (await box.ask("cancel", run_id))["ok"]
        run = await box.state(run_id, RunState.cancelled)
        assert run.error is not None
        assert box.ledger.tables.timers == {}


async def test_requests_that_make_no_sense_are_answered_with_why() -> None:
    async with EngineBox(a_flow(name="orders")) as box:
        run_id = await box.state(await box.emit(), RunState.done)
        assert (await box.ask("retry", run_id.id))["message"].endswith("only a failed or cancelled run can be retried")
        assert (await box.ask("cancel", "nope"))["message"] == "there is no run 'nope'"
        assert (await box.ask("emit", "order"))["message"] == "there is no flow 'order'; did you mean 'orders'?"


async def test_per_sender_runs_one_at_a_time_in_order() -> None:
    calls = Calls()
    flow = a_flow(call("a"), limits=Limits(per_sender=1))
    async with EngineBox(flow, handlers={"call": calls}) as box:
        ana = [await box.emit(sender="ana") for _ in range(2)]
        await box.emit(sender="ben")
        await box.until(lambda: len(calls.seen) == 2)
        assert {call.run_id for call in calls.seen} & set(ana) == {ana[0]}
        calls.gate.set()
        await box.state(ana[1], RunState.done)


async def test_a_flooded_flow_leaves_turns_for_another() -> None:
    calls = Calls()
    flood = a_flow(call("a"), name="flood", limits=Limits(concurrency=3))
    other = a_flow(name="other", topic="o")
    async with EngineBox(flood, other, handlers={"call": calls}) as box:
        for _ in range(50):
            await box.emit()
        await box.state(await box.emit("o"), RunState.done)
        assert len(calls.seen) == 3
        assert box.engine.backlog() == 50


async def test_a_full_disk_holds_runs_until_there_is_room() -> None:
    calls = Calls()
    async with EngineBox(a_flow(call("a")), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.until(lambda: calls.seen)
        box.ledger.refusal = StorageFull("full")
        calls.gate.set()
        await asyncio.sleep(0.01)
        assert box.run(run_id).state is RunState.ready
        box.ledger.refusal = None
        await box.state(run_id, RunState.done)
    assert calls.paths == ["a"]


async def test_messages_are_written_with_the_entry_that_records_them() -> None:
    sends = step("0", action(SEND, via="terminal/main", to="ana", text="hi"))
    async with EngineBox(a_flow(sends)) as box:
        await box.state(await box.emit(), RunState.done)
        kinds = [type(change) for change in box.ledger.commits[-1]]
        assert kinds == [RecordEntry, QueueMessage, FinishRun]
        assert box.woken == ["terminal/main"]


async def test_once_is_done_by_one_run_alone() -> None:
    calls = Calls(lambda _call: "x")
    flow = a_flow(call("a", once=Formula(lambda scope: scope["event"]["key"])))
    async with EngineBox(flow, handlers={"call": calls}) as box:
        for key in ("k", "k", "j"):
            await box.state(await box.emit(data={"key": key}), RunState.done)
    assert len(calls.seen) == 2


async def test_once_is_given_back_when_the_step_fails_for_good() -> None:
    broken = [True]
    calls = Calls(lambda _call: StepFailed("down", "down", passing=False) if broken[0] else "up")
    async with EngineBox(a_flow(call("a", once=constant("k"))), handlers={"call": calls}) as box:
        await box.state(await box.emit(), RunState.failed)
        broken[0] = False
        await box.state(await box.emit(), RunState.done)
        assert (await box.state(await box.emit(), RunState.done)).state is RunState.done
    assert len(calls.seen) == 2


async def test_an_emitted_event_starts_the_flows_that_wait_for_it() -> None:
    seen = a_flow(name="second", topic="order.paid", output=Formula(lambda scope: scope["event"]["n"]))
    emits = a_flow(step("0", action(EMIT, event="order.paid", data={"n": 3})))
    async with EngineBox(emits, seen) as box:
        await box.emit()
        run = await box.until(
            lambda: next((r for r in box.ledger.tables.runs.values() if r.flow == "second" and r.ended_at), None)
        )
        assert run.output == 3


async def test_a_failed_run_is_an_event_of_the_box() -> None:
    watch = a_flow(name="watch", topic="run.failed", output=Formula(lambda scope: scope["event"]["error"]["code"]))
    fails = a_flow(step("0", action(FAIL, code="x", message="y")))
    async with EngineBox(fails, watch) as box:
        await box.emit()
        run = await box.until(
            lambda: next((r for r in box.ledger.tables.runs.values() if r.flow == "watch" and r.ended_at), None)
        )
        assert run.output == "x"


async def test_loops_in_parallel_take_their_answers_in_any_order() -> None:
    order: list[asyncio.Future[None]] = []

    async def slow(call: Call) -> str:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        order.append(future)
        await future
        return call.path

    every = step("all", Each(constant([1, 2, 3]), step("b", action(CALL)), 3), name="all")
    async with EngineBox(a_flow(every, output=Formula(lambda scope: scope["all"])), handlers={"call": slow}) as box:
        run_id = await box.emit()
        await box.until(lambda: len(order) == 3)
        for future in reversed(order):
            future.set_result(None)
        assert (await box.state(run_id, RunState.done)).output == ["all[0]", "all[1]", "all[2]"]


async def test_a_wait_beside_an_effect_does_not_hold_it() -> None:
    calls = Calls(lambda _call: "x")
    both = Parallel((step("w", Wait(length=constant("1h"))), call("a")))
    async with EngineBox(a_flow(step("0", both)), handlers={"call": calls}) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        assert calls.paths == ["0.a"]
        box.move(hours=1)
        await box.state(run_id, RunState.done)


async def test_a_pure_loop_lets_others_have_their_turn() -> None:
    inner = step("b", action(SET, lambda scope: {"n": scope["index"]}))
    slow = a_flow(step("0", Each(constant(list(range(9000))), inner)), name="slow", topic="s")
    async with EngineBox(slow, a_flow()) as box:
        long_id = await box.emit("s")
        await box.state(await box.emit(), RunState.done)
        assert box.run(long_id).state is RunState.ready
        await box.state(long_id, RunState.done)


async def test_a_duplicate_starts_nothing() -> None:
    async with EngineBox(a_flow()) as box:
        await box.emit(key="k")
        await box.emit(key="k")
        assert len(box.ledger.tables.runs) == 1
        assert names(box, StoreEvent) == 2


async def test_a_run_that_works_too_long_fails_with_its_limit() -> None:
    calls = Calls()
    flow = a_flow(call("a"), limits=Limits(time=timedelta(milliseconds=1)))
    async with EngineBox(flow, handlers={"call": calls}) as box:
        run = await box.state(await box.emit(), RunState.failed)
        assert run.error is not None
        assert run.error["code"] == "time_limit"
