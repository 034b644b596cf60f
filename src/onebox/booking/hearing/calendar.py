"""Days as signs name them: each with the days that it can be."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from onebox.booking.hearing.day_patterns import day_patterns

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

_DAY = timedelta(days=1)
_SUNDAY_FIRST = frozenset(("he",))
"""whose week begins on Sunday, after Friday and Saturday"""
_FARTHEST = 2
"""years ahead that a date may name"""
Days = tuple[date, date]
"""the first and the last"""


class DaysFound(NamedTuple):
    """Days in signs: what they can be, where they end, whether they begin or end something (`from`, `until`,
    `to`, `dash`), and of which kind they are (`weekday`, `week`, `date`, `day`)."""

    options: tuple[Days, ...]
    end: int
    bound: str
    kind: str


class Calendar:
    """The days from today on, in a language: English writes the month first, or the day."""

    def __init__(self, today: date, language: str) -> None:
        self._today = today
        self._month_first = language == "en"
        self._week_begins = 6 if language in _SUNDAY_FIRST else 0
        self._patterns = day_patterns(language)
        self._ways: dict[str, Callable[[re.Match[str]], tuple[Days, ...]]] = {
            "dated": self._dated,
            "slashed": self._slashed,
            "from_to": self._from_to,
            "either": self._either,
            "of_month": self._of_month,
            "weeks_later": lambda found: self._later(7 * int(found["n"] or 1)),
            "days_later": lambda found: self._later(int(found["n"])),
            "months_later": self._months_later,
            "week": self._week,
            "weekend": self._weekend,
            "month": self._month,
            "whole_month": self._whole_month,
            "named": self._named,
            "weekday": self._weekday,
        }

    def days_at(self, signs: str, at: int) -> DaysFound | None:
        """The days at a place in signs."""
        for kind, way, pattern in self._patterns:
            found = pattern.match(signs, at)
            if found is None:
                continue
            options = tuple(
                (max(first, self._today), last) for first, last in self._ways[way](found) if last >= self._today
            )
            if options:
                lead = found.group().split()
                bound = next((word for word in ("from", "until", "to", "dash") if word in lead[:3]), "")
                return DaysFound(options, found.end(), bound, kind)
        return None

    def in_week(self, day: date, weekday: int) -> date:
        """That weekday of the week that a day is in."""
        begins = day - (day.weekday() - self._week_begins) % 7 * _DAY
        return begins + (weekday - self._week_begins) % 7 * _DAY

    def _dated(self, found: re.Match[str]) -> tuple[Days, ...]:
        day, month, year = int(found["d"]), int(found["m"]), found.groupdict().get("y")
        return tuple(self._date(day, month, year))

    def _slashed(self, found: re.Match[str]) -> tuple[Days, ...]:
        day, month, year = int(found["d"]), int(found["m"]), found["y"]
        other = self._date(month, day, year) if self._month_first and day != month else ()
        return tuple(dict.fromkeys((*other, *self._date(day, month, year))))

    def _date(self, day: int, month: int, year: str | None) -> Iterator[Days]:
        """The day of this year; if it has passed, the next year's."""
        this = self._today.year
        if year is not None:
            full = int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004
            years = range(full, full + 1) if this <= full <= this + _FARTHEST else range(0)
        else:
            years = range(this, this + 9)
        for one in years:
            if 1 <= month <= 12 and 1 <= day <= monthrange(one, month)[1]:  # noqa: PLR2004
                found = date(one, month, day)
                if found >= self._today:
                    yield found, found
                    return

    def _from_to(self, found: re.Match[str]) -> tuple[Days, ...]:
        month = int(found["m"])
        last = next(self._date(int(found["e"]), month, None), None)
        first = last and next(self._date(int(found["d"]), month, str(last[0].year)), (self._today, self._today))
        return ((first[0], last[0]),) if first and last and first[0] <= last[0] else ()

    def _either(self, found: re.Match[str]) -> tuple[Days, ...]:
        return tuple(day for name in "de" for day in self._date(int(found[name]), int(found["m"]), None))

    def _of_month(self, found: re.Match[str]) -> tuple[Days, ...]:
        day = int(found["d"])
        for month in map(self._month_on, range(4)):
            if 1 <= day <= monthrange(month.year, month.month)[1] and month.replace(day=day) >= self._today:
                return ((month.replace(day=day), month.replace(day=day)),)
        return ()

    def _month_on(self, number: int) -> date:
        """The first day of the month that is so many from this one."""
        years, month = divmod(self._today.month - 1 + number, 12)
        return date(self._today.year + years, month + 1, 1)

    def _later(self, days: int) -> tuple[Days, ...]:
        day = self._today + days * _DAY
        return ((day, day),)

    def _months_later(self, found: re.Match[str]) -> tuple[Days, ...]:
        month = self._month_on(int(found["n"] or 1))
        day = month.replace(day=min(self._today.day, monthrange(month.year, month.month)[1]))
        return ((day, day),)

    def _week(self, found: re.Match[str]) -> tuple[Days, ...]:
        begins = self.in_week(self._today, self._week_begins) + 7 * int(found["n"]) * _DAY
        return ((begins, begins + 6 * _DAY),)

    def _weekend(self, found: re.Match[str]) -> tuple[Days, ...]:
        first = self.in_week(self._today, 4 if self._week_begins else 5)
        weekend, after_it = (first, first + _DAY), (first + 7 * _DAY, first + 8 * _DAY)
        if "next" not in found["lead"]:
            return (weekend if weekend[1] >= self._today else after_it,)
        return (after_it, weekend) if first > self._today else (after_it,)

    def _month(self, found: re.Match[str]) -> tuple[Days, ...]:
        month = self._month_on(int(found["n"]))
        return ((month, month.replace(day=monthrange(month.year, month.month)[1])),)

    def _whole_month(self, found: re.Match[str]) -> tuple[Days, ...]:
        month = int(found["m"])
        year = self._today.year + (month < self._today.month)
        return ((date(year, month, 1), date(year, month, monthrange(year, month)[1])),)

    def _named(self, found: re.Match[str]) -> tuple[Days, ...]:
        return self._later(("today", "tomorrow", "overmorrow").index(found["name"]))

    def _weekday(self, found: re.Match[str]) -> tuple[Days, ...]:
        """The coming one. On that very day it may be today, or in a week; the "next" one may be of the next week."""
        weekday = int(found["w"])
        ahead = (weekday - self._today.weekday()) % 7
        said = f"{found['lead']} {found['behind'] or ''}"
        of_next_week = (self.in_week(self._today + 7 * _DAY, weekday) - self._today).days
        options = [ahead] if "this" in said or ahead else [7, 0]
        if "next" in said:
            options = [of_next_week, ahead or 7]
        return tuple(dict.fromkeys(day for option in options for day in self._later(option)))
