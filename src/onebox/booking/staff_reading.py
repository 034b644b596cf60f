"""Reads one person of `booking.yaml`: languages, hours, exceptions, holidays."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from onebox.booking.hours import DAY, WEEKDAYS, parse_date, parse_days, parse_hours, parse_weekdays
from onebox.booking.salon import StaffMember
from onebox.booking.values import languages, mapping, said, texts

if TYPE_CHECKING:
    from datetime import date

    from onebox.booking.hours import Windows
    from onebox.kernel.document import Location
    from onebox.kernel.reading import DocumentReader

_Days = list[tuple["date", "date"]]


def read_member(reader: DocumentReader, name: str, raw: Any, spoken: tuple[str, ...]) -> StaffMember:
    """The person as far as it can be read; what is wrong is noted. `spoken` are the salon's languages."""
    location = ("staff", name)
    called = raw.get("name") if isinstance(raw, dict) else None
    holidays = _holidays(reader, raw, location)
    return StaffMember(
        id=name,
        name=called if isinstance(called, str) else name,
        languages=languages(reader, raw, location) or spoken,
        week=_week(reader, raw, location),
        exceptions=_exceptions(reader, raw, location, holidays),
        holidays=tuple(sorted(holidays)),
    )


def _week(reader: DocumentReader, raw: Any, location: Location) -> tuple[Windows, ...]:
    week: list[Windows] = [()] * 7
    named: dict[int, str] = {}
    for days, text in mapping(raw, "hours").items():
        place = (*location, "hours", days)
        numbers = said(reader, place, lambda days=days: parse_weekdays(days), key=True) or []  # type: ignore[misc]
        hours = _hours(reader, text, place)
        for number in numbers:
            if number in named:
                first = f", first in {named[number]!r}" if named[number] != days else ""
                reader.fault(place, f"{WEEKDAYS[number]} has its hours twice{first}", key=True)
            else:
                named[number], week[number] = days, hours
    _check_nights(reader, week, named, location)
    return tuple(week)


def _hours(reader: DocumentReader, text: Any, place: Location) -> Windows:
    return (said(reader, place, lambda: parse_hours(text)) or ()) if isinstance(text, str) else ()


def _check_nights(reader: DocumentReader, week: list[Windows], named: dict[int, str], location: Location) -> None:
    """Hours past midnight may not meet those of the day after. Within a day, `parse_hours` has looked."""
    for day, (tonight, tomorrow) in enumerate(pairwise([*week, week[0]])):
        if tonight and tomorrow and tonight[-1].end - DAY > tomorrow[0].start:
            after = (day + 1) % 7
            message = f"{tonight[-1]} on {WEEKDAYS[day]} and {tomorrow[0]} on {WEEKDAYS[after]} overlap"
            reader.fault((*location, "hours", named[after]), message)


def _holidays(reader: DocumentReader, raw: Any, location: Location) -> _Days:
    found: _Days = []
    for at, text in texts(raw, "holidays"):
        place = (*location, "holidays", at)
        days = said(reader, place, lambda text=text: parse_days(text))  # type: ignore[misc]
        if days is not None:
            found.append(days)
    return found


def _exceptions(reader: DocumentReader, raw: Any, location: Location, holidays: _Days) -> dict[date, Windows]:
    found: dict[date, Windows] = {}
    for text, hours in mapping(raw, "exceptions").items():
        place = (*location, "exceptions", text)
        day = said(reader, place, lambda text=text: parse_date(text), key=True)  # type: ignore[misc]
        windows = _hours(reader, hours, place)
        if day is None:
            continue
        if any(first <= day <= last for first, last in holidays):
            hint = "take it out of one of them"
            reader.fault(place, f"{text} is an exception and a holiday", hint, key=True)
        found[day] = windows
    return found


def longest_stretch(member: StaffMember) -> int:
    """The most minutes that this person works without a pause, on the clock."""
    longest = max((end - start for windows in member.exceptions.values() for start, end in windows), default=0)
    began, ended = 0, -1
    # Two weeks: a night may lead from Sunday to Monday.
    for day, windows in enumerate(member.week * 2):
        for start, end in windows:
            if start + day * DAY > ended:
                began = start + day * DAY
            ended = end + day * DAY
            longest = max(longest, ended - began)
    return longest
