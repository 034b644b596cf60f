"""Why a time is not offered: every cause, with what is really so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from onebox.booking.claims import Span
from onebox.booking.days import day_of, day_span, joined, stretches, working
from onebox.booking.visit import planned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from onebox.booking.salon import Salon, StaffMember
    from onebox.booking.visit import Minutes, Step, Wish

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
CODES = {
    "too_soon": "from the first instant that can be booked to the last",
    "too_far": "the same",
    "off_grid": "from the last start before it to the next one",
    "closed": "when anybody works on that day",
    "not_working": "when this person works on that day",
    "holiday": "this person's days off, from the first to the last",
    "busy": "what takes this person meanwhile",
    "no_place": "what takes the places of this kind meanwhile",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause. `code` is one of `CODES`, which says what `spans` are. `subject` is a person as claims name one
    (`staff:olena`), or a kind of place (`chair`)."""

    code: str
    spans: tuple[Span, ...]
    service: str = ""
    subject: str = ""


def explain(
    salon: Salon, wish: Wish, start: datetime, now: datetime, busy: Mapping[str, Sequence[Span]]
) -> list[Reason]:
    """Why a visit cannot start at an instant; nothing, where `offers` has it. Raises WishInvalid."""
    visit = planned(salon, wish)
    reasons = list(_by_policies(salon, start, now))
    for step in visit.steps:
        reasons += _Look(salon, step, start, busy).reasons()
    return reasons


def _by_policies(salon: Salon, start: datetime, now: datetime) -> Iterator[Reason]:
    policies = salon.policies
    bookable = Span(now + policies.lead_time, now + policies.horizon)
    if start < bookable.start:
        yield Reason("too_soon", (bookable,))
    if start > bookable.end:
        yield Reason("too_far", (bookable,))
    zone, step = ZoneInfo(salon.time_zone), policies.slot_step
    if not _is_on_grid(start, zone, step):
        before = start.replace(second=0, microsecond=0)
        after = before + _MINUTE
        while not _is_on_grid(before, zone, step):
            before -= _MINUTE
        while not _is_on_grid(after, zone, step):
            after += _MINUTE
        yield Reason("off_grid", (Span(before, after),))


def _is_on_grid(instant: datetime, zone: ZoneInfo, step: timedelta) -> bool:
    shown = instant.astimezone(zone)
    return (
        not timedelta(hours=shown.hour, minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)
        % step
    )


class _Look:
    """At one step of a visit that starts at an instant."""

    def __init__(self, salon: Salon, step: Step, start: datetime, busy: Mapping[str, Sequence[Span]]) -> None:
        self._salon = salon
        self._step = step
        self._busy = busy
        self._taken = _at(start, step.taken)
        self._worked = _at(start, step.worked)
        self._held = _at(start, (step.held,))
        self._zone = ZoneInfo(salon.time_zone)
        self._day = day_of(self._zone, self._worked[0].start)
        self._clock = stretches(self._zone, Span(start - 2 * _DAY, self._held[0].end + 2 * _DAY))
        self._hours = {one: working(member, self._clock) for one, member in salon.staff.items()}

    def reasons(self) -> Iterator[Reason]:
        """Of people if none of them is free, of places where no place of a kind is."""
        people = {one: list(self._of_person(self._salon.staff[one])) for one in self._step.people}
        if all(people.values()):
            if any(_overlapping(hours, self._worked) for hours in self._hours.values()):
                yield from (reason for reasons in people.values() for reason in reasons)
            else:
                hours = sorted(span for one in self._hours.values() for span in one)
                yield self._reason("closed", self._of_the_day(joined(hours)))
        for kind in self._step.needs:
            taken = [self._in_the_way(place, self._held) for place in self._salon.subjects(kind)]
            if all(taken):
                yield self._reason("no_place", sorted(span for spans in taken for span in spans), kind)

    def _of_person(self, member: StaffMember) -> Iterator[Reason]:
        hours = self._hours[member.id]
        if not all(any(span.start <= start and end <= span.end for span in hours) for start, end in self._worked):
            holiday = member.holiday(self._day)
            if holiday is None:
                yield self._reason("not_working", self._of_the_day(hours), member.subject)
            else:
                first, last = (day_span(self._zone, day) for day in holiday)
                yield self._reason("holiday", [Span(first.start, last.end)], member.subject)
        busy = self._in_the_way(member.subject, self._taken)
        if busy:
            yield self._reason("busy", busy, member.subject)

    def _reason(self, code: str, spans: Iterable[Span], subject: str = "") -> Reason:
        return Reason(code, tuple(spans), self._step.service, subject)

    def _in_the_way(self, subject: str, of: Sequence[Span]) -> list[Span]:
        return sorted(_overlapping(self._busy.get(subject, ()), of))

    def _of_the_day(self, hours: Iterable[Span]) -> list[Span]:
        return _overlapping(hours, [day_span(self._zone, self._day)])


def _at(start: datetime, spans: Iterable[Minutes]) -> list[Span]:
    return [Span(start + begins * _MINUTE, start + ends * _MINUTE) for begins, ends in spans]


def _overlapping(spans: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """Those that share an instant with one of the others. An empty span shares none."""
    return [span for span in spans if any(max(span.start, other.start) < min(span.end, other.end) for other in others)]
