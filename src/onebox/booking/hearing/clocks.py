"""Times on the clock, as signs name them: which there can be, and which of them a salon means."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from onebox.booking.hours import DAY, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onebox.booking.hours import Windows
    from onebox.booking.salon import Salon

_TWELVE = 12
_MIDNIGHT = 24
_HOUR = 60
_LAST_BY_DAY = 6
"""in "6 часов дня" """
_FIRST_AT_NIGHT = 6
"""in "6 at night"; at five it is the next morning"""
_FIRST_AT_NOON = 11
"""in "11 in the afternoon", which is not 23:00"""
NOON = _TWELVE * 60
PARTS = {
    "morning": (6 * 60, NOON),
    "noon": (NOON, 14 * 60),
    "afternoon": (NOON, 18 * 60),
    "day": (NOON, 18 * 60),
    "evening": (17 * 60, DAY),
    "night": (20 * 60, DAY),
}
USUAL_WEEK: tuple[Windows, ...] = ((Window(7 * 60, 21 * 60),),) * 7
"""when one may guess that a salon is open, if it is not known"""

NOTHING_COUNTED = (
    r"(?!x |hour |minute |day |week |month |number |n:|c:|o:|mon:|y:|dash |p_day |hc |w:|less |half_hour )"
)
"""behind a number that is a time there is nothing that it could count"""
_N = r"(?:n|c|h):(?P<h>\d+) "
_ANY = r"(?:n|c|h|o):(?P<h>\d+) "
_HALF = re.compile(r"(?:at |in |the |on )*(?P<half>am|pm|p_(?!day)\w+) ")
_DAYTIME = re.compile(r"p_day ")
_POINT = re.compile(r"[dw]:(?P<h>\d+)\.(?P<m>\d\d)\.? (?:hc |oc )?")
_BARE = re.compile(rf"{_N}(?P<unit>hc )?")
_ONE_O_CLOCK = re.compile(r"hc ")
_ROWS = tuple(
    (re.compile(pattern), hours, minutes)
    for pattern, hours, minutes in (
        (r"t:(?P<h>\d+):(?P<m>\d+) (?:oc |hc )?", 0, None),
        (rf"{_N}oc (?:n|c):(?P<m>[0-5]?\d) (?!minute )", 0, None),
        (r"[dw]:(?P<h>\d+)\.(?P<m>\d\d)\.? oc ", 0, None),
        (rf"half_(?:to|onto) {_ANY}", -1, 30),
        (rf"half_past (?:the )?{_N}", 0, 30),
        (rf"{_N}and_half ", 0, 30),
        (rf"{_N}and_quarter ", 0, 15),
        (rf"quarter_past {_ANY}", 0, 15),
        (rf"quarter_(?:onto|of) {_ANY}", -1, 15),
        (rf"quarter_(?:to|less) (?:to )?{_ANY}", -1, 45),
        (rf"less c:(?P<before>5|10|20|25) (?:minute )?{_ANY}", -1, None),
        (rf"c:(?P<m>5|10|20|25) (?:minute )?(?:minutes_past |from ){_N}", 0, None),
        (rf"c:(?P<before>5|10|20|25) (?:minute )?(?:to |until ){_N}", -1, None),
        (r"(?:c|n):(?P<m>5|10|15|20|25) (?:minute )?o:(?P<h>\d+) (?!mon:|number )", -1, None),
        (rf"c:5 from half_to {_ANY}", -1, 35),
        (rf"c:5 until half_to {_ANY}", -1, 25),
        (rf"{_N}oc ", 0, 0),
    )
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A time as it was said. `sure`: as a clock of 24 hours shows it. `written`: with its minutes, as such a clock
    would show it too. `half`: `am`, `pm` or a part of the day."""

    hour: int
    minute: int
    sure: bool = False
    written: bool = False
    half: str = ""

    def options(self) -> list[int]:
        """The minutes of the day that it can be, the one that was said first."""
        hour = self.hour
        if self.sure or (hour == _TWELVE and not self.half):
            hours = [hour]
        elif self.half:
            hours = [_in_half(hour, self.half)]
        else:
            hours = [hour, hour + _TWELVE]
        return [hour * 60 + self.minute for hour in hours]


class Found(NamedTuple):
    """A time in signs, where it ends, and whether it is one whatever stands before it."""

    reading: Reading
    end: int
    certain: bool


