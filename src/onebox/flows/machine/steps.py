"""Blocks of steps, and what every step may have: a guard, a retry, a time limit, a catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import Nature
from onebox.flows.machine.actions import ActionFrame, computed
from onebox.flows.machine.branches import IfFrame, ParallelFrame, SwitchFrame, TryFrame
from onebox.flows.machine.failure import fails_at, retry_delay
from onebox.flows.machine.frame import Frame, child_path
from onebox.flows.machine.loops import EachFrame, RepeatFrame
from onebox.flows.machine.waits import WaitForFrame, WaitFrame
from onebox.flows.plan import Action, Block, Each, If, Parallel, Repeat, Step, Switch, Try, Wait, WaitFor
from onebox.flows.run import EntryKind
from onebox.kernel.durations import parse_duration
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from onebox.flows.machine.failure import Failure
    from onebox.flows.machine.frame import Scope
    from onebox.flows.machine.machine import Machine
    from onebox.flows.run import Entry


class BlockFrame(Frame):
    """Steps one after another. Plain pure steps are computed in place: they need no frame of their own."""

    __slots__ = ("index", "last", "steps")

    def __init__(self, machine: Machine, parent: Frame | None, path: str, scope: Scope, block: Block) -> None:
        super().__init__(machine, parent, path, scope)
        self.steps = block.steps
        self.index = 0
        self.last: Any = None

    def begin(self) -> None:
        steps = self.steps
        while self.index < len(steps):
            step = steps[self.index]
            if not _is_plain(step):
                self.index += 1
                self.start_step(step, child_path(self.path, step.label))
                return
            self._compute(step)
            self.index += 1
            if not self.machine.spend():
                self.machine.later(self, self.begin)
                return
        self.end(self.last)

    def _compute(self, step: Step) -> None:
        self.scope["now"] = self.machine.now
        try:
            result = _result_of(step, self.scope)
        except OneboxError as error:
            raise fails_at(error, child_path(self.path, step.label)) from error
        self.last = result
        if step.name:
            self.scope[step.name] = result

    def child_ended(self, child: Frame, result: Any) -> None:
        self.children.clear()
        self.last = result
        self.begin()


def _limits_itself(body: Any) -> bool:
    """Whether what performs the body is given its `timeout`; a run of another flow, and the answer to a question, are
    limited by a timer of ours."""
    return type(body) is Action and body.kind.nature not in {Nature.child, Nature.question}


def _is_plain(step: Step) -> bool:
    body = step.body
    return type(body) is Action and body.kind.nature is Nature.pure and step.catch is None


def _result_of(step: Step, scope: Mapping[str, Any]) -> Any:
    if step.condition is not None and not step.condition(scope):
        return None
    action: Action = step.body  # type: ignore[assignment] # _is_plain said so
    return computed(action.kind, action.arguments(scope))


class StepFrame(Frame):
    """One step: its guard, then its body; a failure is retried, caught, or passed on."""

    __slots__ = ("attempt", "catching", "step")

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, step: Step) -> None:
        super().__init__(machine, parent, path, scope)
        self.step = step
        self.attempt = 1
        self.catching = False

    def begin(self) -> None:
        if self.step.condition is not None and not self.evaluate(self.step.condition):
            self._done(None)
            return
        if self.step.timeout is not None and not _limits_itself(self.step.body):
            self.sleep(f"{self.path}!timeout", self.machine.now + self.time_limit(), limit=True)
        self._start_body()

    def time_limit(self) -> timedelta:
        """What `timeout` says, when there is one."""
        assert self.step.timeout is not None
        return parse_duration(self.evaluate(self.step.timeout))

    def _start_body(self) -> None:
        path = self.path if self.attempt == 1 else f"{self.path}~{self.attempt}"
        self.start(body_frame(self, self.step, path))

    def child_ended(self, child: Frame, result: Any) -> None:
        self.children.clear()
        self._done(result)

    def _done(self, result: Any) -> None:
        if self.step.name:
            self.scope[self.step.name] = result
        self.end(result)

    def child_failed(self, child: Frame, failed: Failure) -> None:
        self.children.clear()
        if self._try_again(failed):
            return
        catch = self.step.catch
        if catch is None or self.catching:
            self.fail(failed)
            return
        self._catch(failed)

    def _catch(self, failed: Failure) -> None:
        self.catching = True
        catch = self.step.catch
        assert catch is not None
        self.scope["error"] = failed
        if catch.body is not None:
            self.start_block(catch.body, f"{self.path}!catch")
        else:
            self._done(self.evaluate(catch.value) if catch.value is not None else None)

    def _try_again(self, failed: Failure) -> bool:
        retry = self.step.retry
        is_action = type(self.step.body) is Action  # an action retries itself
        if retry is None or is_action or self.catching or not failed["passing"] or self.attempt > retry.times:
            return False
        delay = retry_delay(
            retry, attempt=self.attempt, seed=f"{self.machine.run_id}{self.path}", asked=failed.get("retry_after")
        )
        self.sleep(f"{self.path}!retry{self.attempt}", self.machine.now + delay)
        return True

    def answered(self, path: str, entry: Entry) -> None:
        if entry.kind is EntryKind.fired and path.endswith("!timeout"):
            self._timed_out()
            return
        self.attempt += 1
        self._start_body()

    def _timed_out(self) -> None:
        self.withdraw_children()
        failed = {
            "code": "timeout",
            "message": f"not done within its timeout of {self.step.timeout and self.step.timeout.source}",
            "passing": True,
            "step": self.path,
        }
        if self.catching or self.step.catch is None:
            self.fail(failed)
        else:
            self._catch(failed)


def body_frame(owner: StepFrame, step: Step, path: str) -> Frame:
    """The frame of a step's body."""
    body: Any = step.body
    machine, scope = owner.machine, owner.scope
    if isinstance(body, Action):
        return ActionFrame(machine, owner, path, scope, step, body)
    frame: Frame = _FRAMES[type(body)](machine, owner, path, scope, body)
    return frame


_FRAMES: dict[type, Any] = {
    Block: BlockFrame,
    If: IfFrame,
    Switch: SwitchFrame,
    Each: EachFrame,
    Repeat: RepeatFrame,
    Parallel: ParallelFrame,
    Try: TryFrame,
    Wait: WaitFrame,
    WaitFor: WaitForFrame,
}
