from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some
from tests.messaging.outbox_in_memory import NOON

from onebox.messaging.channel import Rate
from onebox.messaging.refusals import AdaptiveRate, Refusals

FULL = Rate(per_second=28, burst=15)
steps = some.lists(some.tuples(some.floats(0, 30), some.booleans()), max_size=60)


def test_one_chat_is_parked_for_exactly_as_long_as_was_asked() -> None:
    refusals = Refusals()
    assert not refusals.refused("7", 3, NOON)
    assert refusals.wait("7", NOON) == 3
    assert refusals.wait("7", NOON + timedelta(seconds=3)) == 0
    assert refusals.wait("8", NOON) == 0
    assert refusals.everybody_until(NOON) is None


def test_the_account_is_parked_when_two_chats_are_refused_together() -> None:
    refusals = Refusals()
    refusals.refused("7", 28, NOON)
    assert refusals.refused("8", 28, NOON + timedelta(seconds=0.2))
    until = NOON + timedelta(seconds=28)
    assert refusals.everybody_until(NOON + timedelta(seconds=1)) == until
    assert refusals.wait("9", until - timedelta(seconds=1)) == 1
    assert refusals.wait("9", until) == 0


def test_the_account_is_not_parked_for_what_one_chat_is_told_beyond_the_others() -> None:
    refusals = Refusals()
    refusals.refused("-100", 600, NOON)
    refusals.refused("7", 1, NOON)
    assert refusals.wait("9", NOON) == 1
    assert refusals.wait("-100", NOON) == 600


def test_a_shorter_refusal_that_comes_later_does_not_free_the_account() -> None:
    refusals = Refusals()
    for chat in ("7", "8"):
        refusals.refused(chat, 300, NOON)
    for chat in ("5", "6"):
        refusals.refused(chat, 3, NOON + timedelta(seconds=2))
    assert refusals.everybody_until(NOON + timedelta(seconds=10)) == NOON + timedelta(seconds=300)


def test_two_chats_that_are_refused_a_while_apart_are_parked_alone() -> None:
    refusals = Refusals()
    refusals.refused("7", 40, NOON)
    assert not refusals.refused("8", 40, NOON + timedelta(seconds=2))
    assert refusals.wait("9", NOON + timedelta(seconds=2)) == 0


def test_one_chat_refused_twice_does_not_park_the_account() -> None:
    refusals = Refusals()
    refusals.refused("7", 3, NOON)
    assert not refusals.refused("7", 3, NOON)
    assert refusals.everybody_until(NOON) is None


def test_of_refusals_together_one_says_to_go_slower() -> None:
    refusals = Refusals()
    assert [refusals.refused(str(chat), 5, NOON) for chat in range(4)] == [False, True, False, False]


@given(some.lists(some.tuples(some.floats(0, 2), some.integers(1, 5), some.integers(1, 40)), max_size=40))
def test_nobody_is_written_to_before_what_they_were_told(refused: list[tuple[float, int, int]]) -> None:
    refusals, now, ends = Refusals(), NOON, dict.fromkeys(map(str, range(1, 6)), NOON)
    for later, chat, seconds in refused:
        now += timedelta(seconds=later)
        refusals.refused(str(chat), seconds, now)
        ends[str(chat)] = max(ends[str(chat)], now + timedelta(seconds=seconds))
    assert all(
        now + timedelta(seconds=refusals.wait(chat, now)) >= end - timedelta(milliseconds=1)
        for chat, end in ends.items()
    )
    assert refusals.wait("9", max(ends.values()) + timedelta(seconds=1)) == 0


def test_those_whose_time_is_over_are_forgotten() -> None:
    refusals = Refusals()
    for chat in range(20_000):
        refusals.refused(str(chat), 1, NOON + timedelta(seconds=chat))
    assert refusals.remembered <= 256


@given(steps)
def test_the_rate_stays_between_a_quarter_and_all_of_it(happened: list[tuple[float, bool]]) -> None:
    rate, now = AdaptiveRate(FULL, NOON), NOON
    for later, refused in happened:
        now += timedelta(seconds=later)
        before = rate.per_second(now)
        if refused:
            rate.refused(now)
            assert rate.per_second(now) <= before
        assert FULL.per_second / 4 - 1e-9 <= rate.per_second(now) <= FULL.per_second


@given(steps)
def test_never_more_than_the_full_rate(happened: list[tuple[float, bool]]) -> None:
    rate, now, taken = AdaptiveRate(FULL, NOON), NOON, 0
    for later, refused in happened:
        now += timedelta(seconds=later)
        if refused:
            rate.refused(now)
        while rate.take(now):
            taken += 1
    assert taken <= FULL.burst + FULL.per_second * (now - NOON).total_seconds() + 1e-6


def test_after_a_refusal_nothing_goes_at_once_and_a_fifth_less_in_time() -> None:
    rate = AdaptiveRate(FULL, NOON)
    rate.refused(NOON)
    assert not rate.take(NOON)
    assert round(rate.per_second(NOON), 1) == 22.4
    assert round(rate.wait(NOON), 3) == round(1 / 22.4, 3)


def test_it_climbs_back_within_minutes() -> None:
    rate = AdaptiveRate(FULL, NOON)
    rate.refused(NOON)
    in_half_a_minute = NOON + timedelta(seconds=30)
    assert rate.take(in_half_a_minute)
    assert round(rate.per_second(in_half_a_minute), 1) == 25.2
    assert rate.per_second(NOON + timedelta(seconds=61)) == FULL.per_second


def test_what_was_taken_and_not_used_is_put_back() -> None:
    rate = AdaptiveRate(Rate(per_second=1, burst=1), NOON)
    assert rate.take(NOON)
    rate.give_back()
    assert [rate.take(NOON), rate.take(NOON)] == [True, False]
