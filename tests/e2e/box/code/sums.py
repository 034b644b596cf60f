"""What flows call."""

from __future__ import annotations

_COUNTS: dict[str, int] = {}


def square(number: int) -> int:
    return number * number


def count(name: str) -> dict[str, int]:
    _COUNTS[name] = _COUNTS.get(name, 0) + 1
    return {"count": _COUNTS[name]}


def total(numbers: list[int]) -> int:
    return sum(numbers)


def never() -> None:
    while True:
        pass
