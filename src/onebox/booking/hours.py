"""Hours as people write them (`09:00-13:00, 14:00-18:00`), on days as they name them (`mon-fri`)."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean

DAY = 24 * 60
"""minutes on the clock, also on a day that has fewer or more"""
CLOSED = "closed"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})\s*")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class HoursInvalid(OneboxError):
    """A text that names no hours, or no days."""

    code = "hours_invalid"


class Window(NamedTuple):
    """Minutes on the clock from the midnight that a date begins with; past midnight, `end` is more than a day."""

    start: int
    end: int

    def __str__(self) -> str:
        """
        >>> str(Window(20 * 60, 26 * 60))
        '20:00-02:00'
        """
        return f"{clock(self.start)}-{clock(self.end)}"


Windows = tuple[Window, ...]


def clock(minutes: int) -> str:
    """
    >>> clock(545), clock(DAY)
    ('09:05', '24:00')
    """
    hours, minute = divmod(minutes if minutes <= DAY else minutes - DAY, 60)
    return f"{hours:02}:{minute:02}"


def parse_hours(text: str) -> Windows:
    """The windows of one day, in order. Raises HoursInvalid.

    >>> [str(window) for window in parse_hours("14:00-18:00, 9:00-13:00")]
    ['09:00-13:00', '14:00-18:00']
    >>> parse_hours("closed"), parse_hours("20:00-02:00")
    ((), (Window(start=1200, end=1560),))
    """
    if text.strip() == CLOSED:
        return ()
    windows = sorted(_window(part) for part in text.split(","))
    clash = overlap(windows)
    if clash:
        raise HoursInvalid(f"{clash[0]} and {clash[1]} overlap")
    return tuple(windows)


def overlap(windows: list[Window]) -> tuple[Window, Window] | None:
    """The first two of sorted windows that overlap."""
    return next(((earlier, later) for earlier, later in pairwise(windows) if later.start < earlier.end), None)


def _window(text: str) -> Window:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise HoursInvalid(f'expected hours such as "09:00-13:00, 14:00-18:00", or closed, got {text.strip()!r}')
    start, end = _minutes(found[1], found[2]), _minutes(found[3], found[4])
    if start == DAY:
        raise HoursInvalid(f"{text.strip()!r} begins at 24:00: write 00:00, on the day after")
    if start == end:
        raise HoursInvalid(f"{text.strip()!r} has no length: write 00:00-24:00 for a whole day")
    return Window(start, end if end > start else end + DAY)


def _minutes(hours: str, minutes: str) -> int:
    time = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or time > DAY:  # noqa: PLR2004
        raise HoursInvalid(f"there is no {hours}:{minutes} on a clock")
    return time


def parse_weekdays(text: str) -> list[int]:
    """Days of the week, Monday 0. Raises HoursInvalid.

    >>> parse_weekdays("mon-fri"), parse_weekdays("sat-mon"), parse_weekdays("mon, wed")
    ([0, 1, 2, 3, 4], [5, 6, 0], [0, 2])
    """
    days: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        start = _weekday(first)
        length = (_weekday(last) - start) % 7 if dash else 0
        days += [(start + more) % 7 for more in range(length + 1)]
    return days


def _weekday(text: str) -> int:
    name = text.strip()
    if name in WEEKDAYS:
        return WEEKDAYS.index(name)
    near = did_you_mean(name.lower(), WEEKDAYS) or f"; days are {', '.join(WEEKDAYS)}, or such as mon-fri"
    raise HoursInvalid(f"{name!r} is no day of the week{near}")


def parse_date(text: str) -> date:
    """Raises HoursInvalid.

    >>> parse_date("2026-12-24")
    datetime.date(2026, 12, 24)
    """
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise HoursInvalid(f"expected a date such as 2026-12-24, got {text.strip()!r}")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise HoursInvalid(f"there is no {text.strip()} in the calendar") from None


def parse_days(text: str) -> tuple[date, date]:
    """The first and the last of some days (`2026-12-31..2027-01-06`, or one). Raises HoursInvalid."""
    first, dots, last = text.partition("..")
    begins = parse_date(first)
    ends = parse_date(last) if dots else begins
    if ends < begins:
        raise HoursInvalid(f"{text.strip()!r} ends before it begins")
    return begins, ends
