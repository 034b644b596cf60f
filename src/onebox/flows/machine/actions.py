"""`do`: a step that computes, acts, starts another flow, stops, or fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import Nature
from onebox.flows.machine.commands import Listen, Perform, StartChild
from onebox.flows.machine.failure import Fails, failure, retry_delay, told
from onebox.flows.machine.frame import Frame
from onebox.flows.run import EntryKind
from onebox.kernel.durations import parse_duration
from onebox.kernel.encoding import normalise

if TYPE_CHECKING:
    from datetime import timedelta

    from onebox.flows.kinds import StepKind
    from onebox.flows.machine.failure import Failure
    from onebox.flows.machine.frame import Scope
    from onebox.flows.machine.machine import Machine
    from onebox.flows.plan import Action, Step
    from onebox.flows.run import Entry

ANSWER = "!answer"
"""what follows a question's path where its answer is waited for"""
_TURNS = re.compile(r"\[[0-9]+\]|~[0-9]+")


class ActionFrame(Frame):
    """One action. An effect is tried again by this frame, so that each attempt has an entry of its own."""

    __slots__ = ("action", "attempt", "step")

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, step: Step, action: Action) -> None:
        super().__init__(machine, parent, path, scope)
        self.step = step
        self.action = action
        self.attempt = 1

    def begin(self) -> None:
        self.scope["now"] = self.machine.now
        arguments = self.action.arguments(self.scope)
        kind = self.action.kind
        if not isinstance(arguments, dict) and kind.nature is not Nature.pure:
            message = f"{kind.name}: expected a mapping of arguments, got {arguments!r:.80}"
            raise Fails("bad_argument", message)
        getattr(self, f"_begin_{kind.nature.name}")(arguments)

    def _begin_pure(self, arguments: Any) -> None:
        self.end(computed(self.action.kind, arguments))

    def _begin_effect(self, arguments: Any) -> None:
        step = self.step
        self.ask(
            Perform(
                path=self.path,
                kind=self.action.kind.name,
                arguments=arguments,
                step=_TURNS.sub("", self.path),
                attempt=self.attempt,
                timeout=self._timeout(),
                once=None if step.once is None else self._once_key(),
            ),
            self.path,
        )

    def _timeout(self) -> timedelta | None:
        """What the attempt may take. A question's time limit is for its answer: its step watches that."""
        if self.step.timeout is None or self.action.kind.nature is Nature.question:
            return None
        return parse_duration(self.evaluate(self.step.timeout))

    _begin_question = _begin_effect

    def _wait_for_answer(self, asked: Any) -> None:
        """The question is in the outbox: `{topic, asked, choices, of}` say where its answer comes in, what it may be,
        and whose."""
        match = {"asked": asked["asked"], "choices": asked["choices"], "of": asked.get("of")}
        self.ask(Listen(self.path + ANSWER, asked["topic"], match), self.path + ANSWER)

    def _once_key(self) -> str:
        assert self.step.once is not None
        key = self.evaluate(self.step.once)
        if isinstance(key, (str, int)) and key != "":
            return str(key)
        message = f"once: expected a text or a number that is the same for the same thing, got {key!r}"
        raise Fails("once_key", message)

    def _begin_child(self, arguments: Any) -> None:
        data = arguments.get("data")
        if data is not None and not isinstance(data, dict):
            message = f"run: data must be a mapping, it is the event of the flow; got {data!r:.80}"
            raise Fails("bad_argument", message)
        wait = arguments.get("wait", True)
        self.ask(StartChild(self.path, str(arguments.get("flow")), normalise(data or {}), wait=bool(wait)), self.path)

    def _begin_stop(self, arguments: Any) -> None:
        self.machine.stop(self, normalise(arguments.get("output")))

    def _begin_fail(self, arguments: Any) -> None:
        code = str(arguments.get("code", "failed"))
        message = str(arguments.get("message", "failed by a fail step"))
        failed = failure(code, message, passing=bool(arguments.get("passing", False)))
        self._failed(told(failed, self.path))

    def answered(self, path: str, entry: Entry) -> None:
        if entry.kind is EntryKind.fired:
            self.attempt += 1
            self.begin()
        elif entry.kind is EntryKind.failure:
            self._failed(told(entry.value, self.path))
        elif entry.kind is EntryKind.result and self.action.kind.nature is Nature.question:
            self._wait_for_answer(entry.value)
        else:
            self.end(entry.value)

    def _failed(self, failed: Failure) -> None:
        retry = self.step.retry
        if retry is None or not failed.get("passing") or self.attempt > retry.times:
            self.fail(failed)
            return
        seed = f"{self.machine.run_id}{self.path}"
        try:
            delay = retry_delay(retry, attempt=self.attempt, seed=seed, asked=failed.get("retry_after"))
            self.sleep(f"{self.path}!retry{self.attempt}", self.machine.now + delay)
        except OverflowError:  # the other side asked for more than a calendar holds
            self.fail(failed)


def computed(kind: StepKind, arguments: Any) -> Any:
    """What a pure step gives. Arguments that were an expression may be anything: what it cannot take fails the step."""
    if kind.compute is None:
        return arguments
    try:
        return kind.compute(arguments)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        message = f"{kind.name} cannot take {arguments!r:.80}: {type(error).__name__}: {error}"
        raise Fails("bad_argument", message) from error
