"""The shapes of a flow file. Validation and the JSON Schema are both made from these.

A list of steps is taken as it is: each step is validated by itself, by the shape that its own keys ask for, so that
every fault is about one step and none hides another.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from onebox.flows.definition.fields import FlowModel, Given
from onebox.kernel.fields import Duration
from onebox.kernel.names import ID_PATTERN, NAME_PATTERN

PART = "x-part"
"""Stands in the generated schema for a reference to another part, which only the whole schema has."""

StepList = Annotated[
    list[Any], Field(min_length=1), WithJsonSchema({"type": "array", "items": {PART: "step"}, "minItems": 1})
]
Anything = Annotated[Any, WithJsonSchema({})]
Condition = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": r"\$\{"}]})]
CatchShape = Annotated[Any, WithJsonSchema({"anyOf": [{PART: "catch"}, {"type": "array", "items": {PART: "step"}}]})]
Identifier = Annotated[str, Field(pattern=ID_PATTERN, max_length=64)]
FlowName = Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)]


class RetryFields(FlowModel):
    """After a passing failure, try again."""

    times: Annotated[int, Field(ge=1, le=1000)]
    """how many more attempts"""
    wait: Duration = Field(default="1s", validate_default=True)
    """before the first of them"""
    grow: Annotated[float, Field(ge=1, le=100)] = 1.0
    """how many times longer each wait is than the one before"""
    most: Duration = Field(default="1h", validate_default=True)
    """the longest wait"""
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.1
    """the share of a wait by which it is spread"""


class CatchFields(FlowModel):
    """What happens instead of a failure: a value, or steps. Inside, `error` says what happened."""

    value: Anything = None
    steps: StepList | None = None


class StepFields(FlowModel):
    """What every step may have."""

    id: Identifier | None = None
    """the name of its result: `${id.…}`"""
    name: str | None = None
    """what people read"""
    description: str | None = None
    if_: Condition = Field(default=None, alias="if")
    """the step is left out unless this is true"""
    retry: RetryFields | None = None
    timeout: Given[Duration] | None = None
    once: Given[str] | None = None
    """a key: the step is done only once for it, in all runs of the flow"""
    catch: CatchShape = None


class DoStep(StepFields):
    """One action."""

    do: str
    """the kind of step"""
    with_: Anything = Field(default=None, alias="with")
    """its arguments"""


class IfStep(StepFields):
    """`if: …, then: […], else: […]`."""

    if_: Condition = Field(alias="if")
    then: StepList
    else_: StepList | None = Field(default=None, alias="else")


class CaseFields(FlowModel):
    """One case of a switch: exactly one of match, equals, when."""

    match: str | None = None
    """a regular expression (RE2) that is searched for; its groups are `${match.name}`"""
    equals: Anything = None
    """a value, or a list of values"""
    when: Condition = None
    steps: StepList


class SwitchStep(StepFields):
    """The first case that matches is run."""

    switch: Anything
    cases: Annotated[list[Any], Field(min_length=1), WithJsonSchema({"type": "array", "items": {PART: "case"}})]
    else_: StepList | None = Field(default=None, alias="else")


class EachStep(StepFields):
    """A step, or steps, for each item of a list. `retry`, `timeout`, `once` and `catch` are each item's own."""

    each: Anything
    """the list, or an expression that gives it"""
    as_: Identifier | None = Field(default=None, alias="as")
    """the name of the item inside; without it: `each`"""
    parallel: Annotated[int, Field(ge=1, le=1000)] = 1
    """how many at a time"""
    steps: StepList | None = None
    do: str | None = None
    with_: Anything = Field(default=None, alias="with")


class RepeatFields(FlowModel):
    """`times` rounds, or rounds `until` or `while` something is true, `most` of them."""

    times: Annotated[int, Field(ge=1, le=100_000)] | None = None
    most: Annotated[int, Field(ge=1, le=100_000)] | None = None
    until: Condition = None
    while_: Condition = Field(default=None, alias="while")
    pause: Duration | None = None


class RepeatStep(StepFields):
    """Steps again and again."""

    repeat: RepeatFields
    steps: StepList


class ParallelStep(StepFields):
    """Steps at the same time."""

    parallel: StepList


class TryStep(StepFields):
    """`try: […], catch: …, finally: […]`."""

    try_: StepList = Field(alias="try")
    finally_: StepList | None = Field(default=None, alias="finally")


class UntilFields(FlowModel):
    """An instant, or a time of day on the flow's clock."""

    until: Anything


class WaitStep(StepFields):
    """`wait: 3d`, or `wait: {until: …}`."""

    wait: Annotated[Any, WithJsonSchema({"anyOf": [{"type": "string"}, {PART: "until"}]})]


class WaitForFields(FlowModel):
    """An event of this topic whose data has these values at these dotted paths."""

    event: str
    match: Anything = None
    timeout: Given[Duration] | None = None


class WaitForStep(StepFields):
    """Waits for an event."""

    wait_for: WaitForFields


class BlockStep(StepFields):
    """Steps one after another, with a guard, a retry or a catch for all of them."""

    steps: StepList


class LimitFields(FlowModel):
    """What the flow may take."""

    concurrency: Annotated[int, Field(ge=1)] = 100
    """runs at a time"""
    per_sender: Annotated[int, Field(ge=1)] | None = None
    """runs of one sender at a time"""
    time: Duration = Field(default="10m", validate_default=True)
    """a run's working time; waits do not count"""
    items: Annotated[int, Field(ge=1)] = 10_000
    """the longest list that is looped over"""


class FlowFile(FlowModel):
    """A flow, one file each."""

    flow: FlowName
    """its name"""
    description: str | None = None
    on: Annotated[dict[str, Any], WithJsonSchema({PART: "on"})]
    """what starts it: the kind of trigger, and its settings"""
    timezone: str | None = None
    """such as Europe/Berlin; the box's if it is not given"""
    limits: LimitFields = Field(default_factory=LimitFields)
    steps: StepList
    output: Anything = None
    """what the run gives back; without it, the last step's result"""
    on_error: Annotated[
        Any, WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {PART: "step"}}]})
    ] = None
    """a flow to start, or steps to run, when a run fails"""
    keep: Duration | None = None
    """how long ended runs are kept"""


StepShape = Literal["do", "if", "switch", "each", "repeat", "parallel", "try", "wait", "wait_for", "steps"]
SHAPES: dict[StepShape, type[StepFields]] = {
    "do": DoStep,
    "if": IfStep,
    "switch": SwitchStep,
    "each": EachStep,
    "repeat": RepeatStep,
    "parallel": ParallelStep,
    "try": TryStep,
    "wait": WaitStep,
    "wait_for": WaitForStep,
    "steps": BlockStep,
}
