"""Reads `booking.yaml`: the salon that it describes, or all that is wrong with it, each fault at its place."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.booking.salon import Policies, Salon
from onebox.booking.service_reading import read_service
from onebox.booking.shapes import SalonFields
from onebox.booking.staff_reading import read_member
from onebox.booking.values import checked_names, currency_of, languages, mapping, minutes
from onebox.kernel.document import DocumentInvalid, read_document
from onebox.kernel.durations import format_duration
from onebox.kernel.nearest import suggestion
from onebox.kernel.reading import DocumentReader

if TYPE_CHECKING:
    from onebox.kernel.faults import Fault

_BEGINNING = "a salon has `currency`, `languages`, `staff` and `services`"
_NO_PLACE = "staff"
_DAY = timedelta(days=1)
_MOST = {"horizon": "731d"}
_LEAST = {"lead_time": 0, "horizon": 1, "slot_step": 1, "hold": 1, "cancellation_window": 0}


def read_salon(file: str, text: str, time_zone: str = "UTC") -> tuple[Salon | None, list[Fault]]:
    """The salon of a file, or None and all its faults. `time_zone` is the box's, for a salon that names none."""
    try:
        document = read_document(file, text, _BEGINNING)
    except DocumentInvalid as invalid:
        return None, [invalid.fault]
    reader = DocumentReader(document, list(document.faults))
    raw = document.value
    if not isinstance(raw, dict):
        reader.fault((), "expected a salon", _BEGINNING)
        return None, reader.faults
    fields = reader.model(SalonFields, raw, ())
    salon = _salon(reader, raw, (fields.time_zone if fields else None) or time_zone)
    return (None if reader.faults else salon), sorted(set(reader.faults))


def _salon(reader: DocumentReader, raw: dict[str, Any], time_zone: str) -> Salon:
    spoken = languages(reader, raw, ())
    currency = currency_of(reader, raw)
    staff = {name: read_member(reader, name, one, spoken) for name, one in checked_names(reader, raw, "staff")}
    places = _places(reader, raw)
    around = {"languages": spoken, "currency": currency, "places": places}
    services = {
        name: service
        for name, one in checked_names(reader, raw, "services")
        if (service := read_service(reader, name, one, around, staff)) is not None
    }
    return Salon(
        time_zone=time_zone,
        currency=currency or "",
        languages=spoken,
        staff=staff,
        services=services,
        places=places,
        policies=_policies(reader, raw),
        texts=_texts(reader, raw, spoken),
    )


def _places(reader: DocumentReader, raw: dict[str, Any]) -> dict[str, int]:
    found = dict(checked_names(reader, raw, "places"))
    if _NO_PLACE in found:
        # A claim of `staff:1` would be the person's and the place's.
        reader.fault(
            ("places", _NO_PLACE), f"a place cannot be called {_NO_PLACE!r}", "such as chair or room", key=True
        )
    return found


def _policies(reader: DocumentReader, raw: dict[str, Any]) -> Policies:
    given = mapping(raw, "policies")
    usual = Policies()
    found = {name: getattr(usual, name) for name in _LEAST}
    for name, least in _LEAST.items():
        if name in given:
            length = minutes(reader, given, ("policies", name), least, most=_MOST.get(name, ""))
            found[name] = found[name] if length is None else length
    policies = Policies(**found)
    if _DAY % policies.slot_step:
        message = f"slot_step: {format_duration(policies.slot_step)} does not divide a day evenly"
        reader.fault(("policies", "slot_step"), message, "such as 5m, 10m, 15m, 20m, 30m, 1h")
    if policies.lead_time >= policies.horizon:
        lead, horizon = format_duration(policies.lead_time), format_duration(policies.horizon)
        message = f"with a lead_time of {lead} and a horizon of {horizon}, no time can be booked"
        reader.fault(("policies", "lead_time" if "lead_time" in given else "horizon"), message)
    return policies


def _texts(reader: DocumentReader, raw: dict[str, Any], spoken: tuple[str, ...]) -> dict[str, dict[str, str]]:
    found = {}
    for language, texts in mapping(raw, "texts").items():
        if language in spoken:
            found[language] = texts
        else:
            hint = suggestion(language, spoken)
            reader.fault(("texts", language), f"the salon does not speak {language!r}", hint, key=True)
    return found
