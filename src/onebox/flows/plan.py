"""A flow made ready to run: what the definition compiles to and the machine walks through.

Nothing here is parsed or looked up again while runs are going: formulas are compiled, files are read, kinds are bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pydantic import BaseModel

    from onebox.flows.kinds import StepKind


class Formula(Protocol):
    """A value of the flow file, compiled: a constant, an expression, a text with expressions, or a tree of these."""

    source: Any
    """as its author wrote it"""

    def __call__(self, scope: Mapping[str, Any]) -> Any:
        """The value under these names. Raises `flows.expressions.ExpressionFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the flow file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Retry:
    """After a passing failure: up to `times` more attempts, `wait` before the first, then `grow` times longer each,
    never over `most`, spread by up to `jitter` (a share of the wait, 0 to 1)."""

    times: int
    wait: timedelta
    grow: float = 1.0
    most: timedelta = timedelta(hours=1)
    jitter: float = 0.1


@dataclass(frozen=True, slots=True)
class Action:
    """`do: kind, with: arguments`."""

    kind: StepKind
    arguments: Callable[[Mapping[str, Any]], Any]
    """gives the dict of arguments, checked against nothing: the step kind's handler validates what was an expression"""


@dataclass(frozen=True, slots=True)
class Block:
    """Steps one after another; its result is the last step's."""

    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class If:
    """`if: …, then: […], else: […]`."""

    test: Formula
    then: Block
    otherwise: Block | None


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a switch. `matches` gives the names that it adds (`{"match": {…groups…}}`), or None for no match."""

    matches: Callable[[Any, Mapping[str, Any]], Mapping[str, Any] | None]
    body: Block


@dataclass(frozen=True, slots=True)
class Switch:
    """The first case that matches is run, else `otherwise`."""

    subject: Formula
    cases: Sequence[Case]
    otherwise: Block | None


@dataclass(frozen=True, slots=True)
class Each:
    """`body` for each item, up to `parallel` at a time; its result is the list of results in the items' order.

    Inside, `name` (`each` unless the author chose one) is the item and `index` its number from 0.
    A failure stops the loop: what runs is withdrawn.
    """

    items: Formula
    body: Step
    parallel: int = 1
    name: str = "each"


@dataclass(frozen=True, slots=True)
class Repeat:
    """`body` again and again, at most `most` times; `until` (or not `while_`) is asked after (before) each round.

    Inside, `index` is the round from 0. More rounds than `most` is a failure (`repeat_cap`) if a condition was given,
    the plain end if none was. `pause` is waited between rounds. Names set in a round are seen in the next one.
    """

    body: Block
    most: int
    until: Formula | None = None
    while_: Formula | None = None
    pause: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Parallel:
    """All branches at once; its result is the list of results. One failure withdraws the others. The branches'
    names are all seen afterwards."""

    branches: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Catch:
    """What happens instead of a failure. Inside and in `value`, `error` is `{code, message, step, passing}`."""

    value: Formula | None = None
    body: Block | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """`try: […], catch: […], finally: […]`: `last` runs however it ended."""

    body: Block
    catch: Catch | None
    last: Block | None


@dataclass(frozen=True, slots=True)
class Wait:
    """`wait: 3d` or `wait: {until: …}`: a length of time, or an instant (aware datetime or ISO text)."""

    length: Formula | None = None
    until: Formula | None = None


@dataclass(frozen=True, slots=True)
class WaitFor:
    """`wait_for: {event: topic, match: {dotted.path: value}, timeout: 2d}`; its result is the event's data.

    Without the event in time it fails with code `timeout`.
    """

    topic: Formula
    match: Formula
    timeout: Formula | None = None


Body = Action | Block | If | Switch | Each | Repeat | Parallel | Try | Wait | WaitFor


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a list of steps, with what every step may have.

    `label` is its id, or its number among its siblings: it makes the path. `name` is its id, under which its result
    is seen by later steps. On an Action, `retry`, `timeout` and `once` belong to the action; on a block, to the whole.
    `if` guards the whole step: skipped, its result is None.
    """

    label: str
    body: Body
    place: Place
    name: str | None = None
    condition: Formula | None = None
    retry: Retry | None = None
    timeout: Formula | None = None
    once: Formula | None = None
    catch: Catch | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a flow may take. `time` bounds a run's working time: waits do not count. `items` bounds each list that is
    looped over. `per_sender` bounds the runs of one sender at a time."""

    concurrency: int = 100
    per_sender: int | None = None
    time: timedelta = timedelta(minutes=10)
    items: int = 10_000


@dataclass(frozen=True, slots=True)
class Trigger:
    """One entry of `on`: its kind's name, its checked settings, the topic of the events it makes, what their data
    must have at dotted paths, and the texts of the files that its settings name, by their names there."""

    kind: str
    settings: BaseModel
    topic: str
    place: Place
    where: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow, ready to run. `version` is the hash of `bundle`, from which the same flow can be compiled again."""

    name: str
    version: str
    file: str
    bundle: str
    triggers: Sequence[Trigger]
    steps: Block
    limits: Limits = field(default_factory=Limits)
    output: Formula | None = None
    on_error: Block | str | None = None
    """steps to run when a run fails, or the name of a flow to start with `{error, event, run}`"""
    keep: timedelta | None = None
    timezone: str = "UTC"
    names: frozenset[str] = field(init=False)
    """the ids of all its steps: until a step has run, its name stands for None"""

    def __post_init__(self) -> None:
        blocks = [self.steps, self.on_error] if isinstance(self.on_error, Block) else [self.steps]
        object.__setattr__(self, "names", frozenset(name for block in blocks for name in _names(block)))


def has_step(flow: Flow, kind: str) -> bool:
    """Whether a flow has a step of this kind anywhere."""
    blocks = [flow.steps, flow.on_error] if isinstance(flow.on_error, Block) else [flow.steps]
    return any(action.kind.name == kind for block in blocks for action in _actions(block))


def _actions(part: Any) -> Iterator[Action]:
    if isinstance(part, Action):
        yield part
    elif isinstance(part, Step):
        yield from _actions(part.body)
        yield from _actions(part.catch)
    elif isinstance(part, (list, tuple)):
        for item in part:
            yield from _actions(item)
    else:
        for attribute in _HOLDERS.get(type(part), ()):
            yield from _actions(getattr(part, attribute))


def _names(part: Any) -> Iterator[str]:
    """The step ids within a step or block, whatever it holds."""
    if isinstance(part, Step):
        if part.name:
            yield part.name
        yield from _names(part.body)
        yield from _names(part.catch)
    elif isinstance(part, (list, tuple)):
        for item in part:
            yield from _names(item)
    else:
        for attribute in _HOLDERS.get(type(part), ()):
            yield from _names(getattr(part, attribute))


_HOLDERS: dict[type, tuple[str, ...]] = {
    Block: ("steps",),
    If: ("then", "otherwise"),
    Case: ("body",),
    Switch: ("cases", "otherwise"),
    Each: ("body",),
    Repeat: ("body",),
    Parallel: ("branches",),
    Catch: ("body",),
    Try: ("body", "catch", "last"),
}
