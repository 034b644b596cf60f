"""What the shapes of a box's files are made of, whatever the file is about."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from onebox.kernel.durations import DurationError, parse_duration
from onebox.kernel.nearest import did_you_mean
from onebox.kernel.wrong import wrong

DURATION_PATTERN = r"^\s*([0-9]+(\.[0-9]+)?(ms|[smhdw])\s*)+$"


class StrictModel(BaseModel):
    """The base of everything that stands in a file: unknown keys are refused, and nothing is converted."""

    # Validators are built when they are first needed: a box uses few of the kinds that there are.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
        defer_build=True,
    )


def _duration(value: Any) -> timedelta:
    try:
        return parse_duration(value)
    except DurationError as error:
        raise PydanticCustomError("duration", "{reason}", {"reason": error.message}) from None


def _timezone(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong("timezone", f"expected a time zone such as Europe/Berlin, got {value!r}")
    try:
        return zoneinfo.ZoneInfo(value).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = did_you_mean(value, zoneinfo.available_timezones())
        raise wrong("timezone", f"{value!r} is no time zone of the IANA list{near}") from None


Duration = Annotated[
    timedelta,
    PlainValidator(_duration, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "description": "such as 10s, 15m, 2h or 90d"}),
]
"""A length of time such as `10s`, `15m`, `2h`, `90d`; a timedelta once it is validated."""

Timezone = Annotated[
    str,
    PlainValidator(_timezone, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]}),
]
