"""The parts that choose a way, or go several at once: `if`, `switch`, `parallel`, `try`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.machine.frame import Frame, child_path

if TYPE_CHECKING:
    from onebox.flows.machine.failure import Failure
    from onebox.flows.machine.frame import Scope
    from onebox.flows.machine.machine import Machine
    from onebox.flows.plan import Block, If, Parallel, Switch, Try

_NOTHING = object()


class IfFrame(Frame):
    """`if`, `then`, `else`."""

    __slots__ = ("part",)

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, part: If) -> None:
        super().__init__(machine, parent, path, scope)
        self.part = part

    def begin(self) -> None:
        if self.evaluate(self.part.test):
            self.start_block(self.part.then, f"{self.path}.then")
        elif self.part.otherwise is not None:
            self.start_block(self.part.otherwise, f"{self.path}.else")
        else:
            self.end(None)


class SwitchFrame(Frame):
    """`switch`: the names that a match gives are seen inside its case alone."""

    __slots__ = ("hidden", "part")

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, part: Switch) -> None:
        super().__init__(machine, parent, path, scope)
        self.part = part
        self.hidden: dict[str, Any] = {}

    def begin(self) -> None:
        subject = self.evaluate(self.part.subject)
        for number, case in enumerate(self.part.cases):
            found = case.matches(subject, self.scope)
            if found is not None:
                self.hidden = {name: self.scope.get(name, _NOTHING) for name in found}
                self.scope.update(found)
                self.start_block(case.body, f"{self.path}.case{number}")
                return
        if self.part.otherwise is not None:
            self.start_block(self.part.otherwise, f"{self.path}.else")
        else:
            self.end(None)

    def child_ended(self, child: Frame, result: Any) -> None:
        uncover(self.scope, self.hidden)
        self.end(result)

    def child_failed(self, child: Frame, failed: Failure) -> None:
        uncover(self.scope, self.hidden)
        self.fail(failed)


def uncover(scope: Scope, hidden: Scope) -> None:
    """Gives names back what they stood for before a part of the flow used them."""
    for name, value in hidden.items():
        if value is _NOTHING:
            scope.pop(name, None)
        else:
            scope[name] = value


def covered(scope: Scope, name: str) -> Scope:
    """What `uncover` needs to give `name` back."""
    return {name: scope.get(name, _NOTHING)}


class ParallelFrame(Frame):
    """All branches at once, each in a scope of its own; joined in the order in which they are written."""

    __slots__ = ("branches", "open", "results", "scopes")

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, part: Parallel) -> None:
        super().__init__(machine, parent, path, scope)
        self.branches = part.branches
        self.scopes = [dict(scope) for _ in part.branches]
        self.results: dict[int, Any] = {}
        self.open: dict[Frame, int] = {}

    def begin(self) -> None:
        for number, branch in enumerate(self.branches):
            self.start_step(branch, child_path(self.path, branch.label), self.scopes[number])
            self.open[self.children[-1]] = number
        if not self.branches:
            self.end([])

    def child_ended(self, child: Frame, result: Any) -> None:
        self.children.remove(child)
        self.results[self.open.pop(child)] = result
        if not self.open:
            self._join()

    def _join(self) -> None:
        before = dict(self.scope)
        for scope in self.scopes:
            for name in self.machine.flow.names:
                if scope.get(name) is not before.get(name):
                    self.scope[name] = scope[name]
        self.end([self.results[number] for number in range(len(self.branches))])


class TryFrame(Frame):
    """`try`, `catch`, `finally`."""

    __slots__ = ("failed", "part", "result", "stage")

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, part: Try) -> None:
        super().__init__(machine, parent, path, scope)
        self.part = part
        self.stage = "try"
        self.result: Any = None
        self.failed: Failure | None = None

    def begin(self) -> None:
        self._enter("try", self.part.body)

    def _enter(self, stage: str, block: Block) -> None:
        self.stage = stage
        self.start_block(block, f"{self.path}.{stage}")

    def child_ended(self, child: Frame, result: Any) -> None:
        self.children.clear()
        if self.stage == "finally":
            self._leave_with_outcome()
        else:
            self.result = result
            self._finally()

    def child_failed(self, child: Frame, failed: Failure) -> None:
        self.children.clear()
        if self.stage == "finally":
            self.fail(failed)
        elif self.stage == "try" and self.part.catch is not None:
            self._catch(failed)
        else:
            self.failed = failed
            self._finally()

    def _catch(self, failed: Failure) -> None:
        catch = self.part.catch
        assert catch is not None
        self.scope["error"] = failed
        if catch.body is not None:
            self._enter("catch", catch.body)
            return
        self.result = self.evaluate(catch.value) if catch.value is not None else None
        self._finally()

    def _finally(self) -> None:
        if self.part.last is not None:
            self._enter("finally", self.part.last)
        else:
            self._leave_with_outcome()

    def _leave_with_outcome(self) -> None:
        if self.failed is not None:
            self.fail(self.failed)
        else:
            self.end(self.result)
