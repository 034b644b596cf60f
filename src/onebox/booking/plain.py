"""What the desk knows as plain values, for programs: instants in UTC, money in minor units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onebox.booking.agenda import Day
    from onebox.booking.answers import Record
    from onebox.booking.appointment import Appointment, State
    from onebox.booking.claims import Offer, Part, Span
    from onebox.booking.reasons import Reason


def plain_appointment(one: Appointment, state: State | None = None) -> dict[str, Any]:
    """`state`: what it is now, where that is known to be another."""
    return {
        "id": one.id,
        "state": (state or one.state).value,
        "start": one.start,
        "end": one.end,
        "parts": [plain_part(part) for part in one.parts],
        "name": one.name,
        "phone": one.phone,
        "language": one.language,
        "note": one.note,
        "client_id": one.client_id,
        "person_id": one.person_id,
        "price": one.price,
        "deposit": one.deposit,
        "currency": one.currency,
        "held_until": one.held_until,
        "created_at": one.created_at,
        "revision": one.revision,
    }


def plain_part(part: Part) -> dict[str, Any]:
    """One service of a visit."""
    return {
        "service": part.service,
        "staff": part.staff,
        "places": list(part.places),
        "start": part.start,
        "end": part.end,
    }


def plain_record(record: Record) -> dict[str, Any]:
    """With its history, in order."""
    history = [
        {
            "what": entry.what.value,
            "before": None if entry.before is None else entry.before.value,
            "start": entry.start,
            "end": entry.end,
            "who": entry.who,
            "reason": entry.reason,
            "at": entry.at,
        }
        for entry in record.history
    ]
    return {**plain_appointment(record.appointment, record.state), "history": history}


def plain_offer(offer: Offer) -> dict[str, Any]:
    """A time that could be booked, and by whom it would be done."""
    return {"start": offer.start, "end": offer.end, "parts": [plain_part(part) for part in offer.parts]}


def plain_reason(reason: Reason) -> dict[str, Any]:
    """One cause. What its spans are, its code says."""
    found = {"code": reason.code, "service": reason.service, "subject": reason.subject}
    return {**{key: value or None for key, value in found.items()}, "spans": plain_spans(reason.spans)}


def plain_day(day: Day) -> dict[str, Any]:
    """People with their hours and what takes them, and the appointments of the day in any state."""
    people = [
        {
            "staff": column.member.id,
            "name": column.member.name,
            "hours": plain_spans(column.hours),
            "taken": plain_spans(column.taken),
        }
        for column in day.columns
    ]
    appointments = [plain_appointment(one) for one in day.appointments]
    return {"date": day.date.isoformat(), "people": people, "appointments": appointments}


def plain_spans(spans: Iterable[Span]) -> list[dict[str, Any]]:
    """From `start` up to `end`."""
    return [{"start": start, "end": end} for start, end in spans]
