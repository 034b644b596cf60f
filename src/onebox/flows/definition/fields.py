"""The types that fields of the flow file are made of, also for the arguments and settings that other rooms describe."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

from pydantic import GetPydanticSchema, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from onebox.kernel.durations import DurationError, parse_duration
from onebox.kernel.fields import StrictModel
from onebox.kernel.sizes import SizeError, parse_size

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

AS_WRITTEN = {"as_written": True}
"""The validation context of a flow file: expressions are still texts. Without it, a value must be what it says."""

T = TypeVar("T")


class FlowModel(StrictModel):
    """The base of everything that stands in a flow file."""


def is_expression(value: Any) -> bool:
    """True for a text that holds a `${`."""
    return isinstance(value, str) and "${" in value


def _size(value: Any) -> int:
    try:
        return parse_size(value)
    except SizeError as error:
        raise PydanticCustomError("size", "{reason}", {"reason": error.message}) from None


def _verbatim(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "expected a text")
    if "${" in value:
        raise PydanticCustomError("verbatim", "no expression may stand here")
    return value


Size = Annotated[
    int,
    PlainValidator(_size, json_schema_input_type=str),
    WithJsonSchema({"anyOf": [{"type": "string", "examples": ["5MB"]}, {"type": "integer", "exclusiveMinimum": 0}]}),
]
"""A size such as 500KB, 5MB or 1GB; the number of bytes once it is validated."""

Verbatim = Annotated[str, PlainValidator(_verbatim, json_schema_input_type=str), WithJsonSchema({"type": "string"})]
"""A text in which no expression may stand, such as an SQL statement."""


def _given(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    return core_schema.with_info_wrap_validator_function(_take_expression, handler(source))


def _given_json(schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
    expression = {"type": "string", "pattern": r"\$\{"}
    return {"anyOf": [handler(schema["schema"]), expression]}


def _take_expression(value: Any, handler: core_schema.ValidatorFunctionWrapHandler, info: Any) -> Any:
    if info.context is AS_WRITTEN and is_expression(value):
        return value
    return handler(value)


if TYPE_CHECKING:
    Given = Annotated[T, "or an expression"]
else:

    class Given:
        """`Given[T]`: a T, or a text with `${…}` that gives one. Values that were evaluated must be a T."""

        def __class_getitem__(cls, item: Any) -> Any:
            return Annotated[item, GetPydanticSchema(_given, _given_json)]


_RATE = re.compile(r"\s*([1-9][0-9]{0,5})\s*/\s*(.+)")


class Rate(NamedTuple):
    """So many within so long."""

    times: int
    within: timedelta


def _rate(value: Any) -> Rate:
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    try:
        within = parse_duration(found[2].strip()) if found else timedelta(0)
    except DurationError:
        within = timedelta(0)
    if found is None or not within:
        raise PydanticCustomError(
            "rate", "{reason}", {"reason": f"expected a rate such as 5/1m (five within a minute), got {value!r}"}
        )
    return Rate(int(found[1]), within)


RateText = Annotated[
    Rate,
    PlainValidator(_rate, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "examples": ["5/1m"], "pattern": "^[0-9]+/"}),
]
