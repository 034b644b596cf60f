"""Days as signs name them: each with the days that it can be."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from onebox.booking.hearing.clocks import NOTHING_COUNTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DAY = timedelta(days=1)
_NUMBERED_DAYS = frozenset(("ru", "uk"))
"""which say "28-го" alone"""
_SUNDAY_FIRST = frozenset(("he",))
"""whose week begins on Sunday, after Friday and Saturday"""
_FARTHEST = 2
"""years ahead that a date may name"""
Days = tuple[date, date]
"""the first and the last"""

_LEAD = r"(?P<lead>(?:this |next |the |on |at |from |until |for |to |dash |in |between )*)"
_TIME_BEHIND = r"(?=(?:stop |comma |dash |at |from |until |between |the |in )*(?:n:|t:|d:\d+\.\d\d |p_|c:|half_))"
_END = r"(?=$|ok |or |and |stop |comma |at |on |next |this )"


class DaysFound(NamedTuple):
    """Days in signs: what they can be, where they end, whether they begin or end something (`from`, `until`, `to`, `dash`), and of
    which kind they are (`weekday`, `week`, `date`, `day`)."""

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
        lead = _LEAD if language == "he" else _LEAD.replace("at |", "")
        rows: tuple[tuple[str, str, Callable[[re.Match[str]], tuple[Days, ...]]], ...] = (
            ("date", rf"{_LEAD}D:(?P<y>\d+)-(?P<m>\d+)-(?P<d>\d+) ", self._dated),
            (
                "date",
                rf"{_LEAD}(?:n|o):(?P<d>\d+) (?:stop )?(?:dash |until |to )(?:n|o):(?P<e>\d+) (?:stop |of |at |to )*mon:(?P<m>\d+) ",
                self._from_to,
            ),
            (
                "date",
                rf"{_LEAD}(?:n|o):(?P<d>\d+) (?:stop )?(?:and |or |comma )(?:n|o):(?P<e>\d+) (?:stop |of |at |to )*mon:(?P<m>\d+) ",
                self._either,
            ),
            (
                "date",
                rf"{_LEAD}(?:n|o|c):(?P<d>\d+) (?:stop |of |at |to |in |the )*mon:(?P<m>\d+) (?:comma )?(?:y:(?P<y>\d+) )?",
                self._dated,
            ),
            (
                "date",
                rf"{_LEAD}mon:(?P<m>\d+) (?:the )?(?:n|o):(?P<d>\d+) (?!oc |am |pm |hc )(?:comma )?(?:y:(?P<y>\d+) )?",
                self._dated,
            ),
            (
                "date",
                rf"{lead}d:(?P<d>\d+)\.(?P<m>\d+)(?:\.(?P<y>\d+))? (?!oc |hc ){NOTHING_COUNTED.replace('n:|', '')}",
                self._dated,
            ),
            (
                "date",
                rf"{_LEAD}s:(?P<d>\d+)\.(?P<m>\d+)(?:\.(?P<y>\d+))? {NOTHING_COUNTED.replace('n:|', '')}",
                self._slashed,
            ),
            (
                "date",
                rf"(?:(?<!.)|(?:on |for |until |from )){lead}w:(?P<d>\d+)\.(?P<m>\d+) (?!oc |hc ){NOTHING_COUNTED}",
                self._dated,
            ),
            ("date", rf"{_LEAD}(?:n|o|c):(?P<d>\d+) number {NOTHING_COUNTED}", self._of_month),
            ("date", rf"(?:at |from |until |for |to )*(?:on |the )+o:(?P<d>\d+) {NOTHING_COUNTED}", self._of_month),
            ("date", rf"(?:on |for ){_LEAD}o:(?P<d>\d+) {NOTHING_COUNTED}", self._of_month),
            ("date", rf"on (?:the )?n:(?P<d>\d+) (?:stop )?{NOTHING_COUNTED}", self._of_month),
            (
                "date",
                rf"{'' if language in _NUMBERED_DAYS else '(?<!.)'}o:(?P<d>\d+) {NOTHING_COUNTED}",
                self._of_month,
            ),
            ("week", r"in (?:the )?(?:n|c):(?P<n>\d+) week (?!until )", lambda found: self._later(7 * int(found["n"]))),
            ("week", r"in week (?!n:)", lambda _: self._later(7)),
            (
                "day",
                r"in (?:the )?(?:n|c):(?P<n>\d+) (?:day|p_day) (?!until )",
                lambda found: self._later(int(found["n"])),
            ),
            ("day", r"in (?:(?:n|c):(?P<n>\d+) )?month (?!n:)", self._months),
            ("week", rf"{_LEAD}week:(?P<n>\d) ", self._week),
            ("day", rf"{_LEAD}weekend ", self._weekend),
            ("day", rf"{_LEAD}month:(?P<n>\d) ", self._month),
            ("day", rf"{_LEAD}(?P<name>today|tomorrow|overmorrow) ", self._named),
            ("weekday", rf"{_LEAD}wd:(?P<w>\d) (?P<behind>next |this |the next )?", self._weekday),
            (
                "weekday",
                rf"(?P<lead>(?:this |next |on |at |from |until |for )+)wdq:(?P<w>\d) (?P<behind>next |this )?(?:{_END}|{_TIME_BEHIND})",
                self._weekday,
            ),
            ("weekday", rf"(?P<lead>)wdq:(?P<w>\d) (?P<behind>next |this )?{_TIME_BEHIND}", self._weekday),
            ("day", r"(?:in |at |on |for )(?:the )?mon:(?P<m>\d+) ", self._whole_month),
        )
        self._rows = tuple((kind, re.compile(pattern), make) for kind, pattern, make in rows)

    def days_at(self, signs: str, at: int) -> DaysFound | None:
        """The days at a place in signs."""
        for kind, row, make in self._rows:
            found = row.match(signs, at)
            if found is None:
                continue
            options = tuple((max(first, self._today), last) for first, last in make(found) if last >= self._today)
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
        day, month = int(found["d"]), self._today.replace(day=1)
        for _ in range(4):
            if 1 <= day <= monthrange(month.year, month.month)[1] and month.replace(day=day) >= self._today:
                return ((month.replace(day=day), month.replace(day=day)),)
            month = (month + 31 * _DAY).replace(day=1)
        return ()

    def _later(self, days: int) -> tuple[Days, ...]:
        day = self._today + days * _DAY
        return ((day, day),)

    def _months(self, found: re.Match[str]) -> tuple[Days, ...]:
        month = self._today.replace(day=1)
        for _ in range(int(found["n"] or 1)):
            month = (month + 31 * _DAY).replace(day=1)
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
        month = self._today.replace(day=1)
        for _ in range(int(found["n"])):
            month = (month + 31 * _DAY).replace(day=1)
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
