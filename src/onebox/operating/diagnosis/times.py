"""Times as logs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

_ISO = re.compile(
    r"\[?(\d{4}[-/.]\d\d[-/.]\d\d[T _]\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?"
    r"(?: ?(Z|UTC\b|GMT\b|[+-]\d\d(?::?\d\d)?)(?![\d-]))?\]?"
)
_SYSLOG = re.compile(r"([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?= |\])")
_C_TIME = re.compile(r"\[?(?:[A-Z][a-z]{2},? )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})\]?")
_ACCESS = re.compile(r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?: ([+-]\d{4}))?\]")
_NUMBER = re.compile(r"\[?(1\d{9})(\.\d+)?\]?(?= )")
_MONTHS = dict(zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), range(1, 13), strict=True))
_MOST_KNOWN = 1000
_YEARS = 5
"""of which a time without a year may be; one of them has a February 29"""
_FARTHEST = 50
"""how deep in a line a time is looked for: behind a level, a logger's name, an address"""
_EARLIEST, _LATEST = 1e8, 4_102_444_800.0
"""the years 1973 and 2100: what is not between is a number, and no time"""


class Found(NamedTuple):
    """A time in a line: seconds since 1970 in UTC, where it stands, and whether it named its zone."""

    at: float
    start: int
    end: int
    zoned: bool


class Times:
    """Reads the times of one log. Those without a zone are of `zone`; those without a year are near the one before,
    the first of them not after `newest`, an aware datetime.
    """

    def __init__(self, zone: tzinfo, newest: datetime) -> None:
        self._zone = zone
        self._newest = newest + timedelta(days=1)
        self._last: float | None = None
        self._known: dict[str, float] = {}

    def find(self, line: str) -> Found | None:
        """The first time of a line, if there is one near its beginning."""
        if found := _ISO.match(line):
            return self._of_iso(found)
        if line[:1].isspace():
            return None
        if line[:1].isalpha() and (found := _SYSLOG.match(line)):
            month, day, hour, minute, second, part = found.groups("")
            at = self._known.get(line[:15]) or self._instant(("", month, day, hour, minute, second, ""), line[:15])
            return None if at is None else Found(at + _fraction(part), 0, found.end(), zoned=False)
        if found := _C_TIME.match(line):
            month, day, hour, minute, second, year = found.groups()
            at = self._instant((year, month, day, hour, minute, second, ""))
            return None if at is None else Found(at, 0, found.end(), zoned=False)
        if found := _NUMBER.match(line):
            return Found(float(found[1]) + float(found[2] or 0), 0, found.end(), zoned=True)
        return self._find_within(line)

    def _find_within(self, line: str) -> Found | None:
        if found := _ISO.search(line, 0, _FARTHEST):
            told = self._of_iso(found)
            # Behind other words it may be a date that the text tells of; the log's own is never to come.
            return told if told and told.at <= self._newest.timestamp() else None
        if "/" in line and (found := _ACCESS.search(line)):
            day, month, year, hour, minute, second, zone = found.groups("")
            at = self._instant((year, month, day, hour, minute, second, zone))
            return None if at is None else Found(at, found.start(), found.end(), bool(zone))
        return None

    def _of_iso(self, found: re.Match[str]) -> Found | None:
        clock, part, zone = found.groups("")
        at = self._known.get(clock + zone)
        if at is None:
            parts = (clock[:4], clock[5:7], clock[8:10], clock[11:13], clock[14:16], clock[17:], zone)
            at = self._instant(parts, clock + zone)
        return None if at is None else Found(at + _fraction(part), found.start(), found.end(), bool(zone))

    def read(self, value: object) -> float | None:
        """A time as a field of JSON has it: a text, or a number of seconds, milli-, micro- or nanoseconds."""
        if isinstance(value, str):
            found = self.find(value)
            return found.at if found else self._number(value)
        return self._number(value) if isinstance(value, int | float) else None

    def _number(self, value: float | str) -> float | None:
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return None
        for size in (1, 1e3, 1e6, 1e9):
            if _EARLIEST < number / size < _LATEST:
                return number / size
        return None

    def _instant(self, parts: tuple[str, ...], written: str = "") -> float | None:
        """The instant of year, month, day, hour, minute, second and zone; lines of one second share it if they have
        it written in the same way.
        """
        at = self._computed(*parts)
        if at is not None:
            self._last = at
            if written:
                if len(self._known) > _MOST_KNOWN:
                    self._known.clear()
                self._known[written] = at
        return at

    def _computed(
        self, year: str, month: str, day: str, hour: str, minute: str, second: str, zone: str
    ) -> float | None:
        number = _MONTHS.get(month) or (int(month) if month.isdigit() else 0)
        clock = (number, int(day), int(hour), int(minute), min(int(second), 59))  # a leap second is the one before
        if year:
            return self._at(int(year), clock, zone)
        last = self._newest.year if self._last is None else datetime.fromtimestamp(self._last, UTC).year + 1
        found = [at for each in range(last, last - _YEARS, -1) if (at := self._at(each, clock, zone)) is not None]
        if self._last is not None:
            return min(found, key=lambda at: abs(at - (self._last or 0.0)), default=None)
        return next((at for at in found if at <= self._newest.timestamp()), None)

    def _at(self, year: int, clock: tuple[int, int, int, int, int], zone: str) -> float | None:
        try:
            at = datetime(year, *clock, tzinfo=_zone(zone) or self._zone).timestamp()
        except (ValueError, OverflowError):
            return None  # such as February 29
        return at if 0 <= at < _LATEST else None


def _fraction(digits: str) -> float:
    return float(f"0.{digits}") if digits else 0.0


def _zone(text: str) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    return datetime.strptime(f"{text.replace(':', '')}00"[:5], "%z").tzinfo
