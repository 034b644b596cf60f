"""A box in a process of its own whose clock a test moves: it runs ahead of the machine's by what a file says.

`python -m tests.support.timed_box FOLDER PORT FILE` serves the box until SIGTERM, and looks at the file all the time.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.app.folder import BoxFolder
from onebox.app.serve import loop_factory, running_box
from tests.support.process import BoxProcess

if TYPE_CHECKING:
    from onebox.app.build import Box

_LOOK = 0.01


class ShiftedClock:
    """The machine's clock, and so many seconds more. It goes on at the usual speed, also while no box runs."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.seen = file.with_name(f"{file.name}.seen")
        self.ahead = 0.0
        self.moved()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def moved(self) -> bool:
        """Whether the file says something new."""
        before, self.ahead = self.ahead, float(self._file.read_text())
        return before != self.ahead

    def confirm(self) -> None:
        """Says beside the file that it was read."""
        self.seen.write_text(str(self.ahead))


class TimedBox(BoxProcess):
    """As `BoxProcess`, of a folder that is there, beginning at `begins`."""

    def __init__(self, folder: Path, *, begins: datetime) -> None:
        super().__init__(folder, settings=None)
        self._ahead = folder.with_name("ahead")
        self.set_ahead((begins - datetime.now(UTC)).total_seconds())
        self._clock = ShiftedClock(self._ahead)

    def command(self, *, port: int | None = None) -> list[str]:
        where = [str(self.folder), str(port or self.port), str(self._ahead)]
        return [sys.executable, "-m", "tests.support.timed_box", *where]

    def now(self) -> datetime:
        """What time it is in the box."""
        self._clock.moved()
        return self._clock.now()

    def set_ahead(self, seconds: float) -> None:
        """Writes it in one piece."""
        fresh = self._ahead.with_name("ahead.new")
        fresh.write_text(str(seconds))
        fresh.replace(self._ahead)

    async def move_to(self, at: datetime) -> None:
        """Moves the clock ahead, and waits until the box has seen it."""
        self.now()
        self.set_ahead(self._clock.ahead + (at - self.now()).total_seconds())

        async def seen() -> bool:
            return self._clock.seen.exists() and self._clock.seen.read_text() == self._ahead.read_text()

        await self.eventually("the box has seen its clock move", seen, within=10)

    async def settled(self, *, within: float = 30.0) -> None:
        """Waits until nothing is to be done but what waits for its time."""

        async def is_idle() -> bool:
            ready = self.rows("select count(*) from run where state = 'ready'")
            queued = self.rows("select count(*) from message where state = 'queued' and due_at is null")
            return ready == queued == [(0,)]

        await self.eventually("all is done that can be done", is_idle, within=within)


def _poke(box: Box) -> None:
    box.engine.poke()
    box.schedules.poke()
    for source in box.sources.values():
        source.poke()
    for sender in box.senders.values():
        sender.wake()


async def _serve(folder: Path, port: int, file: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    clock = ShiftedClock(file)
    async with running_box(BoxFolder(folder), host="127.0.0.1", port=port, environ={}, clock=clock) as running:
        while not stop.is_set():
            if clock.moved() or not clock.seen.exists():
                _poke(running.box)
                clock.confirm()
            await asyncio.sleep(_LOOK)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
