"""Walks `event.body.items.0.price` through what it names, and says exactly where a name does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from onebox.flows.expressions.failure import ExpressionFailed

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
            value = _look_closer(value, key, keys[:depth])
    return value


def step_into(value: Any, key: Any) -> Any:
    """One step of a path that is known only while it is evaluated."""
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return _look_closer(value, key, ())


def nearest(name: str, known: Iterable[str]) -> str | None:
    """
    >>> nearest("amuont", ["amount", "currency"])
    'amount'
    """
    candidates = [candidate for candidate in known if isinstance(candidate, str)]
    found = get_close_matches(name, candidates, n=1, cutoff=0.6)
    if found:
        return found[0]
    lowered = {candidate.lower(): candidate for candidate in candidates}
    return lowered.get(name.lower())


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """What to write instead, or what there is."""
    names = sorted({candidate for candidate in known if isinstance(candidate, str)})
    found = nearest(name, names)
    if found:
        return f"did you mean {found!r}?"
    if not names:
        return None
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"there is: {listed}"


def _look_closer(value: Any, key: Any, before: tuple[Key, ...]) -> Any:
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


def _no_name(value: Mapping[str, Any], key: Any, before: tuple[Key, ...]) -> ExpressionFailed:
    hint = suggestion(str(key), value)
    if not before:
        return ExpressionFailed("", f"there is no {str(key)!r} here", hint=hint)
    if not value:
        return ExpressionFailed("", f"{dotted(before)} is empty: it has no {str(key)!r}")
    return ExpressionFailed("", f"{dotted(before)} has no {str(key)!r}", hint=hint)


def _no_place(value: Any, key: Any, before: tuple[Key, ...]) -> ExpressionFailed:
    what = dotted(before) or "the value"
    if value is None:
        hint = f"if it may be missing, write `{what}.{key} if {what} else …`" if before else None
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
