"""Walks `event.body.items.0.price` through what it names, and says exactly where a name does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from onebox.flows.expressions.failure import ExpressionFailed
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

Key = str | int

_DAY = ("year", "month", "day")
_HOUR = ("hour", "minute", "second", "microsecond")
_ATTRIBUTES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (datetime, _DAY + _HOUR),
    (date, _DAY),
    (time, _HOUR),
    (timedelta, ("days", "seconds")),
)


def dotted(keys: Iterable[Key]) -> str:
    """
    >>> dotted(("event", "items", 0, "content-type"))
    "event.items.0['content-type']"
    """
    parts: list[str] = []
    for key in keys:
        plain = isinstance(key, int) or key.isidentifier()
        parts.append(f".{key}" if plain else f"[{key!r}]")
    return "".join(parts).removeprefix(".")


def walk(scope: Mapping[str, Any], keys: tuple[Key, ...]) -> Any:
    """The value at the end of the path. Raises ExpressionFailed."""
    value: Any = scope
    for depth, key in enumerate(keys):
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            value = _look_closer(value, key, dotted(keys[:depth]))
    return value


def step_into(value: Any, key: Any, before: str = "the value") -> Any:
    """One step of a path that is walked while it is evaluated. Raises ExpressionFailed."""
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return _look_closer(value, key, before)


def _look_closer(value: Any, key: Any, before: str) -> Any:
    """What the quick way misses: numbers as keys of mappings, and the parts of a date. Raises ExpressionFailed."""
    if isinstance(value, Mapping):
        if isinstance(key, int) and str(key) in value:
            return value[str(key)]
        raise _no_name(value, key, before)
    if isinstance(value, (list, tuple)) and isinstance(key, str) and key.isdecimal() and int(key) < len(value):
        return value[int(key)]
    for kind, attributes in _ATTRIBUTES:
        if isinstance(value, kind) and key in attributes:
            return getattr(value, key)
    raise _no_place(value, key, before)


def _no_name(value: Mapping[str, Any], key: Any, before: str) -> ExpressionFailed:
    hint = suggestion(str(key), value)
    if not before:  # the very first name
        return ExpressionFailed("", f"there is no {str(key)!r} here", hint=hint)
    if not value:
        return ExpressionFailed("", f"{before} is empty: it has no {str(key)!r}")
    return ExpressionFailed("", f"{before} has no {str(key)!r}", hint=hint)


def _no_place(value: Any, key: Any, before: str) -> ExpressionFailed:
    what = before
    if value is None:
        hint = f"if it may be null, write `{what}.{key} if {what} else …`" if " " not in what else None
        return ExpressionFailed("", f"{what} is null: it has no {str(key)!r}", hint=hint)
    if isinstance(value, (list, tuple)):
        entries = "1 entry" if len(value) == 1 else f"{len(value)} entries"
        if isinstance(key, int):
            return ExpressionFailed("", f"{what} has {entries}: there is no number {key} (they count from 0)")
        return ExpressionFailed("", f"{what} is a list of {entries}: it has no {str(key)!r}")
    return ExpressionFailed("", f"{what} is {describe(value)}: it has no {str(key)!r}")


def describe(value: Any) -> str:
    """
    >>> describe("abc"), describe(3)
    ('a text', 'a number')
    """
    words: tuple[tuple[Any, str], ...] = (
        (type(None), "null"),
        (bool, "true or false"),
        (str, "a text"),
        ((int, float), "a number"),
        ((list, tuple), "a list"),
        (Mapping, "a mapping"),
        (datetime, "an instant"),
        (date, "a date"),
        (timedelta, "a duration"),
        (bytes, "binary"),
    )
    return next((word for kind, word in words if isinstance(value, kind)), f"a {type(value).__name__}")
