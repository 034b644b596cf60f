"""A day of the salon as its owner looks at it: who works when, what is taken, and who comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from onebox.booking.claims import Span
from onebox.booking.days import day_span, stretches, working

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from onebox.booking.appointment import Appointment
    from onebox.booking.salon import Salon, StaffMember

_AROUND = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Column:
    """A person's day: when they are at work, and what takes them, buffers included, gaps not."""

    member: StaffMember
    hours: Sequence[Span]
    taken: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Day:
    """All that lies in a day, also in part, cut to it. Appointments are in order of their start, in any state."""

    date: date
    span: Span
    columns: Sequence[Column]
    appointments: Sequence[Appointment]


def day_of_salon(
    salon: Salon, day: date, busy: Mapping[str, Sequence[Span]], appointments: Iterable[Appointment]
) -> Day:
    """Of what is known around a day."""
    zone = ZoneInfo(salon.time_zone)
    span = day_span(zone, day)
    clock = stretches(zone, Span(span.start - _AROUND, span.end + _AROUND))
    columns = [
        Column(member, _within(span, working(member, clock)), _within(span, busy.get(member.subject, ())))
        for member in salon.staff.values()
    ]
    there = [one for one in appointments if one.start < span.end and span.start < one.end]
    return Day(day, span, columns, there)


def _within(span: Span, spans: Iterable[Span]) -> list[Span]:
    cut = (Span(max(one.start, span.start), min(one.end, span.end)) for one in spans)
    return [one for one in cut if one.start < one.end]
