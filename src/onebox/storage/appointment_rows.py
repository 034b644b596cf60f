"""Appointments as rows, and from rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.booking.appointment import Appointment, HistoryEntry, State, What
from onebox.booking.claims import Part
from onebox.kernel.encoding import dump, load
from onebox.storage import tables
from onebox.storage.session import keepable, maybe_keepable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import sqlalchemy as sa

    from onebox.storage.dialects import Dialect, Values

_APPOINTMENT = (
    "id request_key state held_until starts_at ends_at parts client_id person_id name phone price deposit currency note language"
    " created_at revision"
)
_ENTRY = "appointment_id revision what from_state starts_at ends_at who reason at"


def columns(table: sa.Table) -> list[sa.Column[Any]]:
    """Of `appointment` or `appointment_entry`, in the order in which they are read."""
    return [table.c[name] for name in (_APPOINTMENT if table is tables.appointment else _ENTRY).split()]


class AppointmentRows:
    """Both ways, in the order of `columns`."""

    def __init__(self, dialect: Dialect) -> None:
        self._moment: Callable[[Any], datetime] = dialect.moment
        self._instant = dialect.instant

    def appointment(self, row: Sequence[Any]) -> Appointment:
        id_, key, state, held_until, start, end, parts, client, person, *rest, created_at, revision = row
        name, phone, price, deposit, currency, note, language = rest
        return Appointment(
            id=id_,
            request_key=key,
            state=State(state),
            start=self._moment(start),
            end=self._moment(end),
            parts=tuple(
                Part(service, staff, tuple(places), begins, ends)
                for service, staff, places, begins, ends in load(parts)
            ),
            created_at=self._moment(created_at),
            held_until=None if held_until is None else self._moment(held_until),
            client_id=client,
            person_id=person,
            name=name,
            phone=phone,
            price=price,
            deposit=deposit,
            currency=currency,
            note=note,
            language=language,
            revision=revision,
        )

    def values(self, one: Appointment) -> Values:
        """The row of an appointment."""
        held_until = None if one.held_until is None else self._instant(one.held_until)
        return (
            keepable(one.id),
            keepable(one.request_key),
            one.state.value,
            held_until,
            self._instant(one.start),
            self._instant(one.end),
            dump([[part.service, part.staff, part.places, part.start, part.end] for part in one.parts]),
            maybe_keepable(one.client_id),
            maybe_keepable(one.person_id),
            maybe_keepable(one.name),
            maybe_keepable(one.phone),
            one.price,
            one.deposit,
            one.currency,
            maybe_keepable(one.note),
            maybe_keepable(one.language),
            self._instant(one.created_at),
            one.revision,
        )

    def entry(self, row: Sequence[Any]) -> HistoryEntry:
        id_, revision, what, before, start, end, who, reason, at = row
        return HistoryEntry(
            appointment_id=id_,
            revision=revision,
            what=What(what),
            before=None if before is None else State(before),
            start=self._moment(start),
            end=self._moment(end),
            who=who,
            reason=reason,
            at=self._moment(at),
        )

    def entry_values(self, one: HistoryEntry) -> Values:
        """The row of an entry."""
        before = None if one.before is None else one.before.value
        times = (self._instant(one.start), self._instant(one.end))
        who, reason = keepable(one.who), maybe_keepable(one.reason)
        return (
            keepable(one.appointment_id),
            one.revision,
            one.what.value,
            before,
            *times,
            who,
            reason,
            self._instant(one.at),
        )
