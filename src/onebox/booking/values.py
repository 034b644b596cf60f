"""Single values of `booking.yaml`, taken where they are of the kind that they must be; `shapes` tells of the others.

So a fault of one value hides none of another.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from onebox.booking.hours import HoursInvalid
from onebox.booking.languages import language_problem
from onebox.booking.money import MoneyInvalid, decimals, minor_units
from onebox.kernel.durations import DurationError, parse_duration
from onebox.kernel.names import NAME_PATTERN, PATTERNS
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from onebox.kernel.document import Location
    from onebox.kernel.reading import DocumentReader

T = TypeVar("T")
_MINUTE = timedelta(minutes=1)


def mapping(raw: Any, key: str) -> dict[str, Any]:
    """What stands under a key, if it is a mapping, else nothing."""
    found = raw.get(key) if isinstance(raw, dict) else None
    return found if isinstance(found, dict) else {}


def texts(raw: Any, key: str) -> list[tuple[int, str]]:
    """The texts of the list under a key, each with its number there."""
    found = raw.get(key) if isinstance(raw, dict) else None
    return [(at, one) for at, one in enumerate(found) if isinstance(one, str)] if isinstance(found, list) else []


def checked_names(reader: DocumentReader, raw: Any, key: str) -> Iterator[tuple[str, Any]]:
    """The entries of a mapping whose keys are names; a key that is none is a fault."""
    from re import fullmatch

    for name, value in mapping(raw, key).items():
        if fullmatch(NAME_PATTERN, name):
            yield name, value
        else:
            reader.fault((key, name), f"expected {PATTERNS[NAME_PATTERN]}, got {name!r}", key=True)


def minutes(
    reader: DocumentReader, raw: Any, location: Location, least: int, default: str = "0m", most: str = ""
) -> timedelta | None:
    """A duration of whole minutes; None if it is none."""
    given = raw.get(location[-1], default) if isinstance(raw, dict) else default
    try:
        found = parse_duration(given)
    except DurationError:
        return None
    if found % _MINUTE:
        reader.fault(location, f"{location[-1]}: expected whole minutes, got {given!r}")
        return None
    if found < least * _MINUTE:
        reader.fault(location, f"{location[-1]}: must be at least {least}m, got {given!r}")
        return None
    if most and found > parse_duration(most):
        reader.fault(location, f"{location[-1]}: must be at most {most}, got {given!r}")
        return None
    return found


def amount(reader: DocumentReader, raw: Any, location: Location, currency: str | None) -> int | None:
    """An amount in minor units; None if it is none, or if the currency is not known."""
    given = raw.get(location[-1]) if isinstance(raw, dict) else None
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        if given is not None:
            reader.fault(location, f'{location[-1]}: expected an amount such as "85.00", got {_kind(given)}')
        return None
    if currency is None:
        return None
    # As it is written: the number 85.10 has lost its last digit.
    return said(reader, location, lambda: minor_units(reader.document.written(location) or "", currency))


def currency_of(reader: DocumentReader, raw: Any) -> str | None:
    """The salon's currency; None, with a fault if it is a text, if it is none."""
    given = raw.get("currency")
    if not isinstance(given, str) or said(reader, ("currency",), lambda: decimals(given)) is None:
        return None
    return given


def languages(reader: DocumentReader, raw: Any, location: Location) -> tuple[str, ...]:
    """The languages of a list, each once."""
    found: list[str] = []
    for at, language in texts(raw, "languages"):
        problem = language_problem(language)
        if problem is None and language in found:
            problem = f"{language!r} stands here twice"
        if problem:
            reader.fault((*location, "languages", at), problem)
        else:
            found.append(language)
    return tuple(found)


def known(
    reader: DocumentReader, raw: Any, location: Location, key: str, what: str, names: Collection[str]
) -> tuple[str, ...]:
    """The names of a list that are known, each once."""
    found: list[str] = []
    for at, name in texts(raw, key):
        if name not in names:
            reader.fault((*location, key, at), f"there is no {what} {name!r}", suggestion(name, names))
        elif name in found:
            reader.fault((*location, key, at), f"{name!r} stands here twice")
        else:
            found.append(name)
    return tuple(found)


def said(reader: DocumentReader, location: Location, parse: Callable[[], T], *, key: bool = False) -> T | None:
    """What was parsed; None, and a fault, if it could not be."""
    try:
        return parse()
    except (HoursInvalid, MoneyInvalid) as error:
        reader.fault(location, error.message, key=key)
        return None


def _kind(value: Any) -> str:
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else str(value).lower()
