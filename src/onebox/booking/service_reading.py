"""Reads one service of `booking.yaml`: its names, lengths, money, and who can do it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.booking.money import decimals
from onebox.booking.salon import Gap, Service
from onebox.booking.staff_reading import longest_stretch
from onebox.booking.values import amount, known, mapping, minutes
from onebox.kernel.durations import format_duration
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.booking.salon import StaffMember
    from onebox.kernel.document import Location
    from onebox.kernel.reading import DocumentReader

_LONGEST = "24h"


def read_service(
    reader: DocumentReader, name: str, raw: Any, around: Mapping[str, Any], staff: Mapping[str, StaffMember]
) -> Service | None:
    """The service, or None if it has no length or price; what is wrong is noted. `around`: the salon's `languages`,
    its `currency` if that is known, and the names of its `places`."""
    location = ("services", name)
    duration = minutes(reader, raw, (*location, "duration"), 1, default="", most=_LONGEST)
    before, after = (minutes(reader, raw, (*location, key), 0, most=_LONGEST) for key in ("before", "after"))
    price = amount(reader, raw, (*location, "price"), around["currency"])
    service = Service(
        id=name,
        name=_name(reader, raw, location, around["languages"]),
        duration=duration or timedelta(0),
        staff=_staff(reader, raw, location, staff),
        price=price or 0,
        deposit=_deposit(reader, raw, location, price, around["currency"]),
        before=before or timedelta(0),
        after=after or timedelta(0),
        gap=_gap(reader, raw, location, duration),
        needs=known(reader, raw, location, "needs", "place", around["places"]),
    )
    if duration is not None and not any(_can_do(service, staff[one]) for one in service.staff) and service.staff:
        _too_long(reader, location, service, staff)
    return None if duration is None or price is None else service


def _name(reader: DocumentReader, raw: Any, location: Location, spoken: tuple[str, ...]) -> dict[str, str]:
    given = raw.get("name") if isinstance(raw, dict) else None
    place = (*location, "name")
    if isinstance(given, str):
        return dict.fromkeys(spoken, given)
    if not isinstance(given, dict):
        if given is not None:
            reader.fault(place, "name: expected a text, or one for each language")
        return {}
    for language, text in given.items():
        if language not in spoken:
            hint = suggestion(language, spoken)
            reader.fault((*place, language), f"the salon does not speak {language!r}", hint, key=True)
        elif not isinstance(text, str):
            reader.fault((*place, language), f"{language}: expected a text")
    for language in spoken:
        if language not in given:
            reader.fault(place, f"there is no name in {language!r}", f"add {language}: to it")
    return {language: text for language, text in given.items() if isinstance(text, str)}


def _staff(reader: DocumentReader, raw: Any, location: Location, staff: Mapping[str, StaffMember]) -> tuple[str, ...]:
    if not isinstance(raw, dict) or raw.get("staff") is None:
        return tuple(staff)
    named = known(reader, raw, location, "staff", "person", staff)
    return tuple(one for one in staff if one in named)


def _deposit(reader: DocumentReader, raw: Any, location: Location, price: int | None, currency: str | None) -> int:
    place = (*location, "deposit")
    deposit = amount(reader, raw, place, currency)
    if deposit is not None and price is not None and currency is not None and deposit > price:
        message = f"a deposit of {_shown(deposit, currency)} is above the price of {_shown(price, currency)}"
        reader.fault(place, message, "ask for the price at most")
    return deposit or 0


def _shown(amount: int, currency: str) -> str:
    digits = decimals(currency)
    return f"{amount / 10**digits:.{digits}f} {currency}"


def _gap(reader: DocumentReader, raw: Any, location: Location, duration: timedelta | None) -> Gap | None:
    given, place = mapping(raw, "gap"), (*location, "gap")
    after = minutes(reader, given, (*place, "after"), 1, default="")
    length = minutes(reader, given, (*place, "length"), 1, default="")
    if after is None or length is None:
        return None
    if duration is not None and after + length >= duration:
        message = (
            f"the gap ends {format_duration(after + length)} after the start of what lasts {format_duration(duration)}"
        )
        reader.fault(place, message, "a gap lies in the middle: after + length must be shorter than the duration")
    return Gap(after, length)


def _stretch(service: Service) -> timedelta:
    """The longest time that the person is at it without a pause."""
    if service.gap is None:
        return service.duration
    return max(service.gap.after, service.duration - service.gap.after - service.gap.length)


def _can_do(service: Service, member: StaffMember) -> bool:
    return _stretch(service) <= timedelta(minutes=longest_stretch(member))


def _too_long(reader: DocumentReader, location: Location, service: Service, staff: Mapping[str, StaffMember]) -> None:
    best = max((staff[one] for one in service.staff), key=longest_stretch)
    most = timedelta(minutes=longest_stretch(best))
    takes = format_duration(_stretch(service))
    message = f"nobody can do it: it takes {takes} without a pause, and {best.id} works {format_duration(most)} at most"
    reader.fault(location, message, "shorten it, or lengthen the hours of who does it", key=True)
