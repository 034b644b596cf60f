"""JSON as the box writes it in its rows: what goes in comes out equal.

Bytes and instants, which JSON lacks, are kept as `{"$bytes": base64}` and `{"$instant": iso}`; a person's own key
that begins with `$bytes`/`$instant` is kept apart by one more `$`.
"""

from __future__ import annotations

import base64
import math
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pydantic_core

from onebox.kernel.errors import OneboxError

MAX_DEPTH = 100
# A pair of halves, one half alone, or any other escape of JSON.
_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_PLAIN = (str, int, float, bool, type(None))


class EncodingError(OneboxError):
    """A value that cannot be kept, or a text that is no JSON."""

    code = "json_invalid"


def from_json(text: str | bytes) -> Any:
    """Parses strict JSON. Raises EncodingError that says what is wrong, on which line and column."""
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError as error:
        message = f"invalid JSON: {error}"
        raise EncodingError(message) from None


def from_json_of_others(text: bytes) -> Any:
    r"""As `from_json`, of what another program wrote: half a character, which a text that was cut may end with, and
    bytes that are no UTF-8 spoil nothing else.

    >>> from_json_of_others(b'{"text": "cut' + rb"\ud83d" + b'"}')["text"] == "cut" + chr(0xFFFD)
    True
    """
    try:
        return from_json(text)
    except EncodingError:
        whole = text.decode("utf-8", "replace").encode()
        return from_json(_ESCAPE.sub(lambda found: rb"\ufffd" if found["half"] else found[0], whole))


def to_json(value: Any) -> str:
    """JSON text of plain values (dict with str keys, list, str, int, finite float, bool, None)."""
    return pydantic_core.to_json(value, inf_nan_mode="strings").decode()


def normalise(value: Any, depth: int = 0) -> Any:
    """The value as it will look when it is read back from a row, so that a first pass sees what a replay sees.

    Tuples and sets become lists, keys become strings, decimals, dates, times, durations and ids become strings.
    Bytes and aware instants stay. Raises EncodingError for NaN, for nesting over 100, for objects without a meaning.
    """
    if type(value) in _PLAIN:
        if type(value) is float and not math.isfinite(value):
            message = f"{value} cannot be kept: JSON has no such number"
            raise EncodingError(message)
        return value
    if depth > MAX_DEPTH:
        message = f"a value nested more than {MAX_DEPTH} deep cannot be kept"
        raise EncodingError(message)
    if isinstance(value, dict):
        return {str(key): normalise(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [normalise(item, depth + 1) for item in value]
    return _normalise_scalar(value)


def _normalise_scalar(value: Any) -> Any:
    if isinstance(value, str):  # subclasses, such as markup that was made safe
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (bool, int, float)):
        return value
    if hasattr(value, "items"):
        return {str(key): normalise(item, 1) for key, item in value.items()}
    if hasattr(value, "__iter__"):
        return [normalise(item, 1) for item in value]
    message = f"a {type(value).__name__} cannot be kept: {value!r}"
    raise EncodingError(message)


def dump(value: Any) -> str:
    """The row's text of a normalised value; `load` gives an equal value back."""
    return to_json(_tag(value))


def load(text: str | bytes) -> Any:
    """The value that `dump` was given."""
    value = pydantic_core.from_json(text)
    if ('"$' if isinstance(text, str) else b'"$') in text:  # type: ignore[operator]
        return _untag(value)
    return value


def _tag(value: Any) -> Any:
    if isinstance(value, dict):
        return {"$" + key if key.startswith("$") else key: _tag(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tag(item) for item in value]
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"$instant": value.isoformat()}
    return value


def _untag(value: Any) -> Any:
    if isinstance(value, list):
        return [_untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        if "$instant" in value:
            return datetime.fromisoformat(value["$instant"])
    return {key.removeprefix("$"): _untag(item) for key, item in value.items()}
