"""The trigger `booking`: what happens to a salon's appointments.

It names the fields of `booking.happenings` and does not load that room, which a box without a salon has no use for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field, RootModel

from onebox.flows.definition.fields import FlowModel
from onebox.flows.kinds import TriggerKind, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Happening = Literal["booked", "moved", "cancelled", "no_show"]
EVENT_NAMES = (
    "appointment", "state", "start", "end", "time_zone", "services", "people", "parts", "name", "phone", "language",
    "note", "client_id", "person_id", "price", "deposit", "currency", "who", "reason", "before",
)  # fmt: skip
_STATES = {"booked": "confirmed", "moved": "confirmed"}
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


class BookingFields(FlowModel):
    """What happened to an appointment."""

    what: Happening
    """which it is"""
    where: dict[str, Any] = Field(default_factory=dict)
    """only events whose data has these values at these dotted paths"""


class BookingSettings(RootModel[Happening | BookingFields]):
    """`booked`, `moved`, `cancelled` or `no_show`; or {what, where}."""

    model_config = ConfigDict(frozen=True, strict=True)

    @property
    def what(self) -> str:
        """What happened."""
        return self.root if isinstance(self.root, str) else self.root.what

    @property
    def where(self) -> Mapping[str, Any]:
        """What the event's data must have, by dotted path."""
        return {} if isinstance(self.root, str) else self.root.where


def booking_trigger() -> TriggerKind:
    """The trigger kind, for the catalogue."""
    return TriggerKind(
        name="booking",
        settings=BookingSettings,
        topic=lambda _flow, settings: f"booking.appointment.{settings.what}",
        names=EVENT_NAMES,
        example=_example,
        given=lambda _settings, data: dict(data),
    )


def _example(settings: BookingSettings, given: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """Tomorrow at the same time, for an hour. Raises EventRefused for what an event does not have."""
    refuse_unknown("booking", given, EVENT_NAMES)
    start, end = at + _DAY, at + _DAY + _HOUR
    part = {"service": "cut", "staff": "olena", "places": ["chair:1"], "start": start, "end": end}
    made: dict[str, Any] = {
        **dict.fromkeys(EVENT_NAMES),
        "appointment": "a1",
        "state": _STATES.get(settings.what, settings.what),
        "start": start,
        "end": end,
        "time_zone": "UTC",
        "services": ["Cut"],
        "people": ["Olena"],
        "parts": [part],
        "name": "Ana",
        "price": 4000,
        "deposit": 0,
        "currency": "EUR",
        "who": "owner",
    }
    if settings.what == "moved":
        made["before"] = {"start": start - _DAY, "end": end - _DAY, "parts": [part]}
    return {**made, **given}
