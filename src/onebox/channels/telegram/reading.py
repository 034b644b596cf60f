"""Reads values of strangers: each is what it should be, or nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 2**63


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def integer(value: Any) -> int | None:
    """A whole number that every database can hold.

    >>> integer(True), integer(2**63), integer(-7)
    (None, None, -7)
    """
    return value if type(value) is int and -_LARGEST <= value < _LARGEST else None


def number(value: Any) -> float | None:
    """A number that is finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    found = integer(value)
    return None if found is None else float(found)
