"""Small flows built by hand, and a player that answers a machine's commands without an engine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from onebox.flows.kinds import Nature, StepKind
from onebox.flows.machine.commands import Command, Finish, Listen, Perform, Sleep, StartChild
from onebox.flows.machine.machine import Machine
from onebox.flows.plan import Action, Block, Flow, Place, Step
from onebox.flows.run import Entry, EntryKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


class Formula:
    """A formula of plan.Formula's shape, from a Python function."""

    def __init__(self, function: Callable[[Mapping[str, Any]], Any], source: Any = "formula") -> None:
        self.function = function
        self.source = source

    def __call__(self, scope: Mapping[str, Any]) -> Any:
        return self.function(scope)


def constant(value: Any) -> Formula:
    return Formula(lambda _scope: value, value)


ASK = StepKind("ask", BaseModel, Nature.question)
SET = StepKind("set", BaseModel, Nature.pure)
CALL = StepKind("call", BaseModel)
RUN = StepKind("run", BaseModel, Nature.child)
STOP = StepKind("stop", BaseModel, Nature.stop)
FAIL = StepKind("fail", BaseModel, Nature.fail)


def action(kind: StepKind, function: Callable[[Mapping[str, Any]], Any] | None = None, **arguments: Any) -> Action:
    return Action(kind, function or (lambda _scope: dict(arguments)))


def step(label: str, body: Any, **more: Any) -> Step:
    return Step(label=label, body=body, place=Place(1, 1), name=more.pop("name", None), **more)


def call(label: str, **more: Any) -> Step:
    return step(label, action(CALL), name=label, **more)


def block(*steps: Step) -> Block:
    return Block(steps)


def flow(*steps: Step, **more: Any) -> Flow:
    return Flow(name="f", version="v", file="f.yaml", bundle="", triggers=(), steps=block(*steps), **more)


def machine(plan: Flow, event: Any = None) -> Machine:
    return Machine(plan, run_id="r1", started_at=START, event=event or {}, variables={}, secrets={})


def failure(code: str = "down", *, passing: bool = True) -> dict[str, Any]:
    return {"code": code, "message": f"it is {code}", "passing": passing}


def result(path: str, value: Any = None, *, attempt: int = 1, seconds: float = 1) -> Entry:
    return Entry(path, EntryKind.result, value, START + timedelta(seconds=seconds), attempt)


def failed(path: str, code: str = "down", *, passing: bool = True, attempt: int = 1, seconds: float = 1) -> Entry:
    entry = failure(code, passing=passing)
    return Entry(path, EntryKind.failure, entry, START + timedelta(seconds=seconds), attempt)


def fired(path: str, *, seconds: float = 1) -> Entry:
    return Entry(path, EntryKind.fired, None, START + timedelta(seconds=seconds))


@dataclass
class Player:
    """Plays the engine: answers one pending command after another, and keeps the journal.

    Which one, and how, follows from a hash of what is pending: the same situation is always answered the same way.
    """

    plan: Flow
    salt: str = ""
    journal: list[Entry] = field(default_factory=list)

    def play(self, most: int = 400) -> Finish | None:
        """Plays from the journal's end to the run's end, or for `most` answers."""
        playing = replayed(self.plan, self.journal)
        for _ in range(most):
            if playing.finish is not None or not playing.pending:
                break
            entry = self.answer(playing)
            playing.feed(entry)
            self.journal.append(entry)
            playing.advance()
        return playing.finish

    def answer(self, playing: Machine) -> Entry:
        pending = self.choices(playing)
        path, command = pending[self._chance(f"{[name for name, _ in pending]}") % len(pending)]
        at = playing.now + timedelta(seconds=1)
        if isinstance(command, Sleep):
            return Entry(path, EntryKind.fired, None, max(at, command.until))
        if isinstance(command, Listen):
            return Entry(path, EntryKind.event, {"came": path, "id": 1}, at)
        return self._performed(path, command, at)

    def choices(self, playing: Machine) -> list[tuple[str, Command]]:
        """The pending commands of which one is answered next."""
        return sorted(playing.pending.items())

    def _performed(self, path: str, command: Command, at: datetime) -> Entry:
        attempt = command.attempt if isinstance(command, Perform) else 1
        chance = self._chance(f"{path}#{attempt}") % 10
        assert isinstance(command, (Perform, StartChild))
        if chance < 2:
            return Entry(path, EntryKind.failure, failure(passing=True), at, attempt)
        if chance == 2:
            return Entry(path, EntryKind.failure, failure("broken", passing=False), at, attempt)
        return Entry(path, EntryKind.result, {"of": path, "n": chance}, at, attempt)

    def _chance(self, text: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.salt}|{text}".encode()).digest()[:4], "big")


def replayed(plan: Flow, journal: list[Entry]) -> Machine:
    """A new machine that was fed a journal."""
    again = machine(plan)
    again.advance()
    for entry in journal:
        again.feed(entry)
        again.advance()
    return again
