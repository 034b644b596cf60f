"""What each part of a flow does, one behaviour a test."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from onebox.flows.kinds import Nature, StepKind
from onebox.flows.machine.commands import Command, Finish, Listen, Perform, Sleep, StartChild, Withdraw
from onebox.flows.machine.machine import ABORT, Machine
from onebox.flows.plan import (
    Action,
    Case,
    Catch,
    Each,
    If,
    Limits,
    Parallel,
    Repeat,
    Retry,
    Switch,
    Try,
    Wait,
    WaitFor,
)
from onebox.flows.run import Entry, EntryKind, RunState
from tests.flows.machine.plans import (
    ASK,
    CALL,
    FAIL,
    RUN,
    SET,
    START,
    STOP,
    Formula,
    action,
    block,
    call,
    constant,
    failed,
    fired,
    flow,
    machine,
    result,
    step,
)


def paths(commands: list[Command], kind: type = Perform) -> list[str]:
    asked = [command for command in commands if not isinstance(command, Finish)]
    return [command.path for command in asked if isinstance(command, kind)]


def answer(running: Machine, *entries: Entry) -> list[Command]:
    commands: list[Command] = []
    for entry in entries:
        running.feed(entry)
        commands += running.advance()
    return commands


def value_of(name: str) -> Formula:
    return Formula(lambda scope: scope[name], name)


def keep(label: str, function: Any) -> Any:
    return step(label, action(SET, function), name=label)


def test_pure_steps_need_no_answer() -> None:
    running = machine(
        flow(
            keep("a", lambda scope: {"n": scope["event"]["n"] + 1}),
            keep("b", lambda scope: {"n": scope["a"]["n"] * 2}),
            output=Formula(lambda scope: scope["b"]["n"]),
        ),
        event={"n": 20},
    )
    assert running.advance() == [Finish(RunState.done, 42)]


def test_an_effect_is_asked_for_and_its_answer_is_seen_by_later_steps() -> None:
    running = machine(flow(call("order"), output=Formula(lambda scope: scope["order"]["total"])))
    assert paths(running.advance()) == ["order"]
    assert answer(running, result("order", {"total": 7})) == [Finish(RunState.done, 7)]


def test_steps_after_an_effect_wait_for_it() -> None:
    running = machine(flow(call("first"), call("second")))
    assert paths(running.advance()) == ["first"]
    assert paths(answer(running, result("first"))) == ["second"]


def test_now_is_the_time_of_the_last_answer() -> None:
    running = machine(flow(call("a"), keep("b", lambda scope: scope["now"]), output=value_of("b")))
    running.advance()
    assert answer(running, result("a", seconds=5)) == [Finish(RunState.done, START + timedelta(seconds=5))]


def test_a_guard_skips_a_step_and_its_name_is_none() -> None:
    running = machine(flow(call("a", condition=constant(value=False)), output=value_of("a")))
    assert running.advance() == [Finish(RunState.done, None)]


def test_names_of_steps_not_run_stand_for_none() -> None:
    branch = If(constant(value=False), block(call("inside")), None)
    running = machine(flow(step("0", branch), output=value_of("inside")))
    assert running.advance() == [Finish(RunState.done, None)]


def test_if_takes_one_way() -> None:
    branch = If(value_of("event"), block(call("yes")), block(call("no")))
    assert paths(machine(flow(step("0", branch)), event={"x": 1}).advance()) == ["0.then.yes"]
    assert paths(machine(flow(step("0", branch))).advance()) == ["0.else.no"]


def test_switch_runs_the_first_case_that_matches_with_its_names() -> None:
    def matches(word: str) -> Any:
        return lambda subject, _scope: {"match": {"word": subject}} if subject.startswith(word) else None

    cases = (
        Case(matches("x"), block(call("never"))),
        Case(matches("ab"), block(keep("seen", lambda scope: scope["match"]["word"]))),
        Case(matches("a"), block(call("later"))),
    )
    running = machine(flow(step("0", Switch(constant("abc"), cases, None)), output=value_of("seen")))
    assert running.advance() == [Finish(RunState.done, "abc")]


def test_switch_without_a_match_takes_else() -> None:
    running = machine(flow(step("0", Switch(constant("z"), (), block(call("other"))))))
    assert paths(running.advance()) == ["0.else.other"]


def each(parallel: int = 1, items: Any = None, **more: Any) -> Any:
    body = step("body", action(CALL, lambda scope: {"item": scope["each"]}), **more)
    return step("all", Each(constant([5, 6, 7] if items is None else items), body, parallel), name="all")


def test_each_goes_one_by_one_and_keeps_the_order() -> None:
    running = machine(flow(each(), output=value_of("all")))
    assert paths(running.advance()) == ["all[0]"]
    answer(running, result("all[0]", "a"))
    answer(running, result("all[1]", "b"))
    assert answer(running, result("all[2]", "c")) == [Finish(RunState.done, ["a", "b", "c"])]


def test_each_in_parallel_keeps_the_order_of_items_whatever_ends_first() -> None:
    running = machine(flow(each(parallel=2), output=value_of("all")))
    assert paths(running.advance()) == ["all[0]", "all[1]"]
    assert paths(answer(running, result("all[1]", "b"))) == ["all[2]"]
    answer(running, result("all[2]", "c"))
    assert answer(running, result("all[0]", "a")) == [Finish(RunState.done, ["a", "b", "c"])]


def test_each_catches_for_each_item() -> None:
    running = machine(flow(each(parallel=3, catch=Catch(value=constant(None))), output=value_of("all")))
    running.advance()
    answer(running, result("all[0]", "a"), failed("all[1]", passing=False))
    assert answer(running, result("all[2]", "c")) == [Finish(RunState.done, ["a", None, "c"])]


def test_a_failure_withdraws_what_else_runs_in_the_loop() -> None:
    running = machine(flow(each(parallel=3)))
    running.advance()
    commands = answer(running, failed("all[1]", "broken", passing=False))
    assert sorted(paths(commands, Withdraw)) == ["all[0]", "all[2]"]
    assert running.finish is not None
    assert running.finish.error == {"code": "broken", "message": "it is broken", "passing": False, "step": "all[1]"}


def test_each_refuses_more_items_than_the_limit() -> None:
    running = machine(flow(each(items=[1, 2, 3]), limits=Limits(items=2)))
    running.advance()
    assert running.finish is not None
    assert running.finish.error is not None
    assert running.finish.error["message"] == ("each: 3 items are more than the flow's limit of 2 (limits.items)")


def test_each_refuses_what_is_no_list() -> None:
    running = machine(flow(each(items="abc")))
    running.advance()
    assert running.finish is not None
    assert running.finish.error is not None
    assert running.finish.error["code"] == "not_a_list"


def test_a_loop_over_ten_thousand_items_needs_no_deep_stack() -> None:
    body = step("b", If(constant(value=True), block(keep("x", lambda scope: scope["index"])), None))
    running = machine(flow(step("all", Each(constant(list(range(10_000))), body), name="all"), output=value_of("all")))
    [finish] = running.advance()
    assert isinstance(finish, Finish)
    assert finish.output[-1] == 9999


def test_repeat_ends_when_its_condition_holds() -> None:
    until = Formula(lambda scope: scope["poll"] == "ready")
    running = machine(flow(step("0", Repeat(block(call("poll")), most=5, until=until))))
    assert paths(running.advance()) == ["0[0].poll"]
    assert paths(answer(running, result("0[0].poll", "not yet"))) == ["0[1].poll"]
    assert answer(running, result("0[1].poll", "ready")) == [Finish(RunState.done)]


def test_repeat_beyond_its_cap_fails() -> None:
    running = machine(flow(step("0", Repeat(block(call("poll")), most=1, until=constant(value=False)))))
    running.advance()
    answer(running, result("0[0].poll"))
    assert running.finish is not None
    assert running.finish.error is not None
    assert running.finish.error["code"] == "repeat_cap"


def test_repeat_without_a_condition_goes_round_so_many_times() -> None:
    running = machine(
        flow(step("n", Repeat(block(keep("i", value_of("index"))), most=3), name="n"), output=value_of("n"))
    )
    assert running.advance() == [Finish(RunState.done, 2)]


def test_repeat_pauses_between_rounds() -> None:
    loop = Repeat(block(keep("i", value_of("index"))), most=2, pause=timedelta(seconds=9))
    running = machine(flow(step("0", loop)))
    assert running.advance() == [Sleep("0!pause1", START + timedelta(seconds=9))]
    assert answer(running, fired("0!pause1", seconds=9)) == [Finish(RunState.done)]


def test_parallel_joins_all_branches_and_their_names() -> None:
    both = Parallel((call("left"), call("right")))
    names = Formula(lambda scope: [scope["both"], scope["left"], scope["right"]])
    running = machine(flow(step("both", both, name="both"), output=names))
    assert paths(running.advance()) == ["both.left", "both.right"]
    answer(running, result("both.right", 2))
    assert answer(running, result("both.left", 1)) == [Finish(RunState.done, [[1, 2], 1, 2])]


def test_a_passing_failure_is_retried_with_growing_waits() -> None:
    retry = Retry(times=2, wait=timedelta(seconds=2), grow=2, jitter=0)
    running = machine(flow(call("a", retry=retry)))
    running.advance()
    assert answer(running, failed("a", seconds=0)) == [Sleep("a!retry1", START + timedelta(seconds=2))]
    [again] = answer(running, fired("a!retry1", seconds=2))
    assert isinstance(again, Perform)
    assert again.attempt == 2
    assert answer(running, failed("a", attempt=2, seconds=2)) == [Sleep("a!retry2", START + timedelta(seconds=6))]
    answer(running, fired("a!retry2", seconds=6))
    answer(running, failed("a", attempt=3, seconds=6))
    assert running.finish is not None
    assert running.finish.state is RunState.failed


def test_a_permanent_failure_is_not_retried() -> None:
    running = machine(flow(call("a", retry=Retry(times=5, wait=timedelta(seconds=2)))))
    running.advance()
    answer(running, failed("a", "status_404", passing=False))
    assert running.finish is not None


def test_a_retry_waits_as_long_as_the_other_side_asks() -> None:
    running = machine(flow(call("a", retry=Retry(times=1, wait=timedelta(seconds=2), jitter=0))))
    running.advance()
    entry = failed("a", seconds=0)
    entry.value["retry_after"] = 60
    assert answer(running, entry) == [Sleep("a!retry1", START + timedelta(seconds=60))]


def test_jitter_is_the_same_on_every_replay_and_differs_between_runs() -> None:
    retry = Retry(times=1, wait=timedelta(seconds=100), jitter=0.5)
    waits = set()
    for run_id in ("r1", "r1", "r2"):
        running = Machine(
            flow(call("a", retry=retry)), run_id=run_id, started_at=START, event={}, variables={}, secrets={}
        )
        running.advance()
        [asked] = answer(running, failed("a", seconds=0))
        assert isinstance(asked, Sleep)
        waits.add(asked.until)
    assert len(waits) == 2
    assert all(timedelta(seconds=50) <= until - START <= timedelta(seconds=150) for until in waits)


def test_a_block_is_retried_as_a_whole_under_a_new_path() -> None:
    whole = step("all", block(call("a"), call("b")), retry=Retry(times=1, wait=timedelta(seconds=1), jitter=0))
    running = machine(flow(whole))
    assert paths(running.advance()) == ["all.a"]
    answer(running, result("all.a"))
    answer(running, failed("all.b"))
    assert paths(answer(running, fired("all!retry1"))) == ["all~2.a"]


def test_catch_gives_a_value_or_runs_steps_that_see_the_error() -> None:
    running = machine(
        flow(call("a", catch=Catch(value=Formula(lambda scope: scope["error"]["code"]))), output=value_of("a"))
    )
    running.advance()
    assert answer(running, failed("a", passing=False)) == [Finish(RunState.done, "down")]
    running = machine(flow(call("a", catch=Catch(body=block(call("tell"))))))
    running.advance()
    assert paths(answer(running, failed("a", passing=False))) == ["a!catch.tell"]


def test_try_runs_finally_however_it_ended() -> None:
    body = Try(block(call("a")), Catch(value=constant("caught")), block(call("last")))
    running = machine(flow(step("t", body, name="t"), output=value_of("t")))
    running.advance()
    assert paths(answer(running, failed("t.try.a"))) == ["t.finally.last"]
    assert answer(running, result("t.finally.last")) == [Finish(RunState.done, "caught")]


def test_try_without_catch_fails_after_finally() -> None:
    running = machine(flow(step("t", Try(block(call("a")), None, block(call("last"))))))
    running.advance()
    answer(running, failed("t.try.a", "broken"))
    answer(running, result("t.finally.last"))
    assert running.finish is not None
    assert running.finish.error is not None
    assert running.finish.error["code"] == "broken"


def test_a_block_over_its_timeout_is_withdrawn_and_fails() -> None:
    running = machine(flow(step("all", block(call("slow")), timeout=constant("5s"))))
    assert set(paths(running.advance(), Sleep)) == {"all!timeout"}
    commands = answer(running, fired("all!timeout", seconds=5))
    assert paths(commands, Withdraw) == ["all.slow"]
    assert running.finish is not None
    assert running.finish.error is not None
    assert running.finish.error["code"] == "timeout"


def test_a_block_within_its_timeout_withdraws_the_timer() -> None:
    running = machine(flow(step("all", block(call("quick")), timeout=constant("5s"))))
    running.advance()
    commands = answer(running, result("all.quick"))
    assert paths(commands, Withdraw) == ["all!timeout"]


def test_an_action_hands_its_timeout_to_the_one_who_performs_it() -> None:
    [command] = machine(flow(call("a", timeout=constant("5s")))).advance()
    assert isinstance(command, Perform)
    assert command.timeout == timedelta(seconds=5)


def test_once_hands_over_the_key_under_the_step_without_loop_numbers() -> None:
    [command] = machine(flow(each(items=["x"], once=value_of("each")))).advance()
    assert isinstance(command, Perform)
    assert (command.step, command.once) == ("all", "x")


def test_a_step_skipped_by_once_gives_none() -> None:
    running = machine(flow(call("a", once=constant("k")), output=value_of("a")))
    running.advance()
    skipped = Entry("a", EntryKind.skipped, None, START)
    assert answer(running, skipped) == [Finish(RunState.done, None)]


def test_wait_asks_for_a_timer() -> None:
    running = machine(flow(step("0", Wait(length=constant("3d")))))
    assert running.advance() == [Sleep("0", START + timedelta(days=3))]
    assert answer(running, fired("0", seconds=3 * 86400)) == [Finish(RunState.done)]


def test_wait_until_takes_an_instant_with_its_zone() -> None:
    running = machine(flow(step("0", Wait(until=constant("2026-03-29T06:00:00+02:00")))))
    [command] = running.advance()
    assert isinstance(command, Sleep)
    assert command.until.isoformat() == "2026-03-29T04:00:00+00:00"


def test_wait_until_refuses_an_instant_without_a_zone() -> None:
    running = machine(flow(step("0", Wait(until=constant("2026-03-29T06:00:00")))))
    running.advance()
    assert running.finish is not None
    assert running.finish.error is not None
    assert running.finish.error["code"] == "bad_instant"


def waiting() -> Machine:
    body = WaitFor(constant("order.paid"), constant({"id": 7}), constant("2d"))
    return machine(flow(step("paid", body, name="paid"), output=value_of("paid")))


def test_wait_for_gives_the_event_and_drops_its_timeout() -> None:
    running = waiting()
    assert running.advance() == [
        Listen("paid", "order.paid", {"id": 7}),
        Sleep("paid!timeout", START + timedelta(days=2), limit=True),
    ]
    commands = answer(running, Entry("paid", EntryKind.event, {"id": 7, "by": "card"}, START))
    assert commands == [Withdraw("paid!timeout"), Finish(RunState.done, {"id": 7, "by": "card"})]


def test_wait_for_without_the_event_in_time_fails() -> None:
    running = waiting()
    running.advance()
    commands = answer(running, fired("paid!timeout"))
    assert paths(commands, Withdraw) == ["paid"]
    assert running.finish is not None
    assert running.finish.error is not None
    assert running.finish.error["code"] == "timeout"


def asking(**more: Any) -> Machine:
    return machine(flow(step("day", action(ASK, text="When?"), name="day", **more), output=value_of("day")))


SENT = {"id": "m1", "topic": "answer:chat/main:7", "asked": "m1", "choices": ["fri"]}
LISTENS = Listen("day!answer", "answer:chat/main:7", {"asked": "m1", "choices": ["fri"], "of": None})


def test_a_question_is_sent_and_its_answer_is_the_result() -> None:
    running = asking()
    [sent] = running.advance()
    assert isinstance(sent, Perform)
    assert answer(running, result("day", SENT)) == [LISTENS]
    said = Entry("day!answer", EntryKind.event, {"text": "Friday", "choice": "fri"}, START)
    assert answer(running, said) == [Finish(RunState.done, {"text": "Friday", "choice": "fri"})]


def test_a_question_s_timeout_is_for_its_answer() -> None:
    running = asking(timeout=constant("2h"))
    sleep, sent = running.advance()
    assert sleep == Sleep("day!timeout", START + timedelta(hours=2), limit=True)
    assert isinstance(sent, Perform)
    assert sent.timeout is None
    answer(running, result("day", SENT))
    commands = answer(running, fired("day!timeout"))
    assert paths(commands, Withdraw) == ["day!answer"]
    assert running.finish is not None
    assert running.finish.error is not None
    assert running.finish.error["code"] == "timeout"


def test_a_question_that_cannot_be_sent_fails_and_waits_for_nothing() -> None:
    running = asking()
    running.advance()
    answer(running, failed("day", "bad_argument", passing=False))
    assert not running.pending
    assert running.finish is not None
    assert running.finish.state is RunState.failed


def test_a_question_that_another_run_asked_has_no_answer() -> None:
    running = asking(once=constant("k"))
    running.advance()
    assert answer(running, Entry("day", EntryKind.skipped, None, START)) == [Finish(RunState.done, None)]


def test_a_sub_flow_is_started_and_its_output_is_the_result() -> None:
    body = action(RUN, flow="child", data={"n": 1}, wait=True)
    running = machine(flow(step("sub", body, name="sub"), output=value_of("sub")))
    assert running.advance() == [StartChild("sub", "child", {"n": 1}, wait=True)]
    assert answer(running, result("sub", {"ok": 1})) == [Finish(RunState.done, {"ok": 1})]


def test_stop_ends_the_run_well_wherever_it_stands() -> None:
    inner = If(constant(value=True), block(step("0", action(STOP, output={"early": True}))), None)
    running = machine(flow(step("both", Parallel((call("slow"), step("1", inner))))))
    commands = running.advance()
    assert commands[-1] == Finish(RunState.done, {"early": True})
    assert not running.pending


def test_fail_fails_with_its_own_words() -> None:
    running = machine(flow(step("0", action(FAIL, code="sold_out", message="no seats"))))
    running.advance()
    assert running.finish is not None
    assert running.finish.error == {"step": "0", "code": "sold_out", "message": "no seats", "passing": False}


def test_a_passing_fail_is_retried() -> None:
    body = action(FAIL, message="not yet", passing=True)
    retry = Retry(times=1, wait=timedelta(seconds=2), jitter=0)
    running = machine(flow(step("0", body, retry=retry)))
    assert running.advance() == [Sleep("0!retry1", START + timedelta(seconds=2))]
    answer(running, fired("0!retry1", seconds=2))
    assert running.finish is not None
    assert running.finish.state is RunState.failed


def test_on_error_runs_steps_and_the_run_stays_failed() -> None:
    running = machine(flow(call("a"), on_error=block(call("tell"))))
    running.advance()
    assert paths(answer(running, failed("a", passing=False))) == ["on_error.tell"]
    answer(running, result("on_error.tell"))
    assert running.finish is not None
    assert running.finish.state is RunState.failed


def test_on_error_starts_the_named_flow_with_what_happened() -> None:
    running = machine(flow(call("a"), on_error="alert"), event={"n": 1})
    running.advance()
    [child, finish] = answer(running, failed("a", passing=False))
    assert isinstance(child, StartChild)
    assert (child.flow, child.wait, child.data["event"]) == ("alert", False, {"n": 1})
    assert isinstance(finish, Finish)


def test_a_failing_on_error_does_not_hide_the_first_failure() -> None:
    running = machine(flow(call("a"), on_error=block(call("tell"))))
    running.advance()
    answer(running, failed("a", "first", passing=False), failed("on_error.tell", "second", passing=False))
    assert running.finish is not None
    assert running.finish.error is not None
    assert (running.finish.error["code"], running.finish.error["on_error"]) == ("first", "it is second")


def test_abort_ends_the_run_with_its_on_error() -> None:
    running = machine(flow(call("slow"), on_error=block(call("tell"))))
    running.advance()
    commands = answer(running, failed(ABORT, "time_limit", passing=False))
    assert (paths(commands, Withdraw), paths(commands)) == (["slow"], ["on_error.tell"])


def test_an_answer_nobody_waits_for_changes_nothing() -> None:
    running = machine(flow(call("a")))
    running.advance()
    assert running.feed(result("b")) is False
    assert list(running.pending) == ["a"]


@pytest.mark.parametrize("match", ["paid", [1], 7])
def test_a_match_that_is_no_mapping_fails_the_step(match: Any) -> None:
    running = machine(flow(step("w", WaitFor(constant("paid"), constant(match)), name="w")))
    running.advance()
    assert running.finish is not None
    assert running.finish.error is not None
    assert (running.finish.error["code"], running.finish.error["step"]) == ("bad_argument", "w")


@pytest.mark.parametrize("kind", [StepKind("set", BaseModel, Nature.pure, compute=dict), RUN, STOP, FAIL, CALL])
@pytest.mark.parametrize("caught", [True, False])
def test_arguments_that_are_no_mapping_fail_the_step(kind: StepKind, *, caught: bool) -> None:
    wrong = step("0", Action(kind, constant("text")), catch=Catch(value=constant("caught")) if caught else None)
    running = machine(flow(wrong))
    running.advance()
    assert running.finish is not None
    assert running.finish.state is (RunState.done if caught else RunState.failed)
    assert caught or (running.finish.error or {})["code"] == "bad_argument"


def test_the_output_is_as_it_will_be_kept() -> None:
    running = machine(flow(output=constant({1: {"a"}, "at": START, "sum": Decimal("1.5")})))
    running.advance()
    assert running.finish == Finish(RunState.done, {"1": ["a"], "at": START, "sum": "1.5"})


def test_an_answer_that_nobody_waits_for_moves_no_clock() -> None:
    running = machine(flow(call("a"), output=Formula(lambda scope: scope["now"])))
    running.advance()
    assert not running.feed(result("gone", seconds=60))
    running.feed(result("a", seconds=1))
    running.advance()
    assert running.finish == Finish(RunState.done, START + timedelta(seconds=1))


def test_a_run_of_another_flow_is_limited_by_a_timer() -> None:
    running = machine(flow(step("sub", action(RUN, flow="other"), timeout=constant("1h"))))
    commands = running.advance()
    assert Sleep("sub!timeout", START + timedelta(hours=1), limit=True) in commands
    running.feed(fired("sub!timeout", seconds=3600))
    assert running.advance()[0] == Withdraw("sub")
