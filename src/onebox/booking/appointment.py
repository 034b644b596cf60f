"""An appointment: what it is, what may happen to it, and what came of asking for it.

`docs/concepts/appointments.md` draws the states. Storage carries the changes out, and holds by itself that no two
appointments have the same subject at the same time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from onebox.booking.claims import Claim
from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from onebox.booking.claims import Offer, Part, Span


class State(StrEnum):
    """What an appointment is. A hold whose end has passed is `expired`, whether or not its row says so already."""

    held = "held"
    confirmed = "confirmed"
    done = "done"
    no_show = "no_show"
    cancelled = "cancelled"
    expired = "expired"


class What(StrEnum):
    """What happened to an appointment, in the words of its history."""

    held = "held"
    confirmed = "confirmed"
    moved = "moved"
    cancelled = "cancelled"
    done = "done"
    no_show = "no_show"
    expired = "expired"


TRANSITIONS: Mapping[What, Mapping[State, State]] = {
    What.confirmed: {State.held: State.confirmed, State.expired: State.confirmed},
    What.moved: {State.held: State.held, State.confirmed: State.confirmed},
    What.cancelled: {State.held: State.cancelled, State.confirmed: State.cancelled},
    What.done: {State.confirmed: State.done},
    What.no_show: {State.confirmed: State.no_show},
    What.expired: {State.expired: State.expired},  # once, when the hold has ended
}
"""from which state to which; what is not here is not possible"""

TAKING = frozenset({State.held, State.confirmed, State.done})
"""the states in which nobody else may have the time"""


@dataclass(slots=True)
class Appointment:
    """A visit, as it was kept. `price` and `deposit` are minor units of `currency`.

    `client_id` is a client card and `person_id` somebody who writes to the box, where they are known;
    `name` and `phone` are as they were given at booking. `held_until` is the end of a hold, and stays where the hold
    ended. `revision` counts what happened, from 1.
    """

    id: str
    request_key: str
    state: State
    start: datetime
    end: datetime
    parts: tuple[Part, ...]
    created_at: datetime
    held_until: datetime | None = None
    client_id: str | None = None
    person_id: str | None = None
    name: str | None = None
    phone: str | None = None
    price: int = 0
    deposit: int = 0
    currency: str = "EUR"
    note: str | None = None
    language: str | None = None
    revision: int = 1

    def state_at(self, now: datetime) -> State:
        """What it is at this instant: a hold ends by itself."""
        ended = self.state is State.held and self.held_until is not None and self.held_until <= now
        return State.expired if ended else self.state


@dataclass(slots=True)
class HistoryEntry:
    """What happened to an appointment, and who did it. `before` is its state until then, `start` and `end` its time
    from then on."""

    appointment_id: str
    revision: int
    what: What
    before: State | None
    start: datetime
    end: datetime
    who: str
    reason: str | None
    at: datetime


# --- changes ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Asked:
    """`key` names the request: one that comes again does nothing again. `then` are further changes of the same unit,
    made only where this one is."""

    id: str
    who: str
    at: datetime
    key: str | None = None
    reason: str | None = None
    then: Sequence[Change[Any]] = ()


@dataclass(slots=True, kw_only=True)
class Hold(_Asked, Change["Held | Taken | Replayed | OtherContents"]):
    """Takes the time of an offer until `until`, under the new id `id`. Confirmed in the same unit, it is booked at once.

    Holds of others that have ended by `at`, and are in its way, are expired with it.
    """

    key: str
    offer: Offer
    until: datetime
    client_id: str | None = None
    person_id: str | None = None
    name: str | None = None
    phone: str | None = None
    price: int = 0
    deposit: int = 0
    currency: str = "EUR"
    note: str | None = None
    language: str | None = None


@dataclass(slots=True, kw_only=True)
class _Transition(_Asked, Change["Changed | Taken | Replayed | OtherContents | NotPossible | Outdated"]):
    """`revision`: made only if the appointment is still as it was read."""

    revision: int | None = None


@dataclass(slots=True, kw_only=True)
class Confirm(_Transition):
    """A hold becomes a booking; one that has ended too, if its time is still free."""

    what: ClassVar[What] = What.confirmed


@dataclass(slots=True, kw_only=True)
class Move(_Transition):
    """Another time, or other people and places. Where they are taken, everything stays as it was."""

    offer: Offer
    what: ClassVar[What] = What.moved


@dataclass(slots=True, kw_only=True)
class Cancel(_Transition):
    """Gives the time back."""

    what: ClassVar[What] = What.cancelled


@dataclass(slots=True, kw_only=True)
class Finish(_Transition):
    """The visit took place (`done`), and its time stays taken; or the client did not come, and what is left is free."""

    as_: Literal[State.done, State.no_show]

    @property
    def what(self) -> What:
        return What.done if self.as_ is State.done else What.no_show


@dataclass(slots=True, kw_only=True)
class Expire(_Transition):
    """A hold that has ended gives its time back."""

    what: ClassVar[What] = What.expired


Transition = Confirm | Move | Cancel | Finish | Expire
TRANSITION_KINDS: tuple[type[Transition], ...] = (Confirm, Move, Cancel, Finish, Expire)


# --- what comes of them -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Held:
    """The time is taken. `also`: what came of the further changes."""

    appointment: Appointment
    also: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Changed:
    """It happened. `also`: what came of the further changes."""

    appointment: Appointment
    also: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Taken:
    """Somebody was faster: the appointment `by` has `subject` for `span`. Nothing was done."""

    subject: str
    span: Span
    by: str


@dataclass(slots=True)
class Replayed:
    """The request was carried out before; this is what its appointment is now. Nothing was done."""

    appointment: Appointment


@dataclass(slots=True)
class OtherContents:
    """The key of the request was used before, for something else, of this appointment. Nothing was done."""

    key: str
    appointment_id: str


@dataclass(slots=True)
class NotPossible:
    """Not in the state that it is in; None: there is no such appointment. Nothing was done."""

    state: State | None


@dataclass(slots=True)
class Outdated:
    """It is not any more as it was read. Nothing was done."""

    appointment: Appointment


Outcome = Held | Changed | Taken | Replayed | OtherContents | NotPossible | Outdated


# --- deciding, for all who carry the changes out ----------------------------------------------------------------------


def first(change: Hold) -> Appointment:
    """The appointment that a hold makes."""
    offer = change.offer
    return Appointment(
        id=change.id,
        request_key=change.key,
        state=State.held,
        start=offer.start,
        end=offer.end,
        parts=offer.parts,
        created_at=change.at,
        held_until=change.until,
        client_id=change.client_id,
        person_id=change.person_id,
        name=change.name,
        phone=change.phone,
        price=change.price,
        deposit=change.deposit,
        currency=change.currency,
        note=change.note,
        language=change.language,
    )


def advance(found: Appointment | None, change: Transition) -> Appointment | NotPossible | Outdated:
    """What the appointment becomes, if its time can be had."""
    if found is None:
        return NotPossible(None)
    if change.revision not in {None, found.revision}:
        return Outdated(found)
    state = found.state_at(change.at)
    to = TRANSITIONS[change.what].get(state)
    if to is None or (change.what is What.expired and found.state is State.expired):
        return NotPossible(state)
    after = replace(found, state=to, revision=found.revision + 1)
    if isinstance(change, Confirm):
        after.held_until = None
    if isinstance(change, Move):
        after.start, after.end, after.parts = change.offer.start, change.offer.end, change.offer.parts
    return after


def expired(found: Appointment) -> Appointment:
    """What becomes of a hold that has ended."""
    return replace(found, state=State.expired, revision=found.revision + 1)


def entry(before: State | None, after: Appointment, what: What, change: Hold | Transition) -> HistoryEntry:
    """What the history says of a change that was made."""
    times = (after.start, after.end)
    return HistoryEntry(after.id, after.revision, what, before, *times, change.who, change.reason, change.at)


def expiry(after: Appointment, change: Hold | Transition) -> HistoryEntry:
    """What its history says of a hold that ended for somebody who wanted the time."""
    why = f"the hold had ended, and {change.id} takes the time"
    times = (after.start, after.end)
    return HistoryEntry(after.id, after.revision, What.expired, State.held, *times, change.who, why, change.at)


def digest(change: Hold | Transition) -> str:
    """What is asked for, whoever asks and whenever: the same for a request that comes again."""
    offer = getattr(change, "offer", None)
    asked: list[Any] = [None if offer is None else _as_asked(offer)]
    if isinstance(change, Hold):
        asked += [change.client_id, change.person_id, change.price, change.deposit, change.currency]
        asked += [change.note, change.language, change.name, change.phone]
    else:
        asked += [change.what.value, change.id]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _as_asked(offer: Offer) -> list[Any]:
    parts = [[part.service, part.staff, part.places, *_told(part.start, part.end)] for part in offer.parts]
    claims = [[claim.subject, *_told(claim.start, claim.end)] for claim in offer.claims]
    return [*_told(offer.start, offer.end), parts, claims]


def _told(start: datetime, end: datetime) -> tuple[str, str]:
    return start.isoformat(), end.isoformat()


def apart(claims: Iterable[Claim]) -> list[Claim]:
    """The same times, by subject and start, none over another of its subject: a visit is not in its own way."""
    found: list[Claim] = []
    for claim in sorted(claims, key=lambda one: (one.subject, one.start)):
        last = found[-1] if found else None
        if last is not None and last.subject == claim.subject and claim.start < last.end:
            found[-1] = Claim(last.subject, last.start, max(last.end, claim.end))
        else:
            found.append(claim)
    return found


class AppointmentReader(Protocol):
    """Reads appointments. Never waits for the writer."""

    async def busy(
        self, subjects: Sequence[str], span: Span, *, now: datetime, without: str | None = None
    ) -> dict[str, list[Span]]:
        """When each of these subjects is taken within the span, whole claims, in order. Holds that ended are not, nor
        is the appointment `without`."""
        ...

    async def appointment(self, id: str) -> Appointment | None:
        """One, by its id."""
        ...

    async def appointment_of_request(self, key: str) -> Appointment | None:
        """The one that was held under this key."""
        ...

    async def request_to_change(self, id: str, key: str) -> HistoryEntry | None:
        """What was done to an appointment under this key."""
        ...

    async def appointments_of_client(self, client_id: str) -> list[Appointment]:
        """All of a client, in order of their start."""
        ...

    async def appointments_of_person(self, person_id: str) -> list[Appointment]:
        """All of somebody who writes to the box, in order of their start."""
        ...

    async def appointments_within(self, span: Span) -> list[Appointment]:
        """Those that begin within it, in any state, in order of their start."""
        ...

    async def appointment_history(self, id: str) -> list[HistoryEntry]:
        """What happened to one, in order."""
        ...

    async def expired_holds(self, now: datetime, *, limit: int) -> list[str]:
        """The ids of holds that have ended and were not expired, the oldest first."""
        ...
