"""What the days and times of a text mean together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING

from onebox.booking.hearing.clocks import PARTS, hours_of, meant
from onebox.booking.hearing.said import When

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, tzinfo

    from onebox.booking.hearing.calendar import Calendar, Days, DaysFound
    from onebox.booking.hearing.clocks import Reading
    from onebox.booking.hours import Windows

_DAY = timedelta(days=1)
_MOST = 6
"""meanings; who says more says nothing"""
_ANY_DAY: tuple[tuple[date | None, date | None], ...] = ((None, None),)
Bounds = tuple[int | None, int | None, int | None, str]
"""at, start, end, part"""


@dataclass(slots=True)
class Heard:
    """The days, times, ranges of times, parts of the day and instants of a text, in order."""

    days: list[DaysFound] = field(default_factory=list)
    times: list[Reading] = field(default_factory=list)
    starts: list[Reading] = field(default_factory=list)
    ends: list[Reading] = field(default_factory=list)
    ranges: list[tuple[Reading, Reading]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)

    def note(self, bound: str, reading: Reading) -> None:
        {"from": self.starts, "until": self.ends}.get(bound, self.times).append(reading)

    def add(self, other: Heard) -> None:
        for name in ("days", "times", "starts", "ends", "ranges", "parts", "instants"):
            getattr(self, name).extend(getattr(other, name))


def meanings(
    heard: Heard, calendar: Calendar, now: datetime, zone: tzinfo, week: Sequence[Windows], *, by_24: bool
) -> tuple[When, ...]:
    """All that it can mean and that is still to come, the likeliest first."""
    if heard.instants:
        return tuple(_moment(instant) for instant in heard.instants[:1])
    today = now.astimezone(zone).date()
    days = _days(heard.days, today, calendar)
    found = [
        When(first, last, *bounds)
        for first, last in days or _ANY_DAY
        for bounds in _bounds(heard, hours_of(week, _weekdays(first, last)), by_24=by_24)
    ]
    to_come = [when for when in dict.fromkeys(found) if _says_something(when) and when.spans(now, zone, 1)]
    if not to_come:
        # "Today at 9", said at noon: the day is still there.
        to_come = [when for when in (When(*one) for one in days) if when.spans(now, zone, 1)]
    return tuple(to_come[:_MOST])


def _moment(instant: datetime) -> When:
    day = instant.date()
    return When(day, day, at=instant.hour * 60 + instant.minute)


def _says_something(when: When) -> bool:
    return when != When()


def _weekdays(first: date | None, last: date | None) -> range:
    if first is None or last is None or (last - first).days >= 6:  # noqa: PLR2004
        return range(7)
    return range(first.weekday(), first.weekday() + (last - first).days + 1)


def _days(found: list[DaysFound], today: date, calendar: Calendar) -> list[Days]:
    for number, one in enumerate(found):
        if one.bound == "until" or (number and one.bound in {"to", "dash"}):
            first = found[number - 1].options[0][0] if number else today
            last = one.options[-1][1]
            # From Monday to Wednesday, said on a Tuesday.
            return [(first, last + 7 * _DAY if last < first and one.kind == "weekday" else max(first, last))]
    if len(found) == 1 and found[0].bound == "from":
        return [(first, last if first < last else first + 6 * _DAY) for first, last in found[0].options]
    return list(dict.fromkeys(_together(found, calendar)))


def _together(found: list[DaysFound], calendar: Calendar) -> Iterator[Days]:
    """A weekday beside a week is of that week; beside a date it is that date, if it can be."""
    weeks = [one for one in found if one.kind == "week"]
    weekdays = [one for one in found if one.kind == "weekday"]
    dates = [one for one in found if one.kind == "date"]
    if weeks and weekdays:
        for one in weekdays:
            day = calendar.in_week(weeks[0].options[0][0], one.options[0][0].weekday())
            yield day, day
        return
    dated = {option[0].weekday() for one in dates for option in one.options}
    named = [one for one in found if one.kind != "weekday" or one.options[0][0].weekday() not in dated]
    exact = [one for one in named if any(first == last for first, last in one.options)]
    for one in exact or named:
        yield from one.options


@dataclass(frozen=True, slots=True)
class _Clock:
    """How times are taken on the days that are asked for."""

    windows: Windows
    part: str
    by_24: bool

    def all_of(self, readings: Iterable[Reading], *, ends: bool = False) -> list[int]:
        return [one for each in readings for one in meant(each, self.windows, self.part, ends=ends, by_24=self.by_24)]


def _bounds(heard: Heard, windows: Windows, *, by_24: bool) -> Iterator[Bounds]:
    """The times of a day: instants, or ranges, or what begins and ends with what was said or with a part of the day."""
    clock = _Clock(windows, heard.parts[0] if heard.parts else "", by_24)
    if heard.times:
        yield from ((at, None, None, clock.part) for at in clock.all_of(heard.times))
    elif heard.ranges:
        yield from ((None, *one, clock.part) for each in heard.ranges for one in _ranges(each, clock))
    else:
        for named in heard.parts or [""]:
            yield from _from_and_until(heard, clock, named)


def _ranges(said: tuple[Reading, Reading], clock: _Clock) -> Iterator[tuple[int, int]]:
    """`9 to 5` ends at 17:00: at the first time after its start that the end can be."""
    for start in clock.all_of(said[:1]):
        ends = [*clock.all_of(said[1:], ends=True), *said[1].options()]
        yield from [(start, end) for end in ends if end > start][:1]


def _from_and_until(heard: Heard, clock: _Clock, part: str) -> Iterator[Bounds]:
    low, high = PARTS.get(part, (None, None))
    starts: list[int | None] = [*clock.all_of(heard.starts[:1])] or [low]
    ends: list[int | None] = [*clock.all_of(heard.ends[:1], ends=True)] or [high]
    for start, end in product(starts, ends):
        if start is None or end is None or start < end:
            yield None, start, end, part
