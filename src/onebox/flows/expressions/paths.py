"""Walks `event.body.items.0.price` through what it names, and says exactly where a name does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any

from onebox.flows.expressions.failure import ExpressionFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

Key = str | int

_ALIKE = 0.65
_MOST_LISTED = 12
_MOST_COMPARED = 1000
_LONGEST_NAME = 60
"""names are looked at while everyone waits, and a stranger's event may have very many, very long ones"""
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


def nearest(name: str, known: Iterable[str]) -> str | None:
    """
    >>> nearest("amuont", ["amount", "currency"])
    'amount'
    """
    if len(name) > _LONGEST_NAME:
        return None
    candidates = [text for text in map(str, islice(known, _MOST_COMPARED)) if len(text) <= _LONGEST_NAME]
    found = get_close_matches(name, candidates, n=1, cutoff=_ALIKE)
    if found:
        return found[0]
    lowered = {candidate.lower(): candidate for candidate in candidates}
    return lowered.get(name.lower())


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """What to write instead, or what there is."""
    names = sorted({text for text in map(str, islice(known, _MOST_COMPARED)) if len(text) <= _LONGEST_NAME})
    found = nearest(name, names)
    if found:
        return f"did you mean {found!r}?"
    if not names:
        return None
    listed = ", ".join(names[:_MOST_LISTED]) + (", …" if len(names) > _MOST_LISTED else "")
    return f"there is: {listed}"


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
