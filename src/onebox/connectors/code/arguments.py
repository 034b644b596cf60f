"""What stands under `with` of a python step, as `onebox check` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from onebox.connectors.code.connector import DEFAULT_MEMORY, split_function
from onebox.connectors.code.names import missing_function
from onebox.flows.definition.fields import FlowModel, Given, Verbatim
from onebox.flows.handlers import StepFailed
from onebox.flows.kinds import StepKind
from onebox.kernel.fields import Duration
from onebox.kernel.sizes import SizeError, parse_size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _function(text: str) -> str:
    try:
        split_function(text)
    except StepFailed:
        raise PydanticCustomError("function", "expected module.name, a function of the folder code/") from None
    return text


def _size(value: Any) -> int:
    try:
        return parse_size(value)
    except SizeError as error:
        raise PydanticCustomError("size", "{reason}", {"reason": error.message}) from None


class PythonArguments(FlowModel):
    """A function of the folder `code/`, and what it is called with."""

    function: Annotated[Verbatim, AfterValidator(_function)]
    """module.name, or package.module:name"""
    args: Given[dict[str, Any]] | None = None
    """keyword arguments"""
    time: Given[Duration] | None = None
    """after which it is stopped; 10s unless told otherwise"""
    memory: Given[Annotated[int, PlainValidator(_size), WithJsonSchema({"type": ["integer", "string"]})]] = (
        DEFAULT_MEMORY
    )
    """that it may use beyond an empty process; 256MB unless told otherwise (Linux)"""


def python_kind(folder: Path | None = None) -> StepKind:
    """`python`; performed by `PythonConnector`. With the box's code `folder`, functions that are not there are found
    before anything runs."""

    def fault(arguments: Mapping[str, Any]) -> tuple[str, str] | None:
        function = arguments.get("function")
        if folder is None or not isinstance(function, str) or "${" in function:
            return None
        missing = missing_function(folder, function)
        return None if missing is None else ("function", missing)

    return StepKind("python", PythonArguments, fault=fault)
