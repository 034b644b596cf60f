"""What the days and times of a text mean together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

from onebox.booking.hearing.clocks import PARTS, hours_of, meant
from onebox.booking.hearing.said import When

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime, tzinfo

    from onebox.booking.hearing.calendar import Days, DaysFound
    from onebox.booking.hearing.clocks import Reading
    from onebox.booking.hours import Windows

_DAY = timedelta(days=1)
_MOST = 6
"""meanings; who says more says nothing"""
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
    heard: Heard, now: datetime, zone: tzinfo, week: Sequence[Windows], *, by_24: bool
) -> tuple[When, ...]:
    """All that it can mean and that is still to come, the likeliest first."""
    if heard.instants:
        return tuple(_moment(instant) for instant in heard.instants[:1])
    today = now.astimezone(zone).date()
    days = _days(heard.days, today)
    found = [
        When(first, last, *bounds)
        for first, last in (days or [(None, None)])
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


def _days(found: list[DaysFound], today: date) -> list[Days]:
    begins = [one for one in found if one.bound == "from"]
    ends = [one for one in found if one.bound == "until"]
    if ends:
        first = begins[0].options[0][0] if begins else today
        return [(first, last) for _, last in ends[0].options if first <= last] or [(first, first)]
    if begins and len(found) == 1:
        return [(first, max(last, first + 6 * _DAY)) for first, last in begins[0].options]
    return list(dict.fromkeys(_together(found)))


def _together(found: list[DaysFound]) -> Iterator[Days]:
    """A weekday beside a week is of that week; beside a date it is that date, if it can be."""
    weeks = [one for one in found if one.kind == "week"]
    weekdays = [one for one in found if one.kind == "weekday"]
    dates = [one for one in found if one.kind == "date"]
    if weeks and weekdays:
        for one in weekdays:
            day = weeks[0].options[0][0]
            day += (one.options[0][0].weekday() - day.weekday()) * _DAY
            yield day, day
        return
    dated = {option[0].weekday() for one in dates for option in one.options}
    named = [one for one in found if one.kind != "weekday" or one.options[0][0].weekday() not in dated]
    exact = [one for one in named if any(first == last for first, last in one.options)]
    for one in exact or named:
        yield from one.options


def _bounds(heard: Heard, windows: Windows, *, by_24: bool) -> Iterator[Bounds]:
    part = heard.parts[0] if heard.parts else ""

    def all_of(readings: list[Reading], *, ends: bool = False) -> list[int]:
        return [one for each in readings for one in meant(each, windows, part, ends=ends, by_24=by_24)]

    if heard.times:
        yield from ((at, None, None, part) for at in all_of(heard.times))
        return
    for begun, ended in heard.ranges:
        for start in meant(begun, windows, part, by_24=by_24):
            later = [one for one in (*meant(ended, windows, part, ends=True, by_24=by_24), *ended.options()) if one > start]
            if later:
                yield None, start, later[0], part
        return
    for named in heard.parts or [""]:
        low, high = PARTS.get(named, (None, None))
        starts: list[int | None] = list(all_of(heard.starts[:1])) or [low]
        ends: list[int | None] = list(all_of(heard.ends[:1], ends=True)) or [high]
        for start, end in product(starts, ends):
            if start is None or end is None or start < end:
                yield None, start, end, named
