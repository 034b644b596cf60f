"""The pace of a bot, against the flood control of a Bot API, in made-up time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from onebox.channels.telegram.channel import PACE
from onebox.messaging.pace import TokenBucket, Turns
from onebox.sandbox.telegram.flood import Flood

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEP = timedelta(milliseconds=10)


def number_of(chat: str) -> int:
    return -6 if chat == "@news" else int(chat)


def sent_at(chats: list[str], flood: Flood, seconds: int) -> dict[str, list[float]]:
    """When a sender that always has something for each of these chats sends it, as fast as its pace lets it."""
    bucket, turns = TokenBucket(PACE, NOON), Turns(PACE.each)
    sent: dict[str, list[float]] = {chat: [] for chat in chats}
    for step in range(seconds * 100):
        now = NOON + step * STEP
        for chat in chats[step % len(chats) :] + chats[: step % len(chats)]:
            if not turns.wait(chat, now) and bucket.take(now):
                turns.take(chat, now)
                flood.refuses(1, number_of(chat), now.timestamp())
                sent[chat].append(step / 100)
    return sent


def test_a_group_that_is_always_written_to_is_never_refused() -> None:
    flood = Flood()

    times = sent_at(["-5", "@news", "7"], flood, seconds=300)

    assert not flood.refused
    assert [len(times[chat]) for chat in ("-5", "@news", "7")] == [79, 79, 302]
    assert max(later - earlier for earlier, later in pairwise(times["7"])) <= 1.01


def test_many_chats_together_are_never_refused() -> None:
    flood = Flood()

    times = sent_at([str(number) for number in range(1, 61)], flood, seconds=20)

    assert not flood.refused
    assert sum(map(len, times.values())) >= 25 * 20


@settings(max_examples=50, deadline=None)
@given(some.lists(some.tuples(some.sampled_from(["7", "8", "-5"]), some.floats(0, 3)), max_size=150))
def test_whatever_comes_when_nothing_is_refused(wanted: list[tuple[str, float]]) -> None:
    flood, bucket, turns, now = Flood(), TokenBucket(PACE, NOON), Turns(PACE.each), NOON
    for chat, pause in wanted:
        now += timedelta(seconds=pause)
        if not turns.wait(chat, now) and bucket.take(now):
            turns.take(chat, now)
            flood.refuses(1, number_of(chat), now.timestamp())

    assert not flood.refused


def test_without_a_pace_the_flood_control_refuses() -> None:
    flood = Flood()

    assert [flood.refuses(1, 7, second / 10) for second in range(5)] == [None, None, None, 3, 3]
    assert flood.refuses(1, 8, 0.5) is None
    assert flood.refused == {"chat": 2}
