"""What is told of an appointment to whoever waits for it: events of the box, stored in one unit with the change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.booking.appointment import State, What
from onebox.kernel.encoding import dump
from onebox.messaging.event import Event

if TYPE_CHECKING:
    from onebox.booking.appointment import Appointment, Transition
    from onebox.booking.claims import Part
    from onebox.booking.salon import Salon

SOURCE = "booking"
_BOOKED = frozenset({State.confirmed})
_WORDS = {What.confirmed: "booked", What.moved: "moved", What.cancelled: "cancelled", What.no_show: "no_show"}


def happening(salon: Salon, before: Appointment, after: Appointment, change: Transition, id: str) -> Event | None:
    """The event of a change, under this id; None if nobody is told of it. A hold is told of when it becomes a booking."""
    word = _WORDS.get(change.what)
    if word is None or (before.state not in _BOOKED and change.what is not What.confirmed):
        return None
    data = _data(salon, before, after, change)
    return Event(
        id=id,
        source=SOURCE,
        topic=f"booking.appointment.{word}",
        received_at=change.at,
        data=data,
        payload=dump(data),
        key=f"{after.id}:{after.revision}",
    )


def _data(salon: Salon, before: Appointment, after: Appointment, change: Transition) -> dict[str, Any]:
    moved = change.what is What.moved
    return {
        "appointment": after.id,
        "state": after.state.value,
        "start": after.start,
        "end": after.end,
        "time_zone": salon.time_zone,
        "services": [_service(salon, part) for part in after.parts],
        "people": list(dict.fromkeys(_person(salon, part) for part in after.parts)),
        "parts": _parts(after),
        "name": after.name,
        "phone": after.phone,
        "language": after.language,
        "note": after.note,
        "client_id": after.client_id,
        "person_id": after.person_id,
        "price": after.price,
        "deposit": after.deposit,
        "currency": after.currency,
        "who": change.who,
        "reason": change.reason,
        "before": {"start": before.start, "end": before.end, "parts": _parts(before)} if moved else None,
    }


def _parts(one: Appointment) -> list[dict[str, Any]]:
    return [
        {
            "service": part.service,
            "staff": part.staff,
            "places": list(part.places),
            "start": part.start,
            "end": part.end,
        }
        for part in one.parts
    ]


def _service(salon: Salon, part: Part) -> str:
    known = salon.services.get(part.service)
    return part.service if known is None else known.name[salon.languages[0]]


def _person(salon: Salon, part: Part) -> str:
    known = salon.staff.get(part.staff)
    return part.staff if known is None else known.name
