"""The desk of a salon: what chats, web pages, the command line and flows may ask of it, and nobody goes past it.

It reads through a port and writes through the ledger of changes. What it looked at may have changed when it writes:
then the ledger says so, and the desk looks again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from onebox.booking.agenda import day_of_salon
from onebox.booking.answers import Cancelled, Client, Record, TooLate, Unavailable
from onebox.booking.appointment import (
    Appointment,
    Cancel,
    Changed,
    Confirm,
    Finish,
    Held,
    Hold,
    Move,
    NotPossible,
    OtherContents,
    Outdated,
    Replayed,
    State,
    Taken,
    What,
    advance,
    first,
)
from onebox.booking.claims import Span
from onebox.booking.days import day_span
from onebox.booking.happenings import happening
from onebox.booking.reasons import explain
from onebox.booking.slots import openings
from onebox.booking.timetable import Timetable
from onebox.booking.visit import Wish, planned
from onebox.messaging.event import StoreEvent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import date, datetime

    from onebox.booking.agenda import Day
    from onebox.booking.appointment import AppointmentReader, Outcome, Transition
    from onebox.booking.claims import Offer
    from onebox.booking.reasons import Reason
    from onebox.booking.salon import Salon
    from onebox.booking.slots import Openings
    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Change
    from onebox.messaging.event import Event

    Commit = Callable[[Sequence[Change[Any]]], Awaitable[list[Any]]]

_TRIES = 20
"""each time somebody else was faster, so that one who asks comes through"""
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_AROUND = 2 * _DAY
"""what is taken so long before and after a start is looked at: who has least to do counts by whole days"""
_AFTER = 14 * _DAY
_NEAREST = 3
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What is asked for, whatever comes of it."""

    wish: Wish
    start: datetime
    client: Client
    who: str
    key: str
    reason: str | None
    id: str


