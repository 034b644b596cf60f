from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some
from tests.messaging.outbox_in_memory import NOON

from onebox.drop_in.aiogram.fair import Fair

lanes = some.lists(some.tuples(some.sampled_from("abcd"), some.booleans()), max_size=60)


def at_once(_lane: str, _item: object) -> float:
    return 0.0


def take(fair: Fair[str], *, hurry: bool = True) -> str | None:
    return fair.next(NOON, at_once, hurry=hurry)


def filled(*items: str) -> Fair[str]:
    fair: Fair[str] = Fair()
    for item in items:
        fair.put(item[0], item, hurry=True)
    return fair


def test_of_a_lane_one_is_out_at_a_time() -> None:
    fair = filled("a1", "a2", "b1")
    assert [take(fair), take(fair), take(fair)] == ["a1", "b1", None]
    fair.done("a")
    assert take(fair) == "a2"


def test_a_lane_goes_to_the_end_after_three() -> None:
    fair = filled("a1", "a2", "a3", "a4", "b1")
    order = []
    while (item := take(fair)) is not None:
        order.append(item)
        fair.done(item[0])
    assert order == ["a1", "a2", "a3", "b1", "a4"]


def test_those_in_a_hurry_and_the_others_are_asked_for_apart() -> None:
    fair = filled("a1")
    fair.put("b", "b1", hurry=False)
    assert [take(fair), take(fair), take(fair, hurry=False)] == ["a1", None, "b1"]


def test_a_lane_that_rests_holds_no_other_up() -> None:
    fair = filled("a1", "b1")
    assert fair.next(NOON, lambda lane, _: 2.0 if lane == "a" else 0.0, hurry=True) == "b1"
    assert fair.rests_until == NOON + timedelta(seconds=2)
    assert fair.next(NOON + timedelta(seconds=2), at_once, hurry=True) == "a1"


def test_what_must_go_again_goes_before_the_rest_of_its_lane() -> None:
    fair = filled("a1", "a2")
    assert take(fair) == "a1"
    fair.again("a")
    assert take(fair) == "a1"


def test_what_waits_can_be_taken_out_and_what_is_out_cannot() -> None:
    fair = filled("a1", "a2", "a3")
    assert take(fair) == "a1"
    assert [fair.take_out("a", item) for item in ("a1", "a2", "a2")] == [False, True, False]
    fair.done("a")
    assert take(fair) == "a3"


def test_the_head_of_a_resting_lane_can_be_taken_out() -> None:
    fair = filled("a1")
    assert fair.next(NOON, lambda *_: 1.0, hurry=True) is None
    assert fair.take_out("a", "a1")
    assert (len(fair), fair.has("a"), fair.rests_until) == (0, False, None)


@given(lanes)
def test_all_comes_out_in_the_order_of_its_lane_and_nothing_stays_behind(came: list[tuple[str, bool]]) -> None:
    fair: Fair[int] = Fair()
    put, got = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    names = [lane for lane, _ in came]
    for number, (lane, hurry) in enumerate(came):
        fair.put(lane, number, hurry=hurry)
        put[lane].append(number)
    while len(fair):
        item = fair.next(NOON, at_once, hurry=True)
        if item is None:
            item = fair.next(NOON, at_once, hurry=False)
        assert item is not None
        got[names[item]].append(item)
        fair.done(names[item])
    assert got == put
    assert fair.waiting() == []
