"""Plain values of documents: whether two are the same, how alike they are, what of them is a number."""

from __future__ import annotations

import re
from typing import Any

from onebox.kernel.durations import DurationError, parse_duration
from onebox.kernel.sizes import SizeError, parse_size

_WORD = re.compile(r"\w+")
_MOST_WORDS = 200


def same(before: Any, after: Any) -> bool:
    """Whether they mean the same: keys may stand in any order, and 1 is not true.

    >>> same({"a": 1, "b": [2]}, {"b": [2], "a": 1}), same(1, True), same(float("nan"), float("nan"))
    (True, False, True)
    """
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(same(value, after[key]) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(same, before, after))
    return type(before) is type(after) and repr(before) == repr(after)


def likeness(before: frozenset[str], after: frozenset[str]) -> float:
    """How much of two sets of marks is shared, 0 to 1.

    >>> likeness(marks({"to": "ana"}), marks({"to": "bilal"})) < likeness(marks({"to": "ana"}), marks({"to": "ana"}))
    True
    """
    either = len(before | after)
    return len(before & after) / either if either else 1.0


def marks(value: Any, path: str = "") -> frozenset[str]:
    """What two values are compared by: each key, and each word of each text, with its place."""
    found: set[str] = {path}
    if isinstance(value, dict):
        for key, item in value.items():
            found |= marks(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            found |= marks(item, f"{path}[]")
    elif isinstance(value, str):
        found |= {f"{path}={word}" for word in _WORD.findall(value)[:_MOST_WORDS]}
    else:
        found.add(f"{path}={value!r}")
    return frozenset(found)


def amount(value: Any) -> float | None:
    """A number, a length of time in seconds or a size in bytes as a number; None: it is none of these.

    >>> amount(20), amount("2m"), amount("5MB"), amount("${vars.most}"), amount(True)
    (20.0, 120.0, 5000000.0, None, None)
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return None
    try:
        return parse_duration(value).total_seconds()
    except DurationError:
        pass
    try:
        return float(parse_size(value))
    except SizeError:
        return None


def equal(before: Any, after: Any) -> bool:
    """Like `same`, and lengths of time that are as long are equal: `90s` and `1m 30s`."""
    if same(before, after):
        return True
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    first, second = amount(before), amount(after)
    return first is not None and first == second
