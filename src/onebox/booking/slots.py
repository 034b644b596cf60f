"""The times that can be offered for a wish.

Each person and each place is one number, and its bits are the minutes. A service can start where all that it takes is
free: a few shifts and ands, of all minutes at once. The services of a visit never take the same minutes, so a visit
can start where each of its services can. Only of these starts is a visit made.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import gcd
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from onebox.booking.bits import full, multiples, painted, positions, starts
from onebox.booking.choosing import Choices, Chooser
from onebox.booking.claims import Span
from onebox.booking.days import day_of, day_span, stretches, working
from onebox.booking.visit import planned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from onebox.booking.claims import Offer
    from onebox.booking.salon import Salon
    from onebox.booking.visit import Minutes, Step, Visit, Wish

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_AROUND = 2 * 24 * 60
"""a day's load is counted on whole days, and one may have 25 hours"""


def offers(salon: Salon, wish: Wish, span: Span, now: datetime, busy: Mapping[str, Sequence[Span]]) -> list[Offer]:
    """The visits that can start within `span`, one for each start, in order. Raises WishInvalid.

    `busy` has what is taken of each subject, in any order; it may overlap, and who has nothing may be missing. It should
    hold whole days of people: who is chosen depends on what they have on that day.
    """
    visit = planned(salon, wish)
    policies = salon.policies
    first = max(_up(span.start), _up(now + policies.lead_time))
    end = min(_up(span.end), _down(now + policies.horizon) + 1)
    if first >= end:
        return []
    search = _Search(salon, visit, first, end, busy)
    choices = [search.choices(step) for step in visit.steps]
    found = search.grid()
    for one in choices:
        found &= one.starts()
    chooser = Chooser(salon, visit, choices, search.ranked)
    return [chooser.offer(search.instant(bit), bit) for bit in positions(found)]


def _down(instant: datetime) -> int:
    return (instant - _EPOCH) // _MINUTE


def _up(instant: datetime) -> int:
    return -((_EPOCH - instant) // _MINUTE)


class _Search:
    """The time around the starts from minute `first` up to `end`, with all that visits reach into.

    A bit is a minute, or five where starts, services and the clock know only multiples of five: what is taken is
    rounded out to whole bits and hours are rounded in, which changes nothing for visits that take whole bits.
    """

    def __init__(self, salon: Salon, visit: Visit, first: int, end: int, busy: Mapping[str, Sequence[Span]]) -> None:
        self._salon = salon
        self._visit = visit
        self._busy = busy
        self._zone = ZoneInfo(salon.time_zone)
        around = Span(
            *(_EPOCH + at * _MINUTE for at in (first + visit.reach[0] - _AROUND, end + visit.reach[1] + _AROUND))
        )
        self._clock = stretches(self._zone, around)
        self._cell = gcd(self._step(), *visit.times(), *(stretch.ahead // _MINUTE for stretch in self._clock))
        self._origin = _down(around.start) // self._cell
        self._length = -(-_up(around.end) // self._cell) - self._origin
        self._all = full(self._length)
        self._asked = range(first, end)
        self._taken: dict[str, int] = {}
        self._at_work: dict[str, int] = {}
        self._ranked: dict[date, list[str]] = {}

    def instant(self, bit: int) -> datetime:
        """When a bit begins."""
        return _EPOCH + (self._origin + bit) * self._cell * _MINUTE

    def grid(self) -> int:
        """The starts by the salon's clock. Where the clock is changed its multiples begin anew, and do not drift."""
        step = self._step()
        found = 0
        for stretch in self._clock:
            start = max(_up(stretch.start), self._asked.start)
            end = min(_up(stretch.end), self._asked.stop)
            start += -(start + stretch.ahead // _MINUTE) % step
            found |= multiples(
                -(-end // self._cell) - self._origin, start // self._cell - self._origin, step // self._cell
            )
        return found

    def choices(self, step: Step) -> Choices:
        """Who and what is free for a step, by the starts of its visit."""
        people = {one: self._person(step, one) for one in step.people}
        places = {
            kind: {
                place: self._starts(self._all ^ self._taken_of(place), step.held)
                for place in self._salon.subjects(kind)
            }
            for kind in step.needs
        }
        return Choices(people, places)

    def _person(self, step: Step, one: str) -> int:
        free, at_work = self._all ^ self._taken_of(self._salon.staff[one].subject), self._work_of(one)
        found = self._all
        for span in step.taken:
            found &= self._starts(free, span)
        for span in step.worked:
            found &= self._starts(at_work, span)
        return found

    def _starts(self, bits: int, span: Minutes) -> int:
        return starts(bits, (span[0] // self._cell, span[1] // self._cell))

    def ranked(self, at: datetime) -> list[str]:
        """Everyone, who has least to do on that day first; of equals, who stands first in the file."""
        day = day_of(self._zone, at)
        if day not in self._ranked:
            start, end = (_down(instant) // self._cell - self._origin for instant in day_span(self._zone, day))
            able = {one for step in self._visit.steps for one in step.people}
            load = {
                one: (self._taken_of(member.subject) >> start & full(end - start)).bit_count()
                for one, member in self._salon.staff.items()
                if one in able
            }
            self._ranked[day] = sorted(load, key=load.__getitem__)
        return self._ranked[day]

    def _step(self) -> int:
        return self._salon.policies.slot_step // _MINUTE

    def _taken_of(self, subject: str) -> int:
        if subject not in self._taken:
            cell, origin = self._cell, self._origin
            spans = (
                (_down(start) // cell - origin, -(-_up(end) // cell) - origin)
                for start, end in self._busy.get(subject, ())
                if start < end
            )
            self._taken[subject] = painted(self._length, spans)
        return self._taken[subject]

    def _work_of(self, one: str) -> int:
        if one not in self._at_work:
            cell, origin = self._cell, self._origin
            hours = working(self._salon.staff[one], self._clock)
            spans = ((-(-_up(start) // cell) - origin, _down(end) // cell - origin) for start, end in hours)
            self._at_work[one] = painted(self._length, spans)
        return self._at_work[one]
