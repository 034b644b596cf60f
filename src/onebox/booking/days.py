"""The salon's clock beside UTC: its days, and when people work.

Hours count by the clock on the wall: an instant is within `09:00-13:00` when the wall shows that. So the hour that a
change of summer time leaves out is nobody's, and the hour that comes twice is worked twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from onebox.booking.claims import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, tzinfo

    from onebox.booking.salon import StaffMember

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


class Stretch(NamedTuple):
    """A span in which the clock is this far ahead of UTC."""

    start: datetime
    end: datetime
    ahead: timedelta


def stretches(zone: tzinfo, span: Span) -> list[Stretch]:
    """The span, cut where the clock is changed."""
    found: list[Stretch] = []
    begun = at = span.start
    while at < span.end:
        later = min(at + _DAY, span.end)
        if _ahead(zone, later) != _ahead(zone, at):
            later = _change(zone, at, later)
            found.append(Stretch(begun, later, _ahead(zone, at)))
            begun = later
        at = later
    if begun < span.end:
        found.append(Stretch(begun, span.end, _ahead(zone, begun)))
    return found


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The first instant after the change that lies between."""
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if middle == before:
            break
        if _ahead(zone, middle) == _ahead(zone, before):
            before = middle
        else:
            after = middle
    return after


def _ahead(zone: tzinfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def day_of(zone: tzinfo, instant: datetime) -> date:
    """The salon's date."""
    return instant.astimezone(zone).date()


def day_span(zone: tzinfo, day: date) -> Span:
    """A day of the salon: 23, 24 or 25 hours, and none where the calendar leaves one out."""
    start, end = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + _DAY))
    return Span(start, end)


def working(member: StaffMember, clock: Iterable[Stretch]) -> list[Span]:
    """When this person works, in order, joined where spans touch; also what began on the evening before."""
    # They overlap where a night meets the exception of the day after.
    return list(joined(sorted(span for stretch in clock for span in _within(member, stretch))))


def _within(member: StaffMember, stretch: Stretch) -> Iterator[Span]:
    first, last = stretch.start + stretch.ahead, stretch.end + stretch.ahead
    day = first.date() - _DAY
    while day <= last.date():
        midnight = datetime.combine(day, time(), UTC)
        for window in member.windows(day):
            start, end = max(first, midnight + window.start * _MINUTE), min(last, midnight + window.end * _MINUTE)
            if start < end:
                yield Span(start - stretch.ahead, end - stretch.ahead)
        day += _DAY


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Sorted spans as few as possible: those that touch or overlap become one."""
    last: Span | None = None
    for span in spans:
        if last is not None and span.start <= last.end:
            last = Span(last.start, max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
