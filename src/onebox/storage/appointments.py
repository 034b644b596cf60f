"""Appointments, written. Nobody else books while a unit that books is open, so what is read first stays true:

1. Postgres: the transaction takes the turn of bookings, one for the whole box, and keeps it to its end. It is one and not
   one a subject: a transaction holds the units of many, and two that lock subjects in turn would wait for each other.
   SQLite: BEGIN IMMEDIATE is that turn.
2. What stands in the way is read. A hold that has ended is expired; anything else is the answer `Taken`.
3. The claims are written. Who waited for no turn (a person at `psql`) may have been faster by one that nobody could see
   yet: then the constraint of the table refuses ours, the unit is undone and done again, and step 2 finds who has the time.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.booking.appointment import (
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
from onebox.kernel.encoding import to_json
from onebox.storage import tables
from onebox.storage.appointment_rows import AppointmentRows, columns
from onebox.storage.session import keepable, maybe_keepable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from onebox.booking.appointment import HistoryEntry, NotPossible, Outdated, Transition
    from onebox.booking.claims import Offer
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session

_TURN = "select pg_advisory_xact_lock(hashtext('onebox booking'))"


class Appointments:
    """Writes appointments. `apply` is how further changes of a unit are written."""

    def __init__(self, say: Say, apply: Callable[[Session, Any], Any]) -> None:
        self._apply = apply
        self._rows = AppointmentRows(say.dialect)
        self._moment = say.dialect.moment
        self._turn = _TURN if say.dialect.name == "postgresql" else None
        table, claim, history = tables.appointment, tables.appointment_claim, tables.appointment_entry
        read, of_key = columns(table), table.c.request_key == sa.bindparam("key_")
        self._one = say(sa.select(*read).where(table.c.id == sa.bindparam("id_")), "id_")
        self._of_key = say(sa.select(table.c.request_digest, *read).where(of_key), "key_")
        self._insert = say.insert(table, *(column.name for column in read), "request_digest")
        changing = "state held_until starts_at ends_at parts revision".split()
        self._changing = [[column.name for column in read].index(name) for name in changing]
        update = sa.update(table).values({name: sa.bindparam(f"new_{name}") for name in changing})
        names = " ".join(f"new_{name}" for name in changing)
        self._update = say(update.where(table.c.id == sa.bindparam("id_")), f"{names} id_")

        of_appointment = claim.c.appointment_id == sa.bindparam("id_")
        own = sa.select(claim.c.subject, claim.c.starts_at, claim.c.ends_at).where(of_appointment)
        self._own = say(own, "id_")
        self._claim = say.insert(claim, "appointment_id", "subject", "starts_at", "ends_at", "active")
        self._drop = say(sa.delete(claim).where(of_appointment), "id_")
        self._in_the_way = say(_in_the_way(say), "wanted id_")

        read = columns(history)
        self._keep = say.insert(history, *(column.name for column in read), "request_key", "request_digest")
        asked = (history.c.appointment_id == sa.bindparam("id_"), history.c.request_key == sa.bindparam("key_"))
        was = sa.select(history.c.request_digest).where(*asked, history.c.request_key.is_not(None))
        self._was = say(was, "id_ key_")
        self.appliers: dict[type, Callable[[Session, Any], Any]] = {
            Hold: self.hold,
            **dict.fromkeys(TRANSITION_KINDS, self.change),
        }

    def hold(self, session: Session, change: Hold) -> Held | Taken | Replayed | OtherContents:
        self._take_turn(session)
        asked, wanted = digest(change), _wanted(change.offer)
        look = (self._in_the_way, (_given(wanted), keepable(change.id)))
        known, in_the_way = session.rows_of((self._of_key, (keepable(change.key),)), look)
        for was, *row in known:
            found = self._rows.appointment(row)
            return Replayed(found) if was == asked else OtherContents(change.key, found.id)
        taken = self._make_way(session, change, wanted, in_the_way)
        if taken is not None:
            return taken
        made = first(change)
        self._put(session, keepable(made.id), wanted)
        session.do(self._insert, (*self._rows.values(made), asked))
        self._tell(session, entry(None, made, What.held, change))
        return Held(made, self._further(session, change))

    def change(
        self, session: Session, change: Transition
    ) -> Changed | Taken | Replayed | OtherContents | NotPossible | Outdated:
        self._take_turn(session)
        id_, key = keepable(change.id), change.key
        rows, asked_before = session.rows_of((self._one, (id_,)), (self._was, (id_, maybe_keepable(key))))
        found = next((self._rows.appointment(row) for row in rows), None)
        if found is not None and key is not None:
            for (was,) in asked_before:
                return Replayed(found) if was == digest(change) else OtherContents(key, found.id)
        after = advance(found, change)
        if found is None or not isinstance(after, Appointment):
            assert not isinstance(after, Appointment)
            return after
        taken = self._have_time(session, change, found)
        if taken is not None:
            return taken
        self._write(session, after)
        self._tell(session, entry(found.state, after, change.what, change), change)
        return Changed(after, self._further(session, change))

    def _take_turn(self, session: Session) -> None:
        if self._turn is not None:
            session.do(self._turn, ())

    def _have_time(self, session: Session, change: Transition, found: Appointment) -> Taken | None:
        if isinstance(change, Move):
            wanted = _wanted(change.offer)
        elif isinstance(change, Confirm) and found.state_at(change.at) is State.expired:
            own = session.rows(self._own, (found.id,))
            wanted = [Claim(subject, self._moment(start), self._moment(end)) for subject, start, end in own]
        else:
            return None
        taken = self._make_way(session, change, wanted)
        if taken is None:
            session.do(self._drop, (found.id,))
            self._put(session, found.id, wanted)
        return taken

    def _put(self, session: Session, id_: str, claims: Sequence[Claim]) -> None:
        for one in claims:
            session.do(self._claim, (id_, one.subject, session.instant(one.start), session.instant(one.end), True))

    def _make_way(
        self,
        session: Session,
        change: Hold | Transition,
        wanted: Sequence[Claim],
        found: Sequence[tuple[Any, ...]] | None = None,
    ) -> Taken | None:
        """Expires the ended holds that stand in the way, if nothing else does. `found`, if it was looked for."""
        ended: dict[str, Appointment] = {}
        while wanted:
            rows = found
            if rows is None:
                rows = session.rows(self._in_the_way, (_given(wanted), keepable(change.id)))
            looked = []
            for subject, start, end, by, until, *row in rows:
                span = Span(self._moment(start), self._moment(end))
                other = None if row[0] is None else self._rows.appointment(row)  # a claim may have been written by hand
                if other is None or other.state_at(change.at) is not State.expired:
                    return Taken(subject, span, by)
                ended[by] = other
                if span.end < self._moment(until):
                    looked.append(Claim(subject, span.end, self._moment(until)))
            wanted, found = looked, None
        for other in ended.values():
            after = expired(other)
            self._write(session, after)
            self._tell(session, expiry(after, change))
        return None

    def _write(self, session: Session, after: Appointment) -> None:
        values = self._rows.values(after)
        session.do(self._update, (*(values[at] for at in self._changing), after.id))

    def _tell(self, session: Session, told: HistoryEntry, asked: Transition | None = None) -> None:
        keyed = asked is not None and asked.key is not None
        request = (maybe_keepable(asked.key), digest(asked)) if asked is not None and keyed else (None, None)
        session.do(self._keep, (*self._rows.entry_values(told), *request))

    def _further(self, session: Session, change: Hold | Transition) -> list[Any]:
        return [self._apply(session, one) for one in change.then]


def _wanted(offer: Offer) -> list[Claim]:
    return apart(Claim(keepable(one.subject), one.start, one.end) for one in offer.claims)


def _in_the_way(say: Say) -> sa.Select[Any]:
    """The first claim within each that is wanted. As no two overlap, it is the first that ends after the start of it."""
    table, claim = tables.appointment, tables.appointment_claim
    wanted = say.dialect.lists("wanted", claim.c.subject, claim.c.starts_at, claim.c.ends_at)
    other = claim.alias("other")
    of_others = (other.c.subject == wanted.c.subject, other.c.appointment_id != sa.bindparam("id_"))
    later = sa.select(sa.func.min(other.c.ends_at)).where(
        sa.text("other.active"), *of_others, other.c.ends_at > wanted.c.starts_at
    )
    first_one = (claim.c.subject == wanted.c.subject, claim.c.ends_at == later.scalar_subquery())
    of_claim = (claim.c.subject, claim.c.starts_at, claim.c.ends_at, claim.c.appointment_id)
    return (
        sa.select(*of_claim, wanted.c.ends_at.label("until"), *columns(table))
        .join_from(wanted, claim, sa.and_(tables.ACTIVE, *first_one))
        .join(table, table.c.id == claim.c.appointment_id, isouter=True)
        .where(claim.c.starts_at < wanted.c.ends_at)
        .order_by(claim.c.starts_at, claim.c.subject)
    )


def _given(wanted: Sequence[Claim]) -> str:
    return to_json([[one.subject, _text(one.start), _text(one.end)] for one in wanted])


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
