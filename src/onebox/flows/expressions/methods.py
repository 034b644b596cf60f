"""The methods that an expression may call: those that look and never change.

minijinja would call any method of a Python object that it meets (`${event.clear()}` empties the event for everyone),
so expressions never reach one: `x.name(…)` is rewritten to a call of `call_method`, which knows these alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from onebox.flows.expressions.failure import ExpressionFailed
from onebox.flows.expressions.paths import describe
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_TEXT = 10_000_000
_FORMAT = re.compile(r"(?:[^%]|%-?[A-Za-z%])*")  # no widths: strftime would pad to any length


def replace(text: str, old: str, new: str, count: int = -1) -> str:
    """`str.replace` that does not grow without bounds."""
    times = text.count(old) if count < 0 else min(count, text.count(old))
    if len(text) + times * (len(new) - len(old)) > LONGEST_TEXT:
        raise _too_long()
    return text.replace(old, new, count)


def _too_long() -> ExpressionFailed:
    return ExpressionFailed("", f"the result would be longer than {LONGEST_TEXT:,} characters")


def strftime(value: date | time, pattern: str) -> str:
    """Formats with the letters of strftime, without widths."""
    if not _FORMAT.fullmatch(pattern):
        reason = f"{pattern!r} is no date format"
        raise ExpressionFailed("", reason, hint="use letters such as %d.%m.%Y %H:%M")
    return value.strftime(pattern)


def join(separator: str, items: Any) -> str:
    """`str.join` that does not grow without bounds."""
    texts, length = [], 0
    for item in items:
        texts.append(str(item))
        length += len(texts[-1]) + len(separator)
        if length > LONGEST_TEXT + len(separator):
            raise _too_long()
    return separator.join(texts)


_TEXT: dict[str, Callable[..., Any]] = {
    name: getattr(str, name)
    for name in (
        "upper lower strip lstrip rstrip split rsplit splitlines startswith endswith title capitalize swapcase "
        "find rfind count index partition rpartition removeprefix removesuffix "
        "isdigit isalpha isalnum isdecimal isnumeric isspace isupper islower istitle isidentifier casefold"
    ).split()
} | {"replace": replace, "join": join}
_MAPPING: dict[str, Callable[..., Any]] = {
    "get": lambda mapping, key, default=None: mapping.get(key, default),
    "keys": lambda mapping: list(mapping.keys()),
    "values": lambda mapping: list(mapping.values()),
    "items": lambda mapping: [list(pair) for pair in mapping.items()],
}
_SEQUENCE: dict[str, Callable[..., Any]] = {
    "count": lambda sequence, item: list(sequence).count(item),
    "index": lambda sequence, item: list(sequence).index(item),
}
_DATE: dict[str, Callable[..., Any]] = {
    "isoformat": lambda value, *rest: value.isoformat(*rest),
    "strftime": strftime,
    "weekday": lambda value: value.weekday(),
    "isoweekday": lambda value: value.isoweekday(),
}
_METHODS: tuple[tuple[Any, dict[str, Callable[..., Any]]], ...] = (
    (str, _TEXT),
    (Mapping, _MAPPING),
    ((list, tuple), _SEQUENCE),
    (datetime, _DATE | {"timestamp": datetime.timestamp, "date": datetime.date, "time": datetime.time}),
    (date, _DATE),
    (time, {"isoformat": time.isoformat, "strftime": strftime}),
    (timedelta, {"total_seconds": timedelta.total_seconds}),
)
METHOD_NAMES = frozenset(name for _, methods in _METHODS for name in methods)


def call_method(value: Any, name: str, *arguments: Any, **named: Any) -> Any:
    """`value.name(arguments)`. Raises ExpressionFailed when such a value has no such method."""
    for kind, methods in _METHODS:
        if isinstance(value, kind):
            if name in methods:
                return methods[name](value, *arguments, **named)
            reason = f"{describe(value)} has no method {name}()"
            raise ExpressionFailed("", reason, hint=suggestion(name, methods))
    reason = f"{describe(value)} has no method {name}()"
    raise ExpressionFailed("", reason)
