"""Appointments of a ledger in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from onebox.booking.appointment import (
    TAKING,
    TRANSITION_KINDS,
    Appointment,
    Changed,
    Confirm,
    Held,
    Hold,
    Move,
    OtherContents,
    Replayed,
    State,
    Taken,
    What,
    advance,
    apart,
    digest,
    entry,
    expired,
    expiry,
    first,
)
from onebox.booking.claims import Claim, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from onebox.booking.appointment import HistoryEntry, Outcome, Transition
    from onebox.kernel.ledger import Change


@dataclass
class Visits:
    """Rows by the id of their appointment. Replaced, never changed."""

    appointments: dict[str, Appointment] = field(default_factory=dict)
    claims: dict[str, tuple[list[Claim], bool]] = field(default_factory=dict)
    history: dict[str, list[HistoryEntry]] = field(default_factory=dict)
    asked: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """by kind (empty for holds, else the id) and key: the digest, and the id"""
    entries: dict[tuple[str, str], HistoryEntry] = field(default_factory=dict)
    """what a request changed, by the id and the key"""

    def copy(self) -> Visits:
        return Visits(
            dict(self.appointments), dict(self.claims), dict(self.history), dict(self.asked), dict(self.entries)
        )


class MemoryAppointments:
    """Takes the changes of appointments and answers AppointmentReader; `apply` makes further changes."""

    def __init__(self, apply: Callable[[Change[Any]], Any]) -> None:
        self.visits = Visits()
        self._apply = apply
        self.appliers: dict[type, Callable[[Any], Any]] = {
            Hold: self._hold,
            **dict.fromkeys(TRANSITION_KINDS, self._change),
        }

    def _hold(self, change: Hold) -> Outcome:
        known = self._known("", change.key, change)
        if known is not None:
            return known
        taken = self._take(change, apart(change.offer.claims))
        if taken is not None:
            return taken
        made = first(change)
        if made.id in self.visits.appointments:
            raise KeyError(f"{made.id!r} is known already")
        self.visits.appointments[made.id] = made
        self.visits.asked["", change.key] = (digest(change), made.id)
        self._tell(entry(None, made, What.held, change))
        return Held(replace(made), [self._apply(one) for one in change.then])

    def _change(self, change: Transition) -> Outcome:
        known = None if change.key is None else self._known(change.id, change.key, change)
        if known is not None:
            return known
        found = self.visits.appointments.get(change.id)
        after = advance(found, change)
        if not isinstance(after, Appointment):
            return after
        assert found is not None
        taken = self._have_time(change, found, after)
        if taken is not None:
            return taken
        self.visits.appointments[after.id] = after
        told = entry(found.state, after, change.what, change)
        if change.key is not None:
            self.visits.asked[after.id, change.key] = (digest(change), after.id)
            self.visits.entries[after.id, change.key] = told
        self._tell(told)
        return Changed(replace(after), [self._apply(one) for one in change.then])

    def _known(self, kind: str, key: str, change: Hold | Transition) -> Replayed | OtherContents | None:
        was, id_ = self.visits.asked.get((kind, key), ("", ""))
        if not was:
            return None
        return Replayed(replace(self.visits.appointments[id_])) if was == digest(change) else OtherContents(key, id_)

    def _have_time(self, change: Transition, found: Appointment, after: Appointment) -> Taken | None:
        if isinstance(change, Move):
            return self._take(change, apart(change.offer.claims))
        if isinstance(change, Confirm) and found.state_at(change.at) is State.expired:
            return self._take(change, self.visits.claims[found.id][0])
        if after.state not in TAKING:
            self._free(found.id)
        return None

    def _take(self, change: Hold | Transition, wanted: Sequence[Claim]) -> Taken | None:
        ended = set()
        for id_, (claims, active) in self.visits.claims.items():
            for claim in (
                sorted(claims, key=lambda one: (one.start, one.subject)) if active and id_ != change.id else ()
            ):
                if not any(_meet(claim, one) for one in wanted):
                    continue
                if self.visits.appointments[id_].state_at(change.at) is not State.expired:
                    return Taken(claim.subject, Span(claim.start, claim.end), id_)
                ended.add(id_)
        for id_ in ended:
            after = self.visits.appointments[id_] = expired(self.visits.appointments[id_])
            self._free(id_)
            self._tell(expiry(after, change))
        self.visits.claims[change.id] = (list(wanted), True)
        return None

    def _free(self, id_: str) -> None:
        self.visits.claims[id_] = (self.visits.claims[id_][0], False)

    def _tell(self, told: HistoryEntry) -> None:
        self.visits.history[told.appointment_id] = [*self.visits.history.get(told.appointment_id, ()), told]

    # --- AppointmentReader ---

    async def busy(
        self, subjects: Sequence[str], span: Span, *, now: datetime, without: str | None = None
    ) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = {subject: [] for subject in subjects}
        for id_, (claims, active) in self.visits.claims.items():
            if not active or id_ == without or self.visits.appointments[id_].state_at(now) is State.expired:
                continue
            for claim in claims:
                if claim.subject in found and claim.start < span.end and span.start < claim.end:
                    found[claim.subject].append(Span(claim.start, claim.end))
        return {subject: sorted(spans) for subject, spans in found.items()}

    async def appointment(self, id: str) -> Appointment | None:
        return next(iter(self._where(lambda one: one.id == id)), None)

    async def appointment_of_request(self, key: str) -> Appointment | None:
        return next(iter(self._where(lambda one: one.request_key == key)), None)

    async def request_to_change(self, id: str, key: str) -> HistoryEntry | None:
        return self.visits.entries.get((id, key))

    async def appointments_of_client(self, client_id: str) -> list[Appointment]:
        return self._where(lambda one: one.client_id == client_id)

    async def appointments_of_person(self, person_id: str) -> list[Appointment]:
        return self._where(lambda one: one.person_id == person_id)

    async def appointments_within(self, span: Span) -> list[Appointment]:
        return self._where(lambda one: span.start <= one.start < span.end)

    def _where(self, fits: Callable[[Appointment], bool]) -> list[Appointment]:
        found = [replace(one) for one in self.visits.appointments.values() if fits(one)]
        return sorted(found, key=lambda one: (one.start, one.id))

    async def appointment_history(self, id: str) -> list[HistoryEntry]:
        return list(self.visits.history.get(id, ()))

    async def expired_holds(self, now: datetime, *, limit: int) -> list[str]:
        found = self._where(lambda one: one.state is State.held and one.state_at(now) is State.expired)
        return [one.id for one in sorted(found, key=lambda one: one.held_until or now)][:limit]


def _meet(one: Claim, other: Claim) -> bool:
    return one.subject == other.subject and one.start < other.end and other.start < one.end
