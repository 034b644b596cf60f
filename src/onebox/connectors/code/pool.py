"""The processes that run functions: a few kept warm, more when needed, shared fairly between flows."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from onebox.connectors.code.process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_IDLE_SECONDS = 30.0
_MOST_CALLS = 1000
"""after which a process is replaced, so that what a function leaks does not add up for ever"""


class Pool:
    """Up to `most` processes; `warm` of them stay when there is nothing to do. None is started before it is needed.

    One flow may use all but one of them, so that functions that never end cannot keep every other flow waiting.
    Among flows that wait, the one that has the fewest processes comes first.
    """

    def __init__(self, folder: Path, *, warm: int = 2, most: int = 4) -> None:
        self._folder = folder
        self._most = max(1, most)
        self._warm = min(warm, self._most)
        self._share = max(1, self._most - 1)
        self._idle: list[WorkerProcess] = []
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._used: set[WorkerProcess] = set()
        self._cooling: asyncio.TimerHandle | None = None
        self._closed = False

    @asynccontextmanager
    async def worker(self, flow: str) -> AsyncIterator[WorkerProcess]:
        """Lends a process. It is killed afterwards unless the block ended without an exception."""
        await self._turn(flow)
        process = None
        try:
            process = await self._take()
            yield process
        except BaseException:
            if process is not None:
                self._used.discard(process)
                self._dismiss(process)
            raise
        else:
            self._used.discard(process)
            self._keep(process)
        finally:
            self._running[flow] -= 1
            self._call_next()

    def discard(self, process: WorkerProcess) -> None:
        """Says that a lent process must not be used again."""
        process.calls = _MOST_CALLS

    async def warm_up(self) -> None:
        """Starts the processes that are kept warm."""
        while len(self._idle) < self._warm and not self._closed:
            self._idle.append(await WorkerProcess.start(self._folder))

    async def close(self) -> None:
        """Kills all processes; calls that run fail."""
        self._closed = True
        if self._cooling is not None:
            self._cooling.cancel()
        for process in [*self._idle, *self._used]:
            self._dismiss(process)
        self._idle.clear()
        for futures in self._waiting.values():
            for future in futures:
                future.cancel()
        while self._closing:
            await asyncio.gather(*self._closing)

    async def _turn(self, flow: str) -> None:
        if self._may_run(flow) and not self._waiting.get(flow):
            self._running[flow] += 1
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(flow, deque()).append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # its turn came in the same moment: pass it on
                self._running[flow] -= 1
            self._forget(flow, future)
            self._call_next()
            raise

    def _may_run(self, flow: str) -> bool:
        return self._running.total() < self._most and self._running[flow] < self._share

    def _call_next(self) -> None:
        while candidates := [flow for flow, futures in self._waiting.items() if futures and self._may_run(flow)]:
            flow = min(candidates, key=lambda name: self._running[name])
            futures = self._waiting.pop(flow)
            future = futures.popleft()
            if futures:
                self._waiting[flow] = futures  # at the end: equal flows take turns
            if not future.done():
                self._running[flow] += 1
                future.set_result(None)
        self._running += Counter()  # forgets flows that run nothing

    def _forget(self, flow: str, future: asyncio.Future[None]) -> None:
        futures = self._waiting.get(flow)
        if futures is not None:
            with suppress(ValueError):
                futures.remove(future)
            if not futures:
                del self._waiting[flow]

    async def _take(self) -> WorkerProcess:
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                break
            self._dismiss(process)
        else:
            process = await WorkerProcess.start(self._folder)
        self._used.add(process)
        return process

    def _keep(self, process: WorkerProcess) -> None:
        if self._closed or not process.alive or process.calls >= _MOST_CALLS:
            self._dismiss(process)
            return
        self._idle.append(process)
        if len(self._idle) > self._warm and self._cooling is None:
            self._cooling = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._cool_down)

    def _cool_down(self) -> None:
        self._cooling = None
        while len(self._idle) > self._warm:
            self._dismiss(self._idle.pop(0))

    def _dismiss(self, process: WorkerProcess) -> None:
        task = asyncio.get_running_loop().create_task(process.kill())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
