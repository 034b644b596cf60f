"""The times that can be offered for a wish.

Each person and each place is one number, and its bits are the minutes. A service can start where all that it takes is
free: a few shifts and ands, of all minutes at once. The services of a visit never take the same minutes, so a visit
can start where each of its services can. Only of the starts that are asked for is an offer made.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property, reduce
from operator import and_
from typing import TYPE_CHECKING

from onebox.booking.bits import full, positions, starts, within
from onebox.booking.choosing import Choices, Chooser
from onebox.booking.claims import Span
from onebox.booking.timetable import Timetable
from onebox.booking.visit import planned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from onebox.booking.claims import Offer
    from onebox.booking.salon import Salon
    from onebox.booking.timetable import Season
    from onebox.booking.visit import Minutes, Step, Visit, Wish

_INCLUDED = timedelta.resolution
_MINUTE = timedelta(minutes=1)
_AROUND = timedelta(days=2)
"""a day's load is counted on whole days, and one may have 25 hours"""


def offers(salon: Salon, wish: Wish, span: Span, now: datetime, busy: Mapping[str, Sequence[Span]]) -> list[Offer]:
    """All visits that can start within `span`, one for each start, in order. See `openings`."""
    return openings(Timetable(salon), wish, span, now, busy).offers()


def openings(
    timetable: Timetable, wish: Wish, span: Span, now: datetime, busy: Mapping[str, Sequence[Span]]
) -> Openings:
    """When a visit can start within `span`. Raises WishInvalid.

    `busy` has what is taken of each subject, in any order; it may overlap, and who has nothing may be missing. It should
    hold whole days of people: who is chosen depends on what they have on that day.
    """
    visit = planned(timetable.salon, wish)
    policies = timetable.salon.policies
    first = max(span.start, now + policies.lead_time)
    end = max(first, min(span.end, now + policies.horizon + _INCLUDED))
    around = Span(first + visit.reach[0] * _MINUTE - _AROUND, end + visit.reach[1] * _MINUTE + _AROUND)
    return Openings(timetable.salon, timetable.season(around, visit), visit, Span(first, end), busy)


class Openings:
    """The starts of one visit. What is said of a `day` is of all days where none is named."""

    def __init__(
        self, salon: Salon, season: Season, visit: Visit, span: Span, busy: Mapping[str, Sequence[Span]]
    ) -> None:
        self._salon = salon
        self._season = season
        self._visit = visit
        self._busy = busy
        self._taken: dict[str, int] = {}
        self._known: dict[range, list[str]] = {}
        self._choices = [self._choices_of(step) for step in visit.steps]
        self._found = season.grid & full(season.before(span.end)) & ~full(season.before(span.start))
        for one in self._choices:
            self._found &= one.starts()

    def days(self) -> list[date]:
        """The salon's dates on which the visit can start."""
        return [day for day, bits in self._season.days.items() if within(self._found, bits)]

    def starts(self, day: date | None = None) -> list[datetime]:
        """When it can start, in order."""
        return [self._season.instant(bit) for bit in self._bits(day)]

    def offers(self, day: date | None = None) -> list[Offer]:
        """What can be booked, one for each start, in order."""
        return [self._chooser.offer(self._season.instant(bit), bit) for bit in self._bits(day)]

    def offer(self, start: datetime) -> Offer | None:
        """What can be booked at a start; nothing, where it is none, and `explain` knows why."""
        bit = self._season.before(start)
        if bit < 0 or not self._found >> bit & 1 or self._season.instant(bit) != start:
            return None
        return self._chooser.offer(start, bit)

    def _bits(self, day: date | None) -> Iterator[int]:
        if day is None:
            return positions(self._found)
        bits = self._season.days.get(day, range(0))
        return (bits.start + bit for bit in positions(within(self._found, bits)))

    @cached_property
    def _chooser(self) -> Chooser:
        return Chooser(self._salon, self._visit, self._choices, self._ranked)

    def _ranked(self, at: datetime) -> list[str]:
        """Everyone, who has least to do on that day first; of equals, who stands first in the file."""
        day = self._season.day(at)
        if day not in self._known:
            able = {one for step in self._visit.steps for one in step.people}
            load = {
                one: within(self._taken[member.subject], day).bit_count()
                for one, member in self._salon.staff.items()
                if one in able
            }
            self._known[day] = sorted(load, key=load.__getitem__)
        return self._known[day]

    def _choices_of(self, step: Step) -> Choices:
        """Who and what is free for a step, by the starts of its visit."""
        people = {one: self._person(step, one) for one in step.people}
        places = {
            kind: {place: self._free(place, [step.held]) for place in self._salon.subjects(kind)} for kind in step.needs
        }
        return Choices(people, places)

    def _person(self, step: Step, one: str) -> int:
        free = self._free(self._salon.staff[one].subject, step.taken)
        return free & self._starts(self._season.working(one), step.worked)

    def _free(self, subject: str, spans: Sequence[Minutes]) -> int:
        if subject not in self._taken:
            self._taken[subject] = self._season.taken(self._busy.get(subject, ()))
        return self._starts(full(self._season.length) ^ self._taken[subject], spans)

    def _starts(self, bits: int, spans: Sequence[Minutes]) -> int:
        minutes = self._season.minutes
        return reduce(and_, (starts(bits, (start // minutes, end // minutes)) for start, end in spans))
