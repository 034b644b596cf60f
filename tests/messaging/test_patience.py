from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some
from tests.messaging.outbox_in_memory import NOON, passing, permanent

from onebox.messaging.message import Message
from onebox.messaging.patience import Patience


def message(attempts: int = 0, id_: str = "m1") -> Message:
    return Message(id_, "fake/main", "ana", {"text": "hi"}, NOON, attempts=attempts)


@given(some.integers(0, 10), some.text(min_size=1))
def test_waits_lie_between_a_second_and_an_hour(attempts: int, id_: str) -> None:
    due_at = Patience().next_try(message(attempts, id_), passing(), NOON)
    assert due_at is not None
    doubled = min(timedelta(hours=1), timedelta(seconds=2**attempts))
    assert max(timedelta(seconds=1), doubled * 0.75) <= due_at - NOON <= doubled


@given(some.integers(0, 10), some.text(min_size=1))
def test_the_same_failure_waits_the_same(attempts: int, id_: str) -> None:
    first, second = (Patience().next_try(message(attempts, id_), passing(), NOON) for _ in range(2))
    assert first == second


def test_what_failed_together_comes_back_apart() -> None:
    waits = {Patience().next_try(message(8, f"m{number}"), passing(), NOON) for number in range(50)}
    assert len(waits) > 40


def test_a_permanent_failure_is_not_tried_again() -> None:
    assert Patience().next_try(message(), permanent(), NOON) is None


def test_the_twelfth_failure_is_the_last() -> None:
    assert Patience().next_try(message(10), passing(), NOON) is not None
    assert Patience().next_try(message(11), passing(), NOON) is None


def test_an_old_message_is_given_up() -> None:
    assert Patience().next_try(message(2), passing(), NOON + timedelta(hours=25)) is None


def test_even_an_old_message_is_tried_three_times() -> None:
    later = NOON + timedelta(days=3)
    assert Patience().next_try(message(0), passing(), later) is not None
    assert Patience().next_try(message(1), passing(), later) is not None


def test_a_wait_past_the_age_is_not_begun() -> None:
    assert Patience().next_try(message(2), passing(retry_after=90_000), NOON) is None
