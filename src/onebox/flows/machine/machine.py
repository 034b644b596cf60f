"""The machine: give it entries, take its commands.

It holds the tree of frames of one run while that run is in memory. The same entries in the same order give the same
commands, so a run is taken up again by feeding its journal to a new machine.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from onebox.flows.machine.commands import Command, Finish, StartChild
from onebox.flows.machine.failure import Fails, failure_of
from onebox.flows.machine.steps import BlockFrame, StepFrame
from onebox.flows.plan import Block
from onebox.flows.run import RunState
from onebox.kernel.encoding import normalise
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from onebox.flows.machine.failure import Failure
    from onebox.flows.machine.frame import Frame
    from onebox.flows.plan import Flow
    from onebox.flows.run import Entry

ON_ERROR = "on_error"
"""The path of what is done about a failure of the run."""
ABORT = "!abort"
"""The path of an entry that ends the run from outside: its value is the failure."""


class Machine:
    """Runs one flow on one event, without doing anything.

    Use: `feed` an entry (none at the very first), then `advance` until not `busy`, and carry out the commands.
    Each entry must be fed after the machine has come to rest from the one before: then a replay is exact.
    """

    # Frames make frames; they get the two classes from here, which keeps their modules free of import circles.
    block_frame = BlockFrame
    step_frame = StepFrame

    def __init__(
        self,
        flow: Flow,
        *,
        run_id: str,
        started_at: datetime,
        event: Mapping[str, Any],
        variables: Mapping[str, Any],
        secrets: Mapping[str, str],
    ) -> None:
        self.flow = flow
        self.run_id = run_id
        self.now = started_at
        self.finish: Finish | None = None
        self._work: deque[tuple[Frame, Callable[..., None], tuple[Any, ...]]] = deque()
        self._commands: list[Command] = []
        self._pending: dict[str, tuple[Frame, Command]] = {}
        self._error: Failure | None = None
        self._left = 0
        self._scope: dict[str, Any] = dict.fromkeys(flow.names)
        self._scope.update(
            event=event,
            vars=variables,
            secret=secrets,
            run={"id": run_id, "flow": flow.name, "started_at": started_at},
            flow=flow.name,
            now=started_at,
        )
        self._root = BlockFrame(self, None, "", self._scope, flow.steps)
        self.later(self._root, self._root.begin)

    # --- the engine's side ---

    @property
    def busy(self) -> bool:
        """There is work that needs no answer."""
        return bool(self._work) and self.finish is None

    @property
    def pending(self) -> Mapping[str, Command]:
        """The commands that wait for an answer, by path."""
        return {path: command for path, (_, command) in self._pending.items()}

    def waits_for(self, path: str) -> Command | None:
        """The command of this path if it still waits for an answer."""
        found = self._pending.get(path)
        return found[1] if found else None

    def feed(self, entry: Entry) -> bool:
        """Hands an answer in; false if nobody waits for it (any more), then nothing changes."""
        if entry.path == ABORT:
            self.now = max(self.now, entry.at)
            self._abort(entry.value)
            return True
        found = self._pending.pop(entry.path, None)
        if found is None:
            return False
        self.now = max(self.now, entry.at)
        frame, _ = found
        frame.asked.remove(entry.path)
        self.later(frame, frame.answered, entry.path, entry)
        return True

    def advance(self, budget: int = 1_000_000) -> list[Command]:
        """Goes on for up to `budget` small steps; returns the commands issued since the last call."""
        self._left = budget
        work = self._work
        while work and self._left > 0 and self.finish is None:
            self._left -= 1
            frame, method, arguments = work.popleft()
            if frame.alive:
                self._call(frame, method, arguments)
        commands, self._commands = self._commands, []
        return commands

    # --- the frames' side ---

    def later(self, frame: Frame, method: Callable[..., None], *arguments: Any) -> None:
        """Calls a method of a frame when its turn comes, if it is still alive then."""
        self._work.append((frame, method, arguments))

    def spend(self) -> bool:
        """Counts one small step done in place; false when the budget is used up."""
        self._left -= 1
        return self._left > 0

    def issue(self, command: Command, path: str | None, frame: Frame) -> None:
        """Takes a command for the engine; with a path, its answer goes to the frame."""
        self._commands.append(command)
        if path is not None:
            self._pending[path] = (frame, command)

    def drop(self, path: str) -> bool:
        """Nobody waits for this path any more. True if somebody did."""
        return self._pending.pop(path, None) is not None

    def stop(self, frame: Frame, output: Any) -> None:
        """A `stop` step: the run ends well, here."""
        while frame.parent:
            frame = frame.parent
        frame.withdraw()
        if self._error is None:
            self._end(Finish(RunState.done, output))
        else:
            self.ended(None)

    def ended(self, _result: Any) -> None:
        """The outermost block ended."""
        if self._error is not None:  # it was the block of `on_error`
            self._end(Finish(RunState.failed, None, self._error))
            return
        try:
            self._scope["now"] = self.now
            output = normalise(self.flow.output(self._scope)) if self.flow.output else None
        except OneboxError as error:
            self.failed({**failure_of(error), "step": "output"})
        else:
            self._end(Finish(RunState.done, output))

    def failed(self, failed: Failure) -> None:
        """The outermost block failed."""
        handling = self.flow.on_error
        if self._error is not None:
            self._error["on_error"] = failed["message"]
            self._end(Finish(RunState.failed, None, self._error))
            return
        self._error = failed
        if isinstance(handling, Block):
            self._scope["error"] = failed
            self._root = BlockFrame(self, None, ON_ERROR, self._scope, handling)
            self.later(self._root, self._root.begin)
            return
        if isinstance(handling, str):
            told = {"error": failed, "event": self._scope["event"], "run": {"id": self.run_id, "flow": self.flow.name}}
            self._commands.append(StartChild(ON_ERROR, handling, told, wait=False))
        self._end(Finish(RunState.failed, None, failed))

    def _abort(self, failed: Failure) -> None:
        self._root.withdraw()
        self._work.clear()
        self.failed({"step": "", **failed})

    def _end(self, finish: Finish) -> None:
        self.finish = finish
        self._work.clear()
        self._pending.clear()
        self._commands.append(finish)

    def _call(self, frame: Frame, method: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        try:
            method(*arguments)
        except Fails as error:
            frame.fail(error.failure)
        except OneboxError as error:
            frame.fail(failure_of(error))
