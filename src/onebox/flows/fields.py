"""Kinds of values that the settings of triggers and steps share."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, LiteralString

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from onebox.kernel.durations import DurationError, parse_duration


def wrong(code: LiteralString, message: str) -> PydanticCustomError:
    """What a validator raises: the message is shown as it is, without pydantic's words around it."""
    return PydanticCustomError(code, "{reason}", {"reason": message})


def _duration(value: Any) -> timedelta:
    try:
        return parse_duration(value)
    except DurationError as error:
        raise wrong("duration_invalid", error.message) from None


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\s*([0-9]+(\.[0-9]+)?(ms|[smhdw])\s*)+$", "examples": ["15m"]}),
]
"""A length of time as people write it: 10s, 15m, 2h, 90d."""
