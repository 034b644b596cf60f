"""Whose turn it is, and when the next one comes."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.connectors.calls import NOON

from onebox.connectors.feeds.pace import first_poll, next_poll, next_try
from onebox.connectors.feeds.turns import MOST, MOST_OF_A_HOST, Key, Turns

DAY = timedelta(days=1)
INTERVALS = st.integers(1, 60 * 24 * 36500).map(lambda minutes: timedelta(minutes=minutes))


def key(name: object) -> Key:
    return ("news", str(name))


def take_all(turns: Turns) -> list[str]:
    found = []
    while (taken := turns.take(NOON)) is not None:
        found.append(taken[1])
    return found


def test_the_longest_due_comes_first_and_what_is_not_due_does_not() -> None:
    turns = Turns()
    for name, seconds in (("c", 1), ("b", -1), ("a", -2)):
        turns.plan(key(name), name, NOON + timedelta(seconds=seconds))
    assert take_all(turns) == ["a", "b"]
    assert turns.soonest() == NOON + timedelta(seconds=1)


def test_what_has_its_turn_does_not_get_another() -> None:
    turns = Turns()
    turns.plan(key("a"), "a", NOON)
    assert take_all(turns) == ["a"]
    turns.plan(key("a"), "a", NOON)
    assert take_all(turns) == []
    turns.ended(key("a"))
    turns.plan(key("a"), "a", NOON)
    assert take_all(turns) == ["a"]


def test_only_the_latest_plan_counts() -> None:
    turns = Turns()
    turns.plan(key("a"), "a", NOON)
    turns.plan(key("a"), "a", NOON + DAY)
    assert take_all(turns) == []
    assert turns.soonest() == NOON + DAY
    turns.drop(key("a"))
    assert turns.soonest() is None


def test_a_host_holds_back_its_own_alone() -> None:
    turns = Turns()
    for name in ("a1", "a2", "a3", "a4", "b1"):
        turns.plan(key(name), name[0], NOON)
    assert take_all(turns) == ["a1", "a2", "b1"]
    turns.drop(key("a3"))
    turns.ended(key("a1"))
    assert take_all(turns) == ["a4"]


def test_when_all_places_are_taken_nothing_is_soon() -> None:
    turns = Turns()
    for number in range(MOST + 1):
        turns.plan(key(number), str(number), NOON)
    assert len(take_all(turns)) == MOST
    assert turns.soonest() is None
    turns.ended(key(0))
    assert turns.soonest() == NOON


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=60))
def test_everyone_gets_a_turn_and_no_limit_is_broken(feeds: list[tuple[int, int]]) -> None:
    turns = Turns()
    planned = {key((number, host)): str(host) for number, host in feeds}
    for one, host in planned.items():
        turns.plan(one, host, NOON)
    running: list[Key] = []
    done: list[Key] = []
    while len(done) < len(planned):
        while (taken := turns.take(NOON)) is not None:
            running.append(taken)
        assert 0 < len(running) <= MOST
        hosts = [planned[one] for one in running]
        assert max(map(hosts.count, hosts)) <= MOST_OF_A_HOST
        one = running.pop()
        turns.ended(one)
        done.append(one)
    assert sorted(done) == sorted(planned)


@given(st.text(), INTERVALS)
def test_the_next_poll_is_an_interval_away_give_or_take_a_half(url: str, every: timedelta) -> None:
    soonest = next_poll(url, every, NOON)
    assert every / 2 <= soonest - NOON < every * 1.5
    again = next_poll(url, every, soonest)
    assert again - soonest == every


@given(st.text(), INTERVALS, st.integers(1, 10_000))
def test_a_failure_makes_it_later_up_to_a_day(url: str, every: timedelta, failures: int) -> None:
    wait = next_try(url, every, failures, None, NOON) - NOON
    assert min(every, DAY) * 0.9 <= wait <= max(DAY, every)


@given(st.text(), INTERVALS, st.integers(1, 5000))
def test_new_feeds_are_asked_within_the_interval_and_a_second_each(url: str, every: timedelta, count: int) -> None:
    wait = first_poll(url, every, count, NOON) - NOON
    assert timedelta(0) <= wait < min(every, timedelta(seconds=count))
