"""The shapes of `booking.yaml`. Its JSON Schema is made from these; what they cannot say, `reading` checks."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from onebox.booking.hours import WEEKDAYS
from onebox.kernel.fields import Duration, StrictModel, Timezone
from onebox.kernel.names import NAME_PATTERN

_DAY = rf"({'|'.join(WEEKDAYS)})"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HOURS = {"type": "string", "examples": ["09:00-13:00, 14:00-18:00", "closed"]}
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}

WeekHours = Annotated[
    dict[str, str],
    WithJsonSchema(
        {
            "type": "object",
            "patternProperties": {rf"^{_DAY}(-{_DAY})?(, *{_DAY}(-{_DAY})?)*$": _HOURS},
            "additionalProperties": False,
        }
    ),
]
Exceptions = Annotated[
    dict[str, str],
    WithJsonSchema({"type": "object", "patternProperties": {rf"^{_DATE}$": _HOURS}, "additionalProperties": False}),
]
Holiday = Annotated[str, WithJsonSchema({"type": "string", "pattern": rf"^{_DATE}(\.\.{_DATE})?$"})]
Amount = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["85.00"]})]
"""`reading` takes it as it is written, so that 85.10 is 85.10"""
Name = Annotated[Any, WithJsonSchema(_TEXTS)]
Count = Annotated[int, Field(ge=1, le=100)]


class PolicyFields(StrictModel):
    """What holds for every booking."""

    lead_time: Duration = Field(default="2h", validate_default=True)
    """how long before its start a visit can still be booked"""
    horizon: Duration = Field(default="60d", validate_default=True)
    """how far ahead"""
    slot_step: Duration = Field(default="15m", validate_default=True)
    """visits start on multiples of it, on the salon's clock"""
    hold: Duration = Field(default="10m", validate_default=True)
    """how long a time is kept for who is booking it"""
    cancellation_window: Duration = Field(default="24h", validate_default=True)
    """how long before its start a client can still cancel"""


class StaffFields(StrictModel):
    """A person who is booked."""

    name: str
    """as clients read it"""
    languages: list[str] | None = None
    """that this person speaks; the salon's, if none are named"""
    hours: WeekHours
    """by days of the week"""
    exceptions: Exceptions = Field(default_factory=dict)
    """by date, instead of the hours of that day"""
    holidays: list[Holiday] = Field(default_factory=list)
    """days, or first and last day"""


class GapFields(StrictModel):
    """The time within a service in which its person is free; the place is not."""

    after: Duration
    """how long after the start of the service it begins"""
    length: Duration
    """how long it is"""


class ServiceFields(StrictModel):
    """What can be booked."""

    name: Name
    """as clients read it: one text, or one for each language"""
    duration: Duration
    """what the client sees, the gap within"""
    before: Duration = Field(default="0m", validate_default=True)
    """to prepare"""
    after: Duration = Field(default="0m", validate_default=True)
    """to clean up"""
    gap: GapFields | None = None
    """when the person is free in the middle"""
    price: Amount
    """in the salon's currency"""
    deposit: Amount = 0
    """what is paid at booking"""
    staff: Annotated[list[str], Field(min_length=1)] | None = None
    """who does it; everyone, if nobody is named"""
    needs: list[str] = Field(default_factory=list)
    """kinds of places, one of each"""


class SalonFields(StrictModel):
    """A salon that can be booked."""

    time_zone: Timezone | None = None
    """whose clock it follows; the box's, if none is named"""
    currency: str
    """ISO 4217"""
    languages: Annotated[list[str], Field(min_length=1)]
    """that clients may choose; the first is the salon's own"""
    policies: PolicyFields = Field(default_factory=lambda: PolicyFields.model_validate({}))
    staff: Annotated[dict[str, StaffFields], Field(min_length=1)]
    """by a name of small letters"""
    places: dict[str, Count] = Field(default_factory=dict)
    """kinds of chairs or rooms, and how many"""
    services: Annotated[dict[str, ServiceFields], Field(min_length=1)]
    """by a name of small letters"""
    texts: dict[str, dict[str, str]] = Field(default_factory=dict)
    """of the dialogue, by language"""


def salon_schema() -> dict[str, Any]:
    """The JSON Schema of `booking.yaml`, for editors; JSON Schema 2020-12."""
    schema = SalonFields.model_json_schema()
    for part in ("staff", "services", "places"):
        schema["properties"][part]["propertyNames"] = {"pattern": NAME_PATTERN}
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **schema, "title": "Onebox: a salon"}
