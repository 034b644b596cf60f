"""A frame is one part of a flow being run. Frames form a tree; a part that ends or fails tells its parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.machine.commands import Command, Sleep, Withdraw

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.flows.machine.failure import Failure
    from onebox.flows.machine.machine import Machine
    from onebox.flows.plan import Block, Formula, Step
    from onebox.flows.run import Entry

Scope = dict[str, Any]


def child_path(path: str, label: str) -> str:
    """
    >>> child_path("", "order"), child_path("metrics[2]", "0")
    ('order', 'metrics[2].0')
    """
    return f"{path}.{label}" if path else label


class Frame:
    """The base of all frames.

    `begin`, `child_ended`, `child_failed` and `answered` are called by the machine's loop alone, one after the other,
    never from within each other: so depth of nesting and length of loops cost no Python stack.
    """

    __slots__ = ("alive", "asked", "children", "machine", "parent", "path", "scope")

    def __init__(self, machine: Machine, parent: Frame | None, path: str, scope: Scope) -> None:
        self.machine = machine
        self.parent = parent
        self.path = path
        self.scope = scope
        self.alive = True
        self.children: list[Frame] = []
        self.asked: list[str] = []

    def begin(self) -> None:
        """Starts the part."""
        raise NotImplementedError

    def child_ended(self, child: Frame, result: Any) -> None:
        """A part of this part ended well. Unless said otherwise, so does this part."""
        self.end(result)

    def child_failed(self, child: Frame, failed: Failure) -> None:
        """A part of this part failed. Unless said otherwise, so does this part."""
        self.fail(failed)

    def answered(self, path: str, entry: Entry) -> None:
        """A command of this frame was answered."""
        raise NotImplementedError

    # --- what frames do ---

    def evaluate(self, formula: Formula) -> Any:
        """The formula's value in this frame's scope."""
        self.scope["now"] = self.machine.now
        return formula(self.scope)

    def start(self, child: Frame) -> None:
        """Begins a part of this part."""
        self.children.append(child)
        self.machine.later(child, child.begin)

    def start_block(self, block: Block, path: str) -> None:
        """Begins a list of steps in this frame's scope."""
        self.start(self.machine.block_frame(self.machine, self, path, self.scope, block))

    def start_step(self, step: Step, path: str, scope: Scope | None = None) -> None:
        """Begins one step, in this frame's scope or one of its own."""
        self.start(self.machine.step_frame(self.machine, self, path, self.scope if scope is None else scope, step))

    def ask(self, command: Command, path: str) -> None:
        """Issues a command; its answer comes to this frame."""
        self.asked.append(path)
        self.machine.issue(command, path, self)

    def sleep(self, path: str, until: datetime, *, limit: bool = False) -> None:
        """Asks for a timer; with `limit`, for what this part may take."""
        self.ask(Sleep(path, until, limit), path)

    def end(self, result: Any) -> None:
        """This part ended well."""
        self.leave()
        if self.parent:
            self.machine.later(self.parent, self.parent.child_ended, self, result)
        else:
            self.machine.ended(result)

    def fail(self, failed: Failure) -> None:
        """This part failed: what still runs inside it is withdrawn."""
        self.withdraw_children()
        self.leave()
        failed.setdefault("step", self.path)
        if self.parent:
            self.machine.later(self.parent, self.parent.child_failed, self, failed)
        else:
            self.machine.failed(failed)

    def withdraw(self) -> None:
        """Stops this part and all inside it, without a word to its parent."""
        waiting = [self]
        while waiting:
            frame = waiting.pop()
            frame.leave()
            waiting.extend(frame.children)
            frame.children = []

    def withdraw_children(self) -> None:
        """Stops all that runs inside this part."""
        for child in self.children:
            child.withdraw()
        self.children = []

    def leave(self) -> None:
        """This part is over: nothing that it asked for is wanted any more."""
        self.alive = False
        for path in self.asked:
            if self.machine.drop(path):
                self.machine.issue(Withdraw(path), None, self)
        self.asked = []
