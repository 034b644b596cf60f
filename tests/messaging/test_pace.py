from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some
from tests.messaging.outbox_in_memory import NOON

from onebox.messaging.channel import Pace, Rate
from onebox.messaging.pace import TokenBucket, Turns

ONE_A_SECOND = Rate(per_second=1, burst=2)
FEW_A_MINUTE = Rate(per_second=0.25, burst=5)


def slower_for_groups(recipient: str) -> list[Rate]:
    return [ONE_A_SECOND, FEW_A_MINUTE] if recipient.startswith("-") else [ONE_A_SECOND]


def test_a_burst_goes_at_once() -> None:
    bucket = TokenBucket(Pace(per_second=1, burst=3), NOON)
    assert [bucket.take(NOON) for _ in range(4)] == [True, True, True, False]


def test_a_token_comes_back_in_time() -> None:
    bucket = TokenBucket(Pace(per_second=4, burst=1), NOON)
    assert bucket.take(NOON)
    assert not bucket.take(NOON + timedelta(seconds=0.2))
    assert bucket.take(NOON + timedelta(seconds=0.25))


def test_idle_time_is_not_saved_up_beyond_the_burst() -> None:
    bucket = TokenBucket(Pace(per_second=100, burst=2), NOON)
    later = NOON + timedelta(days=1)
    assert [bucket.take(later) for _ in range(3)] == [True, True, False]


def test_a_clock_set_back_does_not_stop_it() -> None:
    bucket = TokenBucket(Pace(per_second=1, burst=1), NOON)
    assert bucket.take(NOON)
    earlier = NOON - timedelta(hours=1)
    assert not bucket.take(earlier)
    assert bucket.take(earlier + timedelta(seconds=1))


@given(some.floats(0.01, 1000), some.integers(1, 20), some.lists(some.floats(0, 5), max_size=60))
def test_never_more_than_the_pace(per_second: float, burst: int, steps: list[float]) -> None:
    bucket = TokenBucket(Pace(per_second=per_second, burst=burst), NOON)
    now, taken = NOON, 0
    for step in steps:
        now += timedelta(seconds=step)
        taken += bucket.take(now)
    assert taken <= burst + (now - NOON).total_seconds() * per_second + 1e-6


@given(some.floats(0.01, 1000))
def test_after_the_wait_there_is_a_token(per_second: float) -> None:
    bucket = TokenBucket(Pace(per_second=per_second, burst=1), NOON)
    assert bucket.take(NOON)
    assert bucket.take(NOON + timedelta(seconds=bucket.wait(NOON)) + timedelta(microseconds=1))


def test_each_recipient_has_a_turn_of_its_own() -> None:
    turns = Turns(slower_for_groups)
    for _ in range(2):
        turns.take("7", NOON)
    turns.take("8", NOON)
    assert [round(turns.wait(recipient, NOON), 3) for recipient in ("7", "8", "9")] == [1.0, 0.0, 0.0]


def test_every_rate_of_a_recipient_must_allow_it() -> None:
    turns = Turns(slower_for_groups)
    for second in range(5):
        turns.take("-5", NOON + timedelta(seconds=second))
    after = NOON + timedelta(seconds=5)
    assert round(turns.wait("-5", after), 3) == 0.0
    turns.take("-5", after)
    assert round(turns.wait("-5", after), 3) == 3.0


def test_who_had_a_rest_is_forgotten() -> None:
    turns = Turns(slower_for_groups)
    for number in range(10_000):
        turns.take(str(number), NOON + timedelta(milliseconds=10 * number))
    assert turns.remembered <= 512


def test_of_a_channel_without_such_rates_nobody_is_remembered() -> None:
    turns = Turns(Pace().each)
    turns.take("7", NOON)
    assert (turns.remembered, turns.wait("7", NOON)) == (0, 0.0)


@given(some.lists(some.tuples(some.sampled_from(["7", "-5"]), some.floats(0, 2)), max_size=200))
def test_nobody_is_written_to_faster_than_their_rates(tries: list[tuple[str, float]]) -> None:
    turns, now = Turns(slower_for_groups), NOON
    taken: dict[str, int] = {"7": 0, "-5": 0}
    for recipient, step in tries:
        now += timedelta(seconds=step)
        if not turns.wait(recipient, now):
            turns.take(recipient, now)
            taken[recipient] += 1
    elapsed = (now - NOON).total_seconds()
    assert taken["7"] <= 2 + elapsed + 1e-6
    assert taken["-5"] <= 5 + elapsed / 4 + 1e-6