def clock_at(signs: str, at: int, *, expected: bool) -> Found | None:
    """The time at a place in signs. A bare number is one only if a time is expected there."""
    for row, hours, minutes in _ROWS:
        found = row.match(signs, at)
        if found is not None:
            groups = found.groupdict()
            minute = minutes if minutes is not None else _minutes(groups)
            reading = _reading(groups["h"], hours, minute, written=row is _ROWS[0][0])
            return _with_half(reading, signs, found.end(), certain=True)
    return _expected(signs, at) if expected else _with_half_only(signs, at)


def _expected(signs: str, at: int) -> Found | None:
    point = _POINT.match(signs, at)
    if point is not None:
        reading = _reading(point["h"], 0, int(point["m"]), written=True)
        return _with_half(reading, signs, point.end(), certain=True)
    if _ONE_O_CLOCK.match(signs, at):
        return _with_half(Reading(1, 0), signs, at + len("hc "), certain=False)
    bare = _BARE.match(signs, at)
    return _with_half(_reading(bare["h"], 0, 0), signs, bare.end(), certain=False) if bare else None


def _with_half_only(signs: str, at: int) -> Found | None:
    """`5 pm`, `9 утра`, `3 часа дня`, which need nothing before them."""
    bare = _BARE.match(signs, at)
    if bare is None:
        return None
    reading = _reading(bare["h"], 0, 0)
    found = _with_half(reading, signs, bare.end(), certain=False)
    by_day = found is not None and found.reading.half == "day" and not bare["unit"]
    return found if found is not None and found.certain and not by_day else None


def _minutes(groups: dict[str, str | None]) -> int:
    return 60 - int(groups["before"] or 0) if groups.get("before") else int(groups["m"] or 0)


def _reading(hour: str, more: int, minute: int, *, written: bool = False) -> Reading | None:
    number = int(hour)
    if number * 60 + minute > DAY or minute >= _HOUR:
        return None
    number = (number + more) % _MIDNIGHT if more else number
    if more and not number and hour == "1":
        number = _TWELVE
    sure = number > _TWELVE or number == 0 or (hour[0] == "0")
    return Reading(number, minute, sure, written)


def _with_half(reading: Reading | None, signs: str, at: int, *, certain: bool) -> Found | None:
    if reading is None:
        return None
    half = _HALF.match(signs, at)
    if half is not None and _fits(reading, half["half"]):
        return Found(replace(reading, half=half["half"].removeprefix("p_")), half.end(), certain=True)
    day = _DAYTIME.match(signs, at)
    if day is not None and (reading.hour <= _LAST_BY_DAY or reading.hour == _TWELVE):
        return Found(replace(reading, half="day"), day.end(), certain=True)
    return Found(reading, at, certain)


def _fits(reading: Reading, half: str) -> bool:
    if reading.sure:
        return True
    low, high = PARTS.get(half.removeprefix("p_"), (0, DAY))
    return any(low - 60 <= hour * 60 <= high for hour in (reading.hour, reading.hour + _TWELVE)) or half == "p_night"


def _in_half(hour: int, half: str) -> int:
    if half == "am" or (half == "night" and (hour < _FIRST_AT_NIGHT or hour == _TWELVE)):
        return hour % _TWELVE
    if half == "pm":
        return hour % _TWELVE + _TWELVE
    later = half in {"evening", "night"} or (half in {"afternoon", "day", "noon"} and hour < _FIRST_AT_NOON)
    return hour + _TWELVE if later and hour < _TWELVE else hour


def meant(reading: Reading, windows: Windows, part: str, *, ends: bool = False, by_24: bool = True) -> list[int]:
    """Of what it can be, what lies within the hours, and within the part of the day that was named beside it; all if
    none does. `ends`: it is an end, which may be when the salon closes. `by_24`: who writes 5:30 means 05:30, where
    that can be."""
    options = reading.options()
    if part and not reading.half:
        low, high = PARTS[part]
        options = [one for one in options if low <= one <= high] or options
    within = [one for one in options if _is_open(one, windows, ends=ends)]
    if reading.written and by_24 and (options[0] in within or not within):
        return options[:1]
    return within or options


def _is_open(minute: int, windows: Windows, *, ends: bool) -> bool:
    return any(
        (start < at <= end) if ends else (start <= at < end) for start, end in windows for at in (minute, minute + DAY)
    )


def opening(salon: Salon) -> tuple[Windows, ...]:
    """When somebody works, from Monday on: the hours by which times are guessed."""
    return tuple(
        tuple(sorted({window for member in salon.staff.values() for window in member.week[day]})) for day in range(7)
    )


def hours_of(week: Sequence[Windows], weekdays: Iterator[int] | range) -> Windows:
    """The hours of these days; of the week, if all of them are closed."""
    found = [window for day in weekdays for window in week[day % 7]]
    return tuple(found or (window for windows in week for window in windows))
