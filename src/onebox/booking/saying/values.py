"""Dates, times, money and lengths of time as a language writes them.

Texts ask for them by name: `{ DAY($start) }`, `{ DAY($day, form: "short") }`, `{ TIME($start) }`, `{ MONEY($price) }`,
`{ LENGTH($length) }`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_time, get_day_names
from babel.lists import format_list
from babel.numbers import format_currency
from babel.units import format_unit
from fluent.runtime.types import FluentType

from onebox.booking.languages import base_language
from onebox.booking.money import decimals

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

STEERING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""what turns the direction of writing; in a person's name it would turn what follows"""
FUNCTIONS = ("DAY", "TIME", "MONEY", "LENGTH")
_LONGEST_IN_HOURS = timedelta(hours=48)
_UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
_HEBREW_AND = re.compile(r"ו(?=[0-9])")
"""the word joins the next one, but not a number"""


def locale_of(language: str) -> Locale:
    """Babel's rules for a language: its own, else of the language without its country, else English.

    >>> locale_of("pt-BR").territory, locale_of("de-ZZ").language
    ('BR', 'de')
    """
    for code in (language, base_language(language)):
        try:
            return Locale.parse(code, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


class Moment(FluentType):
    """An instant on the salon's clock, or a day. Without a function it is the day and the time."""

    def __init__(self, at: datetime | date) -> None:
        self.at = at

    def format(self, locale: Locale) -> str:
        return (
            f"{day(self.at, locale)}, {time(self.at, locale)}"
            if isinstance(self.at, datetime)
            else day(self.at, locale)
        )


class Length(FluentType):
    """How long something takes."""

    def __init__(self, length: timedelta) -> None:
        self.length = length

    def format(self, locale: Locale) -> str:
        return length(self.length, locale)


def prepared(value: Any, zone: tzinfo) -> Any:
    """A value as texts take it: instants on the salon's clock, words without marks that steer their direction."""
    if isinstance(value, datetime):
        return Moment(value.astimezone(zone))
    if isinstance(value, date):
        return Moment(value)
    if isinstance(value, timedelta):
        return Length(value)
    return STEERING.sub("", value) if isinstance(value, str) else value


def functions(locale: Locale, currency: str) -> dict[str, Callable[..., Any]]:
    """What texts of this language can call. A value of another kind raises TypeError, which Fluent notes."""

    def of_moment(value: Any, form: str = "long") -> str:
        return day(_kind(value, Moment).at, locale, form)

    def of_instant(value: Any) -> str:
        at = _kind(value, Moment).at
        return time(_kind(at, datetime), locale)

    def of_amount(value: Any) -> str:
        return money(int(_kind(value, int)), currency, locale)

    def of_length(value: Any) -> str:
        return length(_kind(value, Length).length, locale)

    return dict(zip(FUNCTIONS, (of_moment, of_instant, of_amount, of_length), strict=True))


def _kind(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__.lower()}, got {type(value).__name__}")
    return value


def day(at: date, locale: Locale, form: str = "long") -> str:
    """
    >>> day(date(2026, 12, 4), Locale("de")), day(date(2026, 12, 4), Locale("uk"), "short")
    ('Freitag, 4. Dezember', 'пт, 4 груд.')
    """
    short = form == "short"
    name = get_day_names("abbreviated" if short else "wide", "format", locale)[at.weekday()]
    return f"{name}, {format_skeleton('MMMd' if short else 'MMMMd', at, locale=locale)}"


def time(at: datetime, locale: Locale) -> str:
    """
    >>> time(datetime(2026, 12, 4, 17, 5), Locale("de"))
    '17:05'
    """
    return format_time(at.time(), "short", locale=locale)


def money(amount: int, currency: str, locale: Locale) -> str:
    """Minor units as money; what is whole has no digits behind the point.

    >>> money(8500, "EUR", Locale("en")), money(8550, "EUR", Locale("en")), money(8500, "JPY", Locale("en"))
    ('€85', '€85.50', '¥8,500')
    """
    exact = Decimal(amount).scaleb(-decimals(currency))
    whole = exact == exact.to_integral_value()
    shape = locale.currency_formats["standard"].pattern.replace(".00", "") if whole else None
    return format_currency(exact, currency, shape, locale=locale, currency_digits=not whole)


def length(given: timedelta, locale: Locale) -> str:
    """
    >>> length(timedelta(minutes=90), Locale("en")), length(timedelta(hours=24), Locale("uk"))
    ('1 hour and 30 minutes', '24 години')
    >>> length(timedelta(days=60), Locale("de"))
    '60 Tage'
    """
    parts = []
    rest = given
    for unit, size in _UNITS.items():
        if unit == "day" and given <= _LONGEST_IN_HOURS:
            continue
        number, rest = divmod(rest, size)
        if number:
            parts.append(format_unit(number, unit, locale=locale))
    said = format_list(parts or [format_unit(0, "minute", locale=locale)], locale=locale)
    return _HEBREW_AND.sub("ו-", said) if locale.language == "he" else said
