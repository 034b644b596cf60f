"""Timers are rows; this wakes their runs when they are due."""

from __future__ import annotations

import asyncio
import heapq
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from onebox.flows.run import RunReader
    from onebox.kernel.clock import Clock

_PAGE = 1000
_LONGEST_SLEEP = 30.0
_BETWEEN_PAGES = 0.2


class Timers:
    """Holds the next timers in memory (at most a page and what was set since), all others stay in the database."""

    def __init__(
        self, reader: RunReader, clock: Clock, fire: Callable[[list[tuple[str, str]]], Awaitable[None]]
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._fire = fire
        self._heap: list[tuple[datetime, str, str]] = []
        self._horizon: datetime | None = None
        """timers due after it are not in memory; None: all are"""
        self._changed = asyncio.Event()

    def add(self, run_id: str, path: str, due_at: datetime) -> None:
        """A timer was written."""
        if self._horizon is None or due_at < self._horizon:
            heapq.heappush(self._heap, (due_at, run_id, path))
            if self._heap[0][0] == due_at:
                self._changed.set()

    def poke(self) -> None:
        """The clock was moved: look again."""
        self._changed.set()

    async def run(self) -> None:
        """Fires timers for ever. Firing twice does no harm: the run looks at its own rows."""
        await self._load()
        while True:
            await self._fire_due()
            if not self._heap and self._horizon is not None:
                # The rows of those just fired go with their runs' next commit: give it a moment.
                await asyncio.sleep(_BETWEEN_PAGES)
                await self._load()
                continue
            self._changed.clear()
            try:
                async with asyncio.timeout(self._until_next()):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _load(self) -> None:
        # What is set while the page is read must not be missed: it goes to the heap as well, and may stand twice.
        self._horizon = None
        found = await self._reader.timers(limit=_PAGE)
        for timer in found:
            heapq.heappush(self._heap, (timer.due_at, timer.run_id, timer.path))
        if len(found) == _PAGE:
            self._horizon = found[-1].due_at + timedelta(microseconds=1)

    async def _fire_due(self) -> None:
        now = self._clock.now()
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[1:])
        if due:
            await self._fire(due)

    def _until_next(self) -> float:
        if not self._heap:
            return _LONGEST_SLEEP
        seconds = (self._heap[0][0] - self._clock.now()).total_seconds()
        # The wall clock may be set: never sleep so long that it would matter.
        return min(max(seconds, 0.0), _LONGEST_SLEEP)
