"""Where the steps of a flow are: by path without the numbers of loops, as the journal shows them, and by id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import Nature
from onebox.flows.machine.frame import child_path
from onebox.flows.machine.machine import ON_ERROR
from onebox.flows.plan import Action, Block, Each, If, Parallel, Place, Repeat, Switch, Try, Wait, WaitFor
from onebox.kernel.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onebox.flows.plan import Flow, Step

_TURNS = re.compile(r"\[([0-9]+)\]")
_NUMBERS = re.compile(r"\[[0-9]+\]|~[0-9]+")
_PERFORMED = frozenset({Nature.effect, Nature.question, Nature.child})


@dataclass(frozen=True, slots=True)
class StepAt:
    """One step. `what` is its `do`, or its shape; `performed`: it leaves an entry in the journal; `loops`: how many it
    stands in."""

    path: str
    name: str | None
    what: str
    performed: bool
    loops: int
    place: Place
    results: Sequence[str] = ()
    """the names that a result has, where they are known"""
    has_once: bool = False


class Layout:
    """The steps of one flow."""

    def __init__(self, flow: Flow) -> None:
        self.file = flow.file
        self.by_path = {step.path: step for step in _steps_of(flow)}
        self.by_name = {step.name: step for step in self.by_path.values() if step.name}

    def find(self, name: str) -> StepAt | None:
        """The step of an id, or of a path with or without the numbers of loops."""
        path = without_turns(name)
        return self.by_path.get(path) or self.by_name.get(path)

    def hint(self, name: str) -> str:
        """The nearest right name, or all ids."""
        near = nearest(name, [*self.by_name, *self.by_path])
        if near:
            return f"did you mean {near!r}?"
        return f"its ids: {', '.join(self.by_name) or 'none'}; a step without one is called by its place, such as 2"

    def where(self, path: str) -> str:
        """File, line and column of a step."""
        step = self.by_path[without_turns(path)]
        return f"{self.file}:{step.place.line}:{step.place.column}"


def without_turns(path: str) -> str:
    """
    >>> without_turns("sums[2]~2.1")
    'sums.1'
    """
    return _NUMBERS.sub("", path)


def turns(path: str) -> list[int]:
    """The numbers of the rounds that a path is in, from the outside in.

    >>> turns("shops[1].orders[20]~2")
    [1, 20]
    """
    return [int(number) for number in _TURNS.findall(path)]


def _steps_of(flow: Flow) -> Iterator[StepAt]:
    yield from _block(flow.steps, "", 0)
    if isinstance(flow.on_error, Block):
        yield from _block(flow.on_error, ON_ERROR, 0)
    elif flow.on_error is not None:
        # No step: the machine starts the flow at this path, and its arguments can be asked for as a step's.
        yield StepAt(ON_ERROR, None, "run", performed=True, loops=0, place=Place(1, 1))


def _block(block: Block, path: str, loops: int) -> Iterator[StepAt]:
    for step in block.steps:
        yield from _step(step, child_path(path, step.label), loops)


def _step(step: Step, path: str, loops: int, name: str | None = None) -> Iterator[StepAt]:
    name = step.name or name
    body = step.body
    if isinstance(body, Each):
        # The step of a round has the path of the loop, and its number.
        yield from _step(body.body, path, loops + 1, name)
    else:
        yield _described(step, name, path, loops)
        yield from _inside(body, path, loops)
    if step.catch is not None and step.catch.body is not None:
        yield from _block(step.catch.body, f"{path}!catch", loops)


def _described(step: Step, name: str | None, path: str, loops: int) -> StepAt:
    body = step.body
    results: Sequence[str] = ()
    if isinstance(body, Action):
        what, performed = body.kind.name, body.kind.nature in _PERFORMED
        if body.kind.results is not None and not callable(body.kind.results):
            results = body.kind.results
    else:
        what, performed = type(body).__name__.lower(), isinstance(body, (Wait, WaitFor))
    what = "wait_for" if isinstance(body, WaitFor) else what
    return StepAt(path, name, what, performed, loops, step.place, results, step.once is not None)


def _inside(body: Any, path: str, loops: int) -> Iterator[StepAt]:
    for block, label, more in _blocks(body):
        yield from _block(block, f"{path}{label}", loops + more)
    if isinstance(body, Parallel):
        for branch in body.branches:
            yield from _step(branch, child_path(path, branch.label), loops)


def _blocks(body: Any) -> Iterator[tuple[Block, str, int]]:
    """The blocks within a body, what their paths have beside its own, and the loops that they are in."""
    if isinstance(body, Block):
        yield body, "", 0
    elif isinstance(body, Repeat):
        yield body.body, "", 1
    elif isinstance(body, (If, Switch)):
        if isinstance(body, If):
            yield body.then, ".then", 0
        else:
            yield from ((case.body, f".case{number}", 0) for number, case in enumerate(body.cases))
        if body.otherwise is not None:
            yield body.otherwise, ".else", 0
    elif isinstance(body, Try):
        yield body.body, ".try", 0
        if body.catch is not None and body.catch.body is not None:
            yield body.catch.body, ".catch", 0
        if body.last is not None:
            yield body.last, ".finally", 0
