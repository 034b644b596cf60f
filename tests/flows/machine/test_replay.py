"""The machine is a function of its journal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from onebox.flows.plan import (
    Block,
    Catch,
    Each,
    Flow,
    If,
    Parallel,
    Repeat,
    Retry,
    Step,
    Switch,
    Try,
    Wait,
    WaitFor,
)
from tests.flows.machine.plans import (
    CALL,
    FAIL,
    RUN,
    SET,
    Formula,
    Player,
    action,
    block,
    constant,
    flow,
    replayed,
    step,
)


@st.composite
def bodies(draw: st.DrawFn, depth: int) -> Any:
    kinds = ["set", "call", "call", "run", "wait", "wait_for", "fail"]
    if depth > 0:
        kinds += ["if", "switch", "each", "repeat", "parallel", "try", "block"]
    kind = draw(st.sampled_from(kinds))
    return draw(_BODIES[kind](depth - 1))


def leaf(body: Any) -> Any:
    return lambda _depth: st.just(body)


@st.composite
def steps(draw: st.DrawFn, label: str, depth: int) -> Step:
    catch = draw(st.sampled_from([None, None, Catch(value=Formula(lambda scope: scope["error"]["code"]))]))
    if catch is None and depth > 0 and draw(st.booleans()):
        catch = draw(st.sampled_from([None, Catch(body=block(step("0", action(CALL))))]))
    return step(
        label,
        draw(bodies(depth)),
        name=draw(st.sampled_from([None, f"n{label}"])),
        retry=draw(st.sampled_from([None, None, Retry(times=2, wait=timedelta(seconds=3), grow=2)])),
        timeout=draw(st.sampled_from([None, None, constant("30s")])),
        condition=draw(st.sampled_from([None, None, constant(0)])),
        catch=catch,
    )


@st.composite
def blocks(draw: st.DrawFn, depth: int) -> Block:
    count = draw(st.integers(1, 3))
    return Block([draw(steps(str(number), depth)) for number in range(count)])


_BODIES: dict[str, Any] = {
    "set": leaf(action(SET, lambda scope: {"at": scope["now"], "index": scope.get("index")})),
    "call": leaf(action(CALL)),
    "run": leaf(action(RUN, flow="other", data={}, wait=True)),
    "wait": leaf(Wait(length=constant("5s"))),
    "wait_for": leaf(WaitFor(constant("paid"), constant({"id": 1}), constant("1m"))),
    "fail": leaf(action(FAIL, code="said", message="so", passing=True)),
    "if": lambda depth: st.builds(If, st.sampled_from([constant(1), constant(0)]), blocks(depth), blocks(depth)),
    "switch": lambda depth: st.builds(lambda other: Switch(constant("x"), (), other), blocks(depth)),
    "each": lambda depth: st.builds(
        Each, st.sampled_from([constant([]), constant([7, 8, 9])]), steps("0", depth), st.integers(1, 3)
    ),
    "repeat": lambda depth: st.builds(
        lambda body, pause: Repeat(body, most=3, until=Formula(lambda scope: scope["index"] == 1), pause=pause),
        blocks(depth),
        st.sampled_from([None, timedelta(seconds=2)]),
    ),
    "parallel": lambda depth: st.builds(
        lambda left, right: Parallel((left, right)), steps("0", depth), steps("1", depth)
    ),
    "try": lambda depth: st.builds(
        lambda body, last: Try(body, Catch(value=constant("caught")), last),
        blocks(depth),
        st.one_of(st.none(), blocks(depth)),
    ),
    "block": blocks,
}


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    body = draw(blocks(2))
    on_error = draw(st.sampled_from([None, "alert", block(step("0", action(CALL)))]))
    return flow(*body.steps, on_error=on_error)


salts = st.text("ab", max_size=4)


@settings(max_examples=150, deadline=None)
@given(plan=flows(), salt=salts)
def test_any_prefix_of_a_journal_gives_the_same_next_commands(plan: Flow, salt: str) -> None:
    player = Player(plan, salt)
    player.play(most=40)
    live = replayed(plan, [])
    for number, entry in enumerate([*player.journal]):
        again = replayed(plan, player.journal[:number])
        assert again.pending == live.pending
        live.feed(entry)
        live.advance()
    assert replayed(plan, player.journal).finish == live.finish


@settings(max_examples=150, deadline=None)
@given(plan=flows(), salt=salts, cut=st.integers(0, 30))
def test_a_run_cut_at_any_point_ends_as_the_uncut_one(plan: Flow, salt: str, cut: int) -> None:
    uncut = Player(plan, salt)
    finish = uncut.play()
    restarted = Player(plan, salt, journal=uncut.journal[:cut])
    assert restarted.play() == finish
    assert restarted.journal == uncut.journal


@settings(max_examples=100, deadline=None)
@given(plan=flows(), salt=salts, budget=st.integers(1, 5))
def test_small_slices_decide_as_one_large_one(plan: Flow, salt: str, budget: int) -> None:
    player = Player(plan, salt)
    finish = player.play(most=60)
    sliced = replayed(plan, [])
    for entry in player.journal:
        sliced.feed(entry)
        sliced.advance(budget)
        while sliced.busy:
            sliced.advance(budget)
    assert sliced.finish == finish
    assert sliced.pending == replayed(plan, player.journal).pending


@settings(max_examples=100, deadline=None)
@given(plan=flows(), salt=salts)
def test_a_finished_run_waits_for_nothing(plan: Flow, salt: str) -> None:
    player = Player(plan, salt)
    if player.play() is not None:
        assert not replayed(plan, player.journal).pending
