"""A salon: who works there and when, what they do, where, and by which rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from onebox.booking.hours import Windows


@dataclass(frozen=True, slots=True)
class Policies:
    """What holds for every booking."""

    lead_time: timedelta = timedelta(hours=2)
    horizon: timedelta = timedelta(days=60)
    slot_step: timedelta = timedelta(minutes=15)
    hold: timedelta = timedelta(minutes=10)
    cancellation_window: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person who is booked. `week` has the windows of seven days, Monday first; those of an exception stand instead.

    `holidays` are first and last days. What is past midnight belongs to the day on which it began.
    """

    id: str
    name: str
    languages: tuple[str, ...]
    week: tuple[Windows, ...]
    exceptions: Mapping[date, Windows] = field(default_factory=dict)
    holidays: tuple[tuple[date, date], ...] = ()

    @property
    def subject(self) -> str:
        """As claims name the person."""
        return f"staff:{self.id}"

    def windows(self, day: date) -> Windows:
        """The hours that begin on this day."""
        if day in self.exceptions:
            return self.exceptions[day]
        return () if self.holiday(day) else self.week[day.weekday()]

    def holiday(self, day: date) -> tuple[date, date] | None:
        """The holidays that this day lies in."""
        return next(((first, last) for first, last in self.holidays if first <= day <= last), None)


@dataclass(frozen=True, slots=True)
class Gap:
    """The time within a service in which its person is free for another booking: so long after its start, so long."""

    after: timedelta
    length: timedelta


@dataclass(frozen=True, slots=True)
class Service:
    """What is booked. `duration` is what the client sees, the gap within; money is in minor units."""

    id: str
    name: Mapping[str, str]
    duration: timedelta
    staff: tuple[str, ...]
    price: int
    deposit: int = 0
    before: timedelta = timedelta(0)
    after: timedelta = timedelta(0)
    gap: Gap | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Salon:
    """One salon. Staff and services are in the order of the file; `places` says how many there are of each kind."""

    time_zone: str
    currency: str
    languages: tuple[str, ...]
    staff: Mapping[str, StaffMember]
    services: Mapping[str, Service]
    places: Mapping[str, int] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def subjects(self, kind: str) -> tuple[str, ...]:
        """The places of a kind, as claims name them: `chair:1`, `chair:2`."""
        return tuple(f"{kind}:{number}" for number in range(1, self.places[kind] + 1))
