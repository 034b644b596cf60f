"""The `once` keys that a run holds: each for one place in the run, until that place fails for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.flows.run import ClaimOnce, EntryKind, ReleaseOnce

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from onebox.flows.machine.commands import Command, Perform
    from onebox.flows.run import Entry, Run


class Claims:
    """By paths. A replay tells it of each answer, so that it knows what the run held when it left memory."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._held: dict[str, tuple[str, str]] = {}
        self._holders: dict[tuple[str, str], str] = {}
        self._failed: set[str] = set()

    def holds(self, command: Perform) -> bool:
        """Whether the key was claimed for this place: an attempt before this one did it."""
        return command.path in self._held

    def free(self, command: Perform) -> bool:
        """False: another place of this run holds the key, such as an earlier round of a loop."""
        return self._holders.get(_key(command), command.path) == command.path

    def claim(self, command: Perform, at: datetime) -> ClaimOnce:
        """The change that claims the key for the run."""
        step, key = _key(command)
        return ClaimOnce(self._run.flow, step, key, self._run.id, at)

    def hold(self, command: Perform) -> None:
        """The key was claimed for this place."""
        self._held[command.path] = _key(command)
        self._holders[_key(command)] = command.path

    def answered(self, command: Command | None, entry: Entry) -> None:
        """An answer was fed."""
        if getattr(command, "once", None) is None or entry.kind is EntryKind.skipped:
            return
        self.hold(command)  # type: ignore[arg-type] # what has `once` is a Perform
        if entry.kind is EntryKind.failure:
            self._failed.add(entry.path)

    def withdrawn(self, path: str) -> None:
        """What was asked at this path is no longer wanted."""
        if path in self._held:
            self._failed.add(path)

    def released(self, pending: Callable[[], Collection[str]]) -> list[ReleaseOnce]:
        """A step that failed for good, or is no longer wanted, gives its key back."""
        if not self._failed:
            return []
        waiting = pending()
        over = [path for path in self._failed if not any(_of(path, other) for other in waiting)]
        return [self._release(path) for path in over]

    def _release(self, path: str) -> ReleaseOnce:
        self._failed.discard(path)
        step, key = self._held.pop(path)
        self._holders.pop((step, key), None)
        return ReleaseOnce(self._run.flow, step, key, self._run.id)


def _key(command: Perform) -> tuple[str, str]:
    assert command.once is not None
    return command.step, command.once


def _of(path: str, waiting: str) -> bool:
    return waiting == path or waiting.startswith(f"{path}!")
