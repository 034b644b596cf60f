from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some
from tests.messaging.outbox_in_memory import NOON

from onebox.messaging.channel import Pace
from onebox.messaging.pace import TokenBucket


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
