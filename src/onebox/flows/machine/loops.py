"""The parts that go round: `each` and `repeat`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onebox.flows.machine.branches import covered, uncover
from onebox.flows.machine.failure import Fails
from onebox.flows.machine.frame import Frame

if TYPE_CHECKING:
    from onebox.flows.machine.failure import Failure
    from onebox.flows.machine.frame import Scope
    from onebox.flows.machine.machine import Machine
    from onebox.flows.plan import Each, Repeat
    from onebox.flows.run import Entry


class EachFrame(Frame):
    """One round an item, a few at a time; results in the order of the items."""

    __slots__ = ("items", "next", "numbers", "part", "results")

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, part: Each) -> None:
        super().__init__(machine, parent, path, scope)
        self.part = part
        self.items: Sequence[Any] = ()
        self.next = 0
        self.numbers: dict[Frame, int] = {}
        self.results: list[Any] = []

    def begin(self) -> None:
        self.items = self._listed(self.evaluate(self.part.items))
        self.results = [None] * len(self.items)
        if not self.items:
            self.end([])
            return
        for _ in range(min(self.part.parallel, len(self.items))):
            self._start_next()

    def _listed(self, value: Any) -> Sequence[Any]:
        if isinstance(value, Mapping):
            value = [{"key": key, "value": item} for key, item in value.items()]
        if not isinstance(value, (list, tuple)):
            message = f"each: expected a list from {self.part.items.source!r}, got {value!r:.80}"
            raise Fails("not_a_list", message)
        most = self.machine.flow.limits.items
        if len(value) > most:
            message = f"each: {len(value)} items are more than the flow's limit of {most} (limits.items)"
            raise Fails("too_many_items", message)
        return value

    def _start_next(self) -> None:
        number = self.next
        self.next += 1
        scope = {**self.scope, self.part.name: self.items[number], "index": number}
        self.start_step(self.part.body, f"{self.path}[{number}]", scope)
        self.numbers[self.children[-1]] = number

    def child_ended(self, child: Frame, result: Any) -> None:
        self.children.remove(child)
        self.results[self.numbers.pop(child)] = result
        if self.next < len(self.items):
            self._start_next()
        elif not self.children:
            self.end(self.results)


class RepeatFrame(Frame):
    """Round after round until a condition says so, and never more than the cap."""

    __slots__ = ("hidden", "part", "result", "round")

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, part: Repeat) -> None:
        super().__init__(machine, parent, path, scope)
        self.part = part
        self.round = 0
        self.result: Any = None
        self.hidden = covered(scope, "index")

    def begin(self) -> None:
        self.scope["index"] = self.round
        if self.part.while_ is not None and not self.evaluate(self.part.while_):
            self._finish()
        elif self.round >= self.part.most:
            self._reach_cap()
        else:
            self.start_block(self.part.body, f"{self.path}[{self.round}]")

    def _reach_cap(self) -> None:
        if self.part.until is None and self.part.while_ is None:
            self._finish()
            return
        message = f"repeat: not finished after {self.part.most} rounds"
        raise Fails("repeat_cap", message)

    def child_ended(self, child: Frame, result: Any) -> None:
        self.children.clear()
        self.result = result
        self.scope["index"] = self.round
        if self.part.until is not None and self.evaluate(self.part.until):
            self._finish()
            return
        self.round += 1
        if self.part.pause and self.round < self.part.most:
            self.sleep(f"{self.path}!pause{self.round}", self.machine.now + self.part.pause)
        else:
            self.machine.later(self, self.begin)

    def answered(self, path: str, entry: Entry) -> None:
        self.begin()

    def child_failed(self, child: Frame, failed: Failure) -> None:
        uncover(self.scope, self.hidden)
        self.fail(failed)

    def _finish(self) -> None:
        uncover(self.scope, self.hidden)
        self.end(self.result)
