"""What the desk answers, beside what comes of the changes themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.booking.appointment import Appointment, HistoryEntry, State, Taken
    from onebox.booking.reasons import Reason


@dataclass(frozen=True, slots=True)
class Client:
    """Whom a visit is for, as far as is known. `client_id` is a client card, `person_id` somebody who writes to the box."""

    name: str | None = None
    phone: str | None = None
    language: str | None = None
    note: str | None = None
    client_id: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The visit cannot start then. Nothing was done.

    `nearest` are the free starts that are nearest, in order of time. `taken`: it was free when it was looked at, and
    somebody was faster.
    """

    reasons: Sequence[Reason]
    nearest: Sequence[datetime]
    taken: Taken | None = None


@dataclass(frozen=True, slots=True)
class TooLate:
    """Its client could cancel it until `until`, which has passed. Nothing was done."""

    appointment: Appointment
    until: datetime


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Its time is free again. `late`: its client could not have cancelled it any more."""

    appointment: Appointment
    late: bool


@dataclass(frozen=True, slots=True)
class Record:
    """An appointment with its history; `state` is what it is now."""

    appointment: Appointment
    state: State
    history: Sequence[HistoryEntry]
