"""Sizes as people write them: 500KB, 1MB, 256MB."""

from __future__ import annotations

import re

from onebox.kernel.errors import OneboxError

_UNITS = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_SIZE = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(b|[kmg]i?b)\s*", re.IGNORECASE)


class SizeError(OneboxError):
    """A text that is no size."""

    code = "size_invalid"


def parse_size(text: object) -> int:
    """The number of bytes; a whole number is one already.

    >>> parse_size("256MB")
    256000000
    >>> parse_size("1.5 KiB")
    1536
    >>> parse_size(2048)
    2048
    """
    if isinstance(text, int) and not isinstance(text, bool) and text > 0:
        return text
    found = _SIZE.fullmatch(text) if isinstance(text, str) else None
    size = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if size <= 0:
        message = f"expected a size such as 500KB, 1MB or 256MB, got {text!r}"
        raise SizeError(message)
    return size
