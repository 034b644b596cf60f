"""When a feed is asked again. Pure: no clock, and the spread comes from the feed's URL, not from chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from onebox.messaging.patience import spread

LONGEST = timedelta(hours=24)
"""between two polls of a feed that fails, or that asks to be left alone"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JITTER = 0.1
_A_FEED = timedelta(seconds=1)


def next_poll(url: str, every: timedelta, now: datetime) -> datetime:
    """After a poll that went well. Feeds have their places in the interval by their URLs, so that they are not asked
    all at once; the first of these places that is at least half an interval away.

    >>> [next_poll(url, timedelta(hours=1), _EPOCH).minute for url in ("https://a.example", "https://b.example")]
    [12, 3]
    """
    place = spread(url) * every
    soonest = now + every / 2
    rounds = -((_EPOCH + place - soonest) // every)
    return _EPOCH + place + rounds * every


def next_try(url: str, every: timedelta, failures: int, retry_after: float | None, now: datetime) -> datetime:
    """After the poll that was the `failures`th, one after another, to fail: twice as late each time, up to a day; or
    as late as the server asks for, up to a day."""
    if retry_after is not None:
        return now + max(every, min(timedelta(seconds=retry_after), LONGEST))
    wait = every if every >= LONGEST else min(every * 2.0 ** min(failures, 20), LONGEST)
    return now + wait * (1 - _JITTER * spread(f"{url}:{failures}"))


def first_poll(url: str, every: timedelta, count: int, now: datetime) -> datetime:
    """Of one of `count` feeds that are new, or that are due at once: within a second each, and within the interval."""
    return now + min(every, count * _A_FEED) * spread(url)
