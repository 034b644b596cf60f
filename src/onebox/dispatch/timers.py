"""Timers are rows; this wakes their runs when they are due."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.flows.run import RunReader
    from onebox.kernel.clock import Clock

_PAGE = 1000
_LONGEST_SLEEP = 30.0
_MOST_PAGES = 4

_Timer = tuple[datetime, str, str]
"""when it is due, run, path"""
_NONE: _Timer = (datetime.min.replace(tzinfo=UTC), "", "")
_ALL: _Timer = (datetime.max.replace(tzinfo=UTC), "", "")


class Timers:
    """Holds the next timers in memory (a page, and what was set since: four pages at most), all others stay in the
    database."""

    def __init__(
        self,
        reader: RunReader,
        clock: Clock,
        fire: Callable[[list[tuple[str, str]]], Awaitable[None]],
        *,
        page: int = _PAGE,
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._fire = fire
        self._page = page
        self._heap: list[_Timer] = []
        self._last = _NONE
        """timers after it are not in memory"""
        self._changed = asyncio.Event()

    def add(self, run_id: str, path: str, due_at: datetime) -> None:
        """A timer was written."""
        timer = (due_at, run_id, path)
        if timer > self._last:
            return
        heapq.heappush(self._heap, timer)
        if self._heap[0] == timer:
            self._changed.set()
        if len(self._heap) > _MOST_PAGES * self._page:
            self._heap = heapq.nsmallest(self._page, self._heap)  # a sorted list is a heap
            self._last = self._heap[-1]

    def poke(self) -> None:
        """The clock was moved: look again."""
        self._changed.set()

    async def run(self) -> None:
        """Fires timers for ever. Firing twice does no harm: the run looks at its own rows."""
        self._last = _NONE
        await self._load()
        while True:
            await self._fire_due()
            if not self._heap and self._last != _ALL:
                await self._load()
                continue
            self._changed.clear()
            try:
                async with asyncio.timeout(self._until_next()):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _load(self) -> None:
        """Reads the page after the last: those that fired before it may still stand there, as their runs wait for
        their turn."""
        # What is set while the page is read must not be missed: it goes to the heap as well, and may stand twice.
        after, self._last = self._last, _ALL
        found = await self._reader.timers(limit=self._page, after=after)
        timers = [(timer.due_at, timer.run_id, timer.path) for timer in found]
        for timer in timers:
            heapq.heappush(self._heap, timer)
        if len(timers) == self._page:
            self._last = min(self._last, timers[-1])

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
