"""What of a salon's time does not depend on its bookings, as bits: its days, its grid, and when people work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import gcd
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from onebox.booking.bits import full, multiples, painted
from onebox.booking.claims import Span
from onebox.booking.days import day_of, day_span, stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, tzinfo

    from onebox.booking.salon import Salon
    from onebox.booking.visit import Visit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_BEFORE = timedelta(days=2)
"""no clock is a day ahead or behind, and a night may have begun on the day before"""
_KEPT = 8
"""seasons; one of two months has 2 KB for each person"""


class Timetable:
    """A salon with its seasons. Make one for a salon and keep it: the hours of a season are worked out once."""

    def __init__(self, salon: Salon) -> None:
        self.salon = salon
        self._zone = ZoneInfo(salon.time_zone)
        self._minutes = gcd(5, salon.policies.slot_step // _MINUTE, *_edges(salon))
        self._seasons: dict[tuple[Span, int], Season] = {}

    def season(self, span: Span, visit: Visit) -> Season:
        """The whole days, in UTC, around a span: the same until tomorrow for all who ask for the next two months."""
        first, end = (span.start - _EPOCH) // _DAY, -((_EPOCH - span.end) // _DAY)
        whole = Span(_EPOCH + first * _DAY, _EPOCH + end * _DAY)
        minutes = gcd(self._minutes, *visit.times())
        if (whole, minutes) not in self._seasons:
            if len(self._seasons) == _KEPT:
                del self._seasons[next(iter(self._seasons))]
            self._seasons[whole, minutes] = Season(self.salon, self._zone, whole, minutes)
        return self._seasons[whole, minutes]


def _edges(salon: Salon) -> Iterator[int]:
    """When the clock shows that hours begin or end, in minutes."""
    for member in salon.staff.values():
        for windows in (*member.week, *member.exceptions.values()):
            for window in windows:
                yield from window


class Season:
    """Whole days. A bit is a minute, or five where visits, hours, the grid and the clock know only multiples of five:
    what is taken is rounded out to whole bits, which changes nothing for visits that take whole bits."""

    def __init__(self, salon: Salon, zone: tzinfo, span: Span, minutes: int) -> None:
        self._start = span.start
        self._salon = salon
        self._zone = zone
        self._clock = stretches(zone, span)
        changes = (length for start, _, ahead in self._clock for length in (start - span.start, ahead))
        self.minutes = gcd(minutes, *(length // _MINUTE for length in changes))
        self._bit = self.minutes * _MINUTE
        self.length = self.before(span.end)
        self._day = _DAY // self._bit
        first = (span.start - _BEFORE).date()
        self._dates = [first + number * _DAY for number in range((span.end - span.start + 2 * _BEFORE).days)]
        self._working: dict[str, int] = {}

    def instant(self, bit: int) -> datetime:
        """When a bit begins."""
        return self._start + bit * self._bit

    def before(self, instant: datetime) -> int:
        """How many bits begin before an instant."""
        return -((self._start - instant) // self._bit)

    def day(self, instant: datetime) -> range:
        """The bits of the salon's day."""
        return self.days[day_of(self._zone, instant)]

    @cached_property
    def days(self) -> dict[date, range]:
        """The salon's dates, in order, and the bits of each."""
        found = {}
        for one in self._dates:
            start, end = map(self.before, day_span(self._zone, one))
            found[one] = range(max(start, 0), min(end, self.length))
        return found

    @cached_property
    def grid(self) -> int:
        """The starts by the salon's clock: it is the clock's also after a change, and does not drift."""
        step = self._salon.policies.slot_step // self._bit
        return self._shown(multiples(len(self._dates) * self._day, 0, step))

    def working(self, one: str) -> int:
        """When somebody is at work."""
        if one not in self._working:
            member, minutes, day = self._salon.staff[one], self.minutes, self._day
            spans = [
                (number * day + window.start // minutes, number * day + window.end // minutes)
                for number, date in enumerate(self._dates)
                for window in member.windows(date)
            ]
            self._working[one] = self._shown(painted(len(self._dates) * day, spans))
        return self._working[one]

    def _shown(self, wall: int) -> int:
        """When the clock on the wall shows one of these bits, which count from the midnight of the first date."""
        found = 0
        for start, end, ahead in self._clock:
            here = full(self.before(end)) ^ full(self.before(start))
            found |= wall >> (_BEFORE + ahead) // self._bit & here
        return found

    def taken(self, spans: Iterable[Span]) -> int:
        """What they take. An empty one takes nothing."""
        return painted(self.length, self._rounded_out(spans))

    def _rounded_out(self, spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
        # All bookings go through here: days and seconds are numbers at hand, a division of lengths is not.
        origin, day, seconds = self._start, self._day, self.minutes * 60
        for start, end in spans:
            if start < end:
                begins, ends = start - origin, origin - end
                yield begins.days * day + begins.seconds // seconds, -(ends.days * day + ends.seconds // seconds)
