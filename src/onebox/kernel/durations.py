"""Durations as people write them: 10s, 15m, 2h, 90d."""

from __future__ import annotations

import re
from datetime import timedelta

from onebox.kernel.errors import OneboxError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"\s*(?:[0-9]+(?:\.[0-9]+)?(?:ms|[smhdw])\s*)+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhdw])")
_LONGEST = timedelta(days=36525)


class DurationError(OneboxError):
    """A text that is no duration."""

    code = "duration_invalid"


def parse_duration(text: object) -> timedelta:
    """
    >>> parse_duration("1h 30m")
    datetime.timedelta(seconds=5400)
    >>> parse_duration("250ms")
    datetime.timedelta(microseconds=250000)
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        message = f"expected a duration such as 10s, 15m, 2h or 90d, got {text!r}"
        raise DurationError(message)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if seconds > _LONGEST.total_seconds():
        message = f"{text!r} is longer than a hundred years"
        raise DurationError(message)
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """
    >>> format_duration(timedelta(seconds=5400))
    '1h 30m'
    >>> format_duration(timedelta(0))
    '0s'
    """
    rest = round(duration.total_seconds() * 1000)
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
