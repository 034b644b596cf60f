"""What of a salon's time does not depend on its bookings, as bits: its days, its grid, and when people work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import gcd
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from onebox.booking.bits import multiples, painted
from onebox.booking.claims import Span
from onebox.booking.days import day_of, day_span, stretches, working

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, tzinfo

    from onebox.booking.salon import Salon

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_KEPT = 8
"""seasons; one of two months has 2 KB for each person"""


class Timetable:
    """A salon with its seasons. Make one for a salon and keep it: the hours of a season are worked out once."""

    def __init__(self, salon: Salon) -> None:
        self.salon = salon
        self._zone = ZoneInfo(salon.time_zone)
        self._seasons: dict[Span, Season] = {}

    def season(self, span: Span) -> Season:
        """The whole days, in UTC, around a span: the same until tomorrow for whoever asks for the next two months."""
        first, end = (span.start - _EPOCH) // _DAY, -((_EPOCH - span.end) // _DAY)
        whole = Span(_EPOCH + first * _DAY, _EPOCH + end * _DAY)
        if whole not in self._seasons:
            if len(self._seasons) == _KEPT:
                del self._seasons[next(iter(self._seasons))]
            self._seasons[whole] = Season(self.salon, self._zone, whole)
        return self._seasons[whole]


class Season:
    """Whole days. A bit is a minute, or five where the salon's services, its grid and its clock know only multiples of
    five: what is taken is rounded out to whole bits and hours are rounded in, which changes nothing for visits that
    take whole bits."""

    def __init__(self, salon: Salon, zone: tzinfo, span: Span) -> None:
        self._salon = salon
        self._zone = zone
        self._span = span
        self._clock = stretches(zone, span)
        self.minutes = gcd(*(length // _MINUTE for length in (_DAY, *self._lengths())))
        self._bit = self.minutes * _MINUTE
        self.length = (span.end - span.start) // self._bit
        self._working: dict[str, int] = {}

    def _lengths(self) -> Iterator[timedelta]:
        """All that must be whole bits."""
        yield self._salon.policies.slot_step
        yield from (stretch.ahead for stretch in self._clock)
        for service in self._salon.services.values():
            yield from (service.duration, service.before, service.after)
            if service.gap is not None:
                yield from (service.gap.after, service.gap.length)

    def instant(self, bit: int) -> datetime:
        """When a bit begins."""
        return self._span.start + bit * self._bit

    def before(self, instant: datetime) -> int:
        """How many bits begin before an instant."""
        return -((self._span.start - instant) // self._bit)

    def day(self, instant: datetime) -> range:
        """The bits of the salon's day."""
        return self.days[day_of(self._zone, instant)]

    @cached_property
    def days(self) -> dict[date, range]:
        """The salon's dates, in order, and the bits of each."""
        first, last = (day_of(self._zone, instant) for instant in self._span)
        dates = (first + number * _DAY for number in range((last - first).days + 1))
        return {
            one: range(max(self.before(start), 0), min(self.before(end), self.length))
            for one in dates
            for start, end in (day_span(self._zone, one),)
        }

    @cached_property
    def grid(self) -> int:
        """The starts by the salon's clock. Where the clock is changed its multiples begin anew, and do not drift."""
        step, found = self._salon.policies.slot_step, 0
        for start, end, ahead in self._clock:
            first = start + -(start + ahead - _EPOCH) % step
            found |= multiples(self.before(end), self.before(first), step // self._bit)
        return found

    def working(self, one: str) -> int:
        """When somebody is at work."""
        if one not in self._working:
            origin, bit = self._span.start, self._bit
            hours = working(self._salon.staff[one], self._clock)
            spans = ((-((origin - start) // bit), (end - origin) // bit) for start, end in hours)
            self._working[one] = painted(self.length, spans)
        return self._working[one]

    def taken(self, spans: Iterable[Span]) -> int:
        """What they take; an empty one takes nothing."""
        origin, bit = self._span.start, self._bit
        return painted(
            self.length,
            (((start - origin) // bit, -((origin - end) // bit)) for start, end in spans if start < end),
        )