class Desk:
    """Carries out what is asked of a salon. Keep it while the salon is the same, as it knows the hours. `ids()` makes an id; `commit` makes changes durable, all or none.

    `follows(event)` are the changes that belong to an event of the desk's, for whoever waits for it.
    Every method that is given a wish raises WishInvalid.
    """

    def __init__(
        self,
        salon: Salon,
        reader: AppointmentReader,
        commit: Commit,
        clock: Clock,
        ids: Callable[[], str],
        follows: Callable[[Event], Sequence[Change[Any]]] = lambda _event: (),
    ) -> None:
        self.salon = salon
        self.zone = ZoneInfo(salon.time_zone)
        self._timetable = Timetable(salon)
        self._reader = reader
        self._commit = commit
        self._clock = clock
        self._ids = ids
        self._follows = follows

    # --- what is free ---

    async def offers(self, wish: Wish, day: date, days: int = 1) -> list[Offer]:
        """What can be booked on so many days from `day` on, of the salon's calendar, in order of its start."""
        span = Span(day_span(self.zone, day).start, day_span(self.zone, day + (days - 1) * _DAY).end)
        return (await self._openings(wish, span, None)).offers()

    async def explain(self, wish: Wish, start: datetime) -> list[Reason]:
        """Why a visit cannot start then; nothing if it can."""
        return await self._reasons(wish, start.astimezone(UTC), None)

    # --- what is booked ---

    async def hold(
        self,
        wish: Wish,
        start: datetime,
        *,
        who: str,
        key: str,
        client: Client | None = None,
        reason: str | None = None,
        id: str | None = None,
    ) -> Held | Replayed | OtherContents | Unavailable:
        """Keeps a time for as long as the salon's policy says. `key` is the request's: asked again, it is one hold."""
        return await self._take(self._request(wish, start, client, who, key, reason, id), book=False)

    async def book(
        self,
        wish: Wish,
        start: datetime,
        *,
        who: str,
        key: str,
        client: Client | None = None,
        reason: str | None = None,
        id: str | None = None,
    ) -> Changed | Replayed | OtherContents | Unavailable:
        """Holds a time and confirms it, in one unit."""
        found = await self._take(self._request(wish, start, client, who, key, reason, id), book=True)
        return found.also[0] if isinstance(found, Held) else found

    async def confirm(self, id: str, *, who: str, key: str | None = None, reason: str | None = None) -> Outcome:
        """A hold becomes a booking; one that has ended too, while its time is free."""
        return await self._change(id, Confirm(id=id, who=who, key=key, reason=reason, at=self._clock.now()))

    async def move(
        self,
        id: str,
        start: datetime,
        *,
        who: str,
        key: str,
        staff: str | Sequence[str] | None = None,
        reason: str | None = None,
    ) -> Outcome | Unavailable:
        """The same services at another time, by the same people unless `staff` says otherwise. What is in the way
        leaves it where it was; its own time is not in its way."""
        start, taken = start.astimezone(UTC), None
        for _ in range(_TRIES):
            known = await self._moved_before(id, start, key)
            found = await self._reader.appointment(id)
            if known is not None or found is None:
                return known or NotPossible(None)
            state = found.state_at(self._clock.now())
            if state not in {State.held, State.confirmed}:
                return NotPossible(state)
            wish = Wish([part.service for part in found.parts], staff or [part.staff for part in found.parts])
            offer = await self._offer(wish, start, id)
            if offer is None:
                return await self._unavailable(wish, start, taken, id)
            move = Move(id=id, who=who, key=key, reason=reason, at=self._clock.now(), offer=offer)
            answer = await self._write(found, move)
            if not isinstance(answer, (Taken, Outdated, OtherContents)):
                return answer
            taken = answer if isinstance(answer, Taken) else taken
        return answer

    async def cancel(
        self, id: str, *, who: str, key: str | None = None, reason: str | None = None, override: bool = False
    ) -> Outcome | Cancelled | TooLate:
        """Gives a time back: a booking up to the salon's cancellation window before its start, or whenever with
        `override`; a hold at any time."""
        found, now = await self._reader.appointment(id), self._clock.now()
        if found is None:
            return NotPossible(None)
        until = found.start - self.salon.policies.cancellation_window
        late = found.state is State.confirmed and now > until
        asked_before = key is not None and await self._reader.request_to_change(id, key) is not None
        if late and not (override or asked_before):
            return TooLate(found, until)
        answer = await self._change(id, Cancel(id=id, who=who, key=key, reason=reason, at=now))
        return Cancelled(answer.appointment, late) if isinstance(answer, Changed) else answer

    async def finish(
        self,
        id: str,
        as_: Literal[State.done, State.no_show],
        *,
        who: str,
        key: str | None = None,
        reason: str | None = None,
    ) -> Outcome:
        """The client came, or did not."""
        return await self._change(id, Finish(id=id, who=who, key=key, reason=reason, at=self._clock.now(), as_=as_))

    # --- what is known ---

    async def appointment(self, id: str) -> Record | None:
        """One with its history; None if there is none."""
        found = await self._reader.appointment(id)
        if found is None:
            return None
        return Record(found, found.state_at(self._clock.now()), await self._reader.appointment_history(id))

    async def day(self, day: date) -> Day:
        """A day of the salon's calendar."""
        return (await self._days(day, 1))[0]

    async def week(self, day: date) -> list[Day]:
        """The seven days from the Monday before, or on, this day."""
        return await self._days(day - day.weekday() * _DAY, _WEEK)

    async def _days(self, first_day: date, number: int) -> list[Day]:
        dates = [first_day + more * _DAY for more in range(number)]
        around = Span(day_span(self.zone, dates[0]).start - _AROUND, day_span(self.zone, dates[-1]).end)
        busy = await self._busy(around, None)
        found = await self._reader.appointments_within(around)
        for one in found:
            one.state = one.state_at(self._clock.now())
        return [day_of_salon(self.salon, one, busy, found) for one in dates]

    # --- looking ---

    async def _busy(self, span: Span, without: str | None) -> Mapping[str, Sequence[Span]]:
        salon = self.salon
        subjects = [member.subject for member in salon.staff.values()]
        subjects += [place for kind in salon.places for place in salon.subjects(kind)]
        return await self._reader.busy(subjects, span, now=self._clock.now(), without=without)

    async def _openings(self, wish: Wish, span: Span, without: str | None) -> Openings:
        busy = await self._busy(self._around(wish, span), without)
        return openings(self._timetable, wish, span, self._clock.now(), busy)

    async def _offer(self, wish: Wish, start: datetime, without: str | None) -> Offer | None:
        return (await self._openings(wish, Span(start, start + _MINUTE), without)).offer(start)

    async def _reasons(self, wish: Wish, start: datetime, without: str | None) -> list[Reason]:
        busy = await self._busy(self._around(wish, Span(start, start)), without)
        return explain(self.salon, wish, start, self._clock.now(), busy)

    def _around(self, wish: Wish, span: Span) -> Span:
        before, after = planned(self.salon, wish).reach
        return Span(span.start + before * _MINUTE - _AROUND, span.end + after * _MINUTE + _AROUND)

    async def _unavailable(self, wish: Wish, start: datetime, taken: Taken | None, without: str | None) -> Unavailable:
        now, policies = self._clock.now(), self.salon.policies
        near = min(max(start, now + policies.lead_time), now + policies.horizon)
        free = await self._openings(wish, Span(near - _DAY, near + _AFTER), without)
        nearest = sorted(free.starts(), key=lambda at: abs(at - near))[:_NEAREST]
        reasons = await self._reasons(wish, start, without)
        return Unavailable(reasons, sorted(nearest), taken)

    # --- writing ---

    def _request(
        self,
        wish: Wish,
        start: datetime,
        client: Client | None,
        who: str,
        key: str,
        reason: str | None,
        id_: str | None,
    ) -> _Request:
        planned(self.salon, wish)
        return _Request(
            wish=wish,
            start=start.astimezone(UTC),
            client=client or Client(),
            who=who,
            key=key,
            reason=reason,
            id=id_ or self._ids(),
        )

    async def _take(self, asked: _Request, *, book: bool) -> Held | Replayed | OtherContents | Unavailable:
        taken: Taken | None = None
        for _ in range(_TRIES):
            # What was chosen for the first request may be chosen otherwise now, so the key is looked up before.
            known = await self._held_before(asked)
            if known is not None:
                return known
            offer = await self._offer(asked.wish, asked.start, None)
            if offer is None:
                break
            [answer] = await self._commit([self._hold(asked, offer, book=book)])
            if isinstance(answer, (Held, Replayed)):
                return answer
            taken = answer if isinstance(answer, Taken) else taken
        return await self._unavailable(asked.wish, asked.start, taken, None)

    def _hold(self, asked: _Request, offer: Offer, *, book: bool) -> Hold:
        services, client, now = self.salon.services, asked.client, self._clock.now()
        hold = Hold(
            id=asked.id,
            who=asked.who,
            at=now,
            key=asked.key,
            reason=asked.reason,
            offer=offer,
            until=now + self.salon.policies.hold,
            client_id=client.client_id,
            person_id=client.person_id,
            name=client.name,
            phone=client.phone,
            price=sum(services[name].price for name in asked.wish.services),
            deposit=sum(services[name].deposit for name in asked.wish.services),
            currency=self.salon.currency,
            note=client.note,
            language=client.language,
        )
        if book:
            confirm = Confirm(id=hold.id, who=hold.who, at=now, reason=hold.reason)
            hold.then = [self._with_event(first(hold), confirm)]
        return hold

    async def _held_before(self, asked: _Request) -> Replayed | OtherContents | None:
        found = await self._reader.appointment_of_request(asked.key)
        if found is None:
            return None
        history = await self._reader.appointment_history(found.id)
        moved = any(entry.what is What.moved for entry in history)
        people = [asked.wish.staff] * len(found.parts) if isinstance(asked.wish.staff, str) else asked.wish.staff
        same = (
            history[0].start == asked.start
            and [part.service for part in found.parts] == list(asked.wish.services)
            and (moved or all(who in {"any", part.staff} for who, part in zip(people, found.parts, strict=True)))
            and _client(found) == asked.client
        )
        return Replayed(found) if same else OtherContents(asked.key, found.id)

    async def _moved_before(self, id_: str, start: datetime, key: str) -> Replayed | OtherContents | None:
        entry = await self._reader.request_to_change(id_, key)
        found = None if entry is None else await self._reader.appointment(id_)
        if entry is None or found is None:
            return None
        same = entry.what is What.moved and entry.start == start
        return Replayed(found) if same else OtherContents(key, id_)

    async def _change(self, id_: str, change: Transition) -> Outcome:
        for _ in range(_TRIES):
            found = await self._reader.appointment(id_)
            answer = NotPossible(None) if found is None else await self._write(found, change)
            if not isinstance(answer, Outdated):
                return answer
        return answer

    async def _write(self, found: Appointment, change: Transition) -> Outcome:
        change = replace(change, revision=found.revision)
        [answer] = await self._commit([self._with_event(found, change)])
        return answer  # type: ignore[no-any-return]

    def _with_event(self, before: Appointment, change: Transition) -> Transition:
        """With what is told of it, which is told if it is made."""
        after = advance(before, change)
        if isinstance(after, Appointment):
            event = happening(self.salon, before, after, change, self._ids())
            change.then = [] if event is None else [StoreEvent(event, self._follows(event))]
        return change


def _client(one: Appointment) -> Client:
    return Client(one.name, one.phone, one.language, one.note, one.client_id, one.person_id)
