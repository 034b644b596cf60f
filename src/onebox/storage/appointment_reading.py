"""What is read of appointments. See `booking.appointment.AppointmentReader`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from onebox.booking.claims import Span
from onebox.kernel.encoding import to_json
from onebox.storage import tables
from onebox.storage.appointment_rows import AppointmentRows, columns
from onebox.storage.dialects import Say, const, up_to_limit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.booking.appointment import Appointment, HistoryEntry
    from onebox.storage.dialects import Dialect, Values
    from onebox.storage.readers import ReadPool


class AppointmentReading:
    """Reads appointments through a pool of connections."""

    def __init__(self, pool: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._moment = dialect.moment
        self._instant = dialect.instant
        self._visits_rows = AppointmentRows(dialect)
        say = Say(dialect)
        one, claim, entry = tables.appointment, tables.appointment_claim, tables.appointment_entry
        busy = (
            sa.select(claim.c.subject, claim.c.starts_at, claim.c.ends_at)
            .join_from(claim, one, one.c.id == claim.c.appointment_id, isouter=True)
            .where(
                tables.ACTIVE,
                claim.c.appointment_id != sa.bindparam("without"),
                claim.c.subject.in_(dialect.members("subjects")),
                claim.c.ends_at > sa.bindparam("since"),
                claim.c.starts_at < sa.bindparam("until"),
                sa.or_(one.c.id.is_(None), one.c.state != const("held"), one.c.held_until > sa.bindparam("now")),
            )
            .order_by(claim.c.subject, claim.c.starts_at)
        )
        self._visits_busy = say(busy, "without subjects since until now")
        found, by_start = sa.select(*columns(one)), (one.c.starts_at, one.c.id)
        self._visits_one = say(found.where(one.c.id == sa.bindparam("id_")), "id_")
        self._visits_of_request = say(found.where(one.c.request_key == sa.bindparam("key_")), "key_")
        of_client = found.where(one.c.client_id == sa.bindparam("client"), one.c.client_id.is_not(None))
        self._visits_of_client = say(of_client.order_by(*by_start), "client")
        of_person = found.where(one.c.person_id == sa.bindparam("person"), one.c.person_id.is_not(None))
        self._visits_of_person = say(of_person.order_by(*by_start), "person")
        within = found.where(one.c.starts_at >= sa.bindparam("since"), one.c.starts_at < sa.bindparam("until"))
        self._visits_within = say(within.order_by(*by_start), "since until")
        history = sa.select(*columns(entry)).where(entry.c.appointment_id == sa.bindparam("id_"))
        asked = history.where(entry.c.request_key == sa.bindparam("key_"), entry.c.request_key.is_not(None))
        self._visits_asked = say(asked, "id_ key_")
        self._visits_history = say(history.order_by(entry.c.revision), "id_")
        ended = sa.select(one.c.id).where(one.c.state == const("held"), one.c.held_until <= sa.bindparam("now"))
        self._visits_ended = say(up_to_limit(ended.order_by(one.c.held_until)), "now limit")

    async def busy(
        self, subjects: Sequence[str], span: Span, *, now: datetime, without: str | None = None
    ) -> dict[str, list[Span]]:
        """When each of these subjects is taken within the span, whole claims, in order. Holds that ended are not, nor
        is the appointment `without`."""
        instants = (self._instant(span.start), self._instant(span.end), self._instant(now))
        values = (without or "", to_json(list(subjects)), *instants)
        found: dict[str, list[Span]] = {subject: [] for subject in subjects}
        for subject, start, end in await self._pool.run(lambda connection: connection.rows(self._visits_busy, values)):
            found[subject].append(Span(self._moment(start), self._moment(end)))
        return found

    async def appointment(self, id: str) -> Appointment | None:
        """One, by its id."""
        return next(iter(await self._appointments(self._visits_one, (id,))), None)

    async def appointment_of_request(self, key: str) -> Appointment | None:
        """The one that was held under this key."""
        return next(iter(await self._appointments(self._visits_of_request, (key,))), None)

    async def request_to_change(self, id: str, key: str) -> HistoryEntry | None:
        """What was done to an appointment under this key."""
        found = await self._pool.run(lambda connection: connection.rows(self._visits_asked, (id, key)))
        return next((self._visits_rows.entry(row) for row in found), None)

    async def appointments_of_client(self, client_id: str) -> list[Appointment]:
        """All of a client, in order of their start."""
        return await self._appointments(self._visits_of_client, (client_id,))

    async def appointments_of_person(self, person_id: str) -> list[Appointment]:
        """All of somebody who writes to the box, in order of their start."""
        return await self._appointments(self._visits_of_person, (person_id,))

    async def appointments_within(self, span: Span) -> list[Appointment]:
        """Those that begin within it, in any state, in order of their start."""
        return await self._appointments(self._visits_within, (self._instant(span.start), self._instant(span.end)))

    async def _appointments(self, statement: str, values: Values) -> list[Appointment]:
        found = await self._pool.run(lambda connection: connection.rows(statement, values))
        return [self._visits_rows.appointment(row) for row in found]

    async def appointment_history(self, id: str) -> list[HistoryEntry]:
        """What happened to one, in order."""
        found = await self._pool.run(lambda connection: connection.rows(self._visits_history, (id,)))
        return [self._visits_rows.entry(row) for row in found]

    async def expired_holds(self, now: datetime, *, limit: int) -> list[str]:
        """The ids of holds that have ended and were not expired, the oldest first."""
        values = (self._instant(now), limit)
        return [id_ for (id_,) in await self._pool.run(lambda connection: connection.rows(self._visits_ended, values))]
