"""Whether an event is the one that a wait is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onebox.kernel.encoding import normalise

_MISSING = object()


class AnyOf(tuple[Any, ...]):
    """Stands in a match for one of several values."""

    __slots__ = ()


def matches(match: Mapping[str, Any], data: Any) -> bool:
    """True if each dotted path of `match` leads in `data` to an equal value. An empty match takes any event.

    >>> matches({"order.id": 7}, {"order": {"id": 7, "total": 20}})
    True
    >>> matches({"lines.0.sku": "a"}, {"lines": [{"sku": "b"}]})
    False
    >>> matches({"order.note": None}, {"order": {}})
    False
    >>> matches({"state": AnyOf(["paid", "sent"])}, {"state": "sent"})
    True
    """
    return all(_equal(expected, _find(data, path)) for path, expected in match.items())


def _find(data: Any, path: str) -> Any:
    if isinstance(data, Mapping):
        if path in data:
            return data[path]
        head, dot, rest = path.partition(".")
        return _find(data[head], rest) if dot and head in data else _MISSING
    if isinstance(data, list):
        head, dot, rest = path.partition(".")
        if not head.isdecimal() or int(head) >= len(data):
            return _MISSING
        return _find(data[int(head)], rest) if dot else data[int(head)]
    return _MISSING


def _equal(expected: Any, found: Any) -> bool:
    if type(expected) is AnyOf:
        return any(_equal(one, found) for one in expected)
    if found is _MISSING or isinstance(expected, bool) is not isinstance(found, bool):
        return False  # to Python True equals 1; to the author of a flow it does not
    return bool(normalise(expected) == normalise(found))
