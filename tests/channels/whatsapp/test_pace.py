"""The pace of a number, against the limits of the Cloud API, in made-up time."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

from tests.support.whatsapp import ANA, ANA_ID

from onebox.channels.whatsapp.channel import PACE
from onebox.messaging.channel import Rate
from onebox.messaging.pace import TokenBucket, Turns

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Limits:
    """80 messages in any second for all; to one person one in 6 s, of which up to 45 are lent."""

    def __init__(self) -> None:
        self._last: deque[float] = deque()
        self._people: dict[str, TokenBucket] = {}
        self.most = 0
        self.refused: list[str] = []

    def count(self, person: str, now: datetime) -> None:
        self._last.append(now.timestamp())
        while self._last[0] <= now.timestamp() - 1:
            self._last.popleft()
        self.most = max(self.most, len(self._last))
        pair = self._people.setdefault(person, TokenBucket(Rate(1 / 6, 45), now))
        if not pair.take(now):
            self.refused.append(person)


def send(people: list[str], limits: Limits, seconds: int) -> dict[str, int]:
    """How many a sender gets out that always has something for each of these people."""
    bucket, turns, sent = TokenBucket(PACE, NOON), Turns(PACE.each), dict.fromkeys(people, 0)
    for step in range(seconds * 100):
        now = NOON + timedelta(milliseconds=10 * step)
        for person in people:
            if not turns.wait(person, now) and bucket.take(now):
                turns.take(person, now)
                limits.count(person, now)
                sent[person] += 1
    return sent


def test_a_person_who_is_always_written_to_is_never_refused() -> None:
    limits = Limits()

    assert send([ANA, ANA_ID], limits, seconds=300) == {ANA: 69, ANA_ID: 69}
    assert limits.refused == []


def test_many_people_together_leave_room_for_what_comes_in() -> None:
    limits = Limits()

    assert sum(send([str(number) for number in range(10_000, 10_060)], limits, seconds=4).values()) >= 55 * 4
    assert (limits.most <= 70, limits.refused) == (True, [])


def test_that_somebody_types_is_no_message() -> None:
    assert Turns(PACE.each).wait(f"typing:{ANA}", NOON) == 0
    assert PACE.each(f"typing:{ANA}") == PACE.each("press:7") == ()
