"""The shapes of a test file. Validation and the JSON Schema are both made from these."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from onebox.flows.definition.fields import FlowModel
from onebox.flows.testing.values import instant_of
from onebox.kernel.wrong import wrong

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
FORMS = ("result", "fails", "attempts", "times_out", "skipped")
"""An answer that is a mapping with one of these keys and no other is no plain result."""


def _instant(value: Any) -> datetime:
    moment = instant_of(value)
    if moment is None:
        raise wrong("instant", f"expected an instant with its time zone, such as 2026-01-15T12:00:00Z, got {value!r}")
    return moment


Instant = Annotated[
    datetime,
    PlainValidator(_instant, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-01-15T12:00:00Z"]}),
]


def _refused(value: Any) -> bool | str:
    if value is True or (isinstance(value, str) and value):
        return value
    raise wrong("refused", "expected true, or a text that must be in the reason")


Refused = Annotated[
    bool | str | None,
    PlainValidator(_refused, json_schema_input_type=str),
    WithJsonSchema({"anyOf": [{"const": True}, {"type": "string", "minLength": 1}]}),
]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Listed = list[dict[str, Any]]


class FailureFields(FlowModel):
    """How an attempt fails."""

    code: Annotated[str, Field(min_length=1)] = "failed"
    """what `error.code` is"""
    message: str = "failed by a test"
    """what `error.message` is"""
    passing: bool = False
    """whether trying again may help"""
    retry_after: Annotated[float, Field(ge=0)] | None = None
    """the seconds that the other side asks for"""


class ExpectFields(FlowModel):
    """What a run must do. What is not named is not looked at, but for a failure."""

    sends: Listed | None = None
    """the messages, in order: `via`, `to`, and what else the step gives"""
    emits: Listed | None = None
    """the events of the box, in order: `event`, `data`, `key`"""
    logs: Listed | None = None
    """the lines of the log, in order: `text`, `level`, `data`"""
    responds: Listed | None = None
    """the answers to the caller, in order: `status`, `headers`, `body`"""
    calls: dict[str, dict[str, Any] | Listed] | None = None
    """by id or path of a step: the arguments that it was given, or a list of them"""
    steps: list[str | int] | None = None
    """ids or paths of what was performed, in order, each attempt"""
    output: Any = None
    """what the run gives back"""
    error: str | dict[str, Any] | None = None
    """how the run fails: its code, or a mapping such as `{code: …, step: …}`"""
    state: Literal["done", "failed"] | None = None
    """how the run ends"""
    refused: Refused = None
    """that the trigger does not take the event; a text must be in the reason"""


class CaseFields(FlowModel):
    """One case of a test file."""

    name: Name
    """what is shown of it; no other case of the file has it"""
    event: dict[str, Any] | None = None
    """the kind of trigger, and what it is given; without it, the flow's first trigger with nothing"""
    now: Instant = NOW
    """when the run begins"""
    vars: dict[str, Any] = Field(default_factory=dict)
    """in place of those of `box.yaml`, name by name"""
    secrets: dict[str, str] = Field(default_factory=dict)
    """values of secrets; a secret NAME that is not here has the value `secret:NAME`"""
    steps: dict[str, Any] = Field(default_factory=dict)
    """by id or path of a step: what it answers"""
    expect: ExpectFields = Field(default_factory=ExpectFields)
