"""What is measured: a box, and the hand-written program beside it."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psutil
from tests.support.process import BoxProcess, free_port, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

MB = 1_000_000


class Contender(Protocol):
    """A program with the webhook /hooks/w."""

    name: str
    url: str
    spawned_at: float
    """CLOCK_MONOTONIC, when its process was made"""

    async def start(self, *, ready: bool = True) -> None:
        """Makes the process; returns when it takes events, unless told not to wait."""
        ...

    def resident(self) -> float:
        """MB of it and of its child processes."""
        ...

    async def stop(self) -> None:
        """Ends it, whatever it is doing: what is measured was measured. It may be started again."""
        ...


class HandWritten:
    """bench/handwritten.py."""

    name = "hand-written"

    def __init__(self, folder: Path, stub: str) -> None:
        self._port = free_port()
        self._arguments = [str(self._port), f"{stub}/w", str(folder / "handwritten.db")]
        self.url = f"http://127.0.0.1:{self._port}"
        self.spawned_at = 0.0
        self._process: asyncio.subprocess.Process

    async def start(self, *, ready: bool = True) -> None:
        program = Path(__file__).with_name("handwritten.py")
        self.spawned_at = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(sys.executable, str(program), *self._arguments)
        while ready and await status_of("127.0.0.1", self._port, "/") is None:
            if self._process.returncode is not None:
                message = f"the hand-written program ended with {self._process.returncode}"
                raise RuntimeError(message)
            await asyncio.sleep(0.02)

    def resident(self) -> float:
        return _tree(self._process.pid)

    async def stop(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class Onebox:
    """`onebox run` on a folder of flows."""

    name = "onebox"

    def __init__(
        self,
        folder: Path,
        *,
        flows: Mapping[str, str],
        settings: str = "",
        code: Mapping[str, str] | None = None,
        postgres: str | None = None,
    ) -> None:
        self.box = BoxProcess(folder / "box", settings=settings, flows=flows, code=code, postgres=postgres)
        self.url = self.box.url
        self.spawned_at = 0.0

    async def start(self, *, ready: bool = True) -> None:
        await self.box.start(ready=False)
        self.spawned_at = self.box.spawned_at
        if ready:
            await self.box.wait_until_ready()

    def resident(self) -> float:
        assert self.box.process is not None
        return _tree(self.box.process.pid)

    async def stop(self) -> None:
        await self.box.clean_up()


def _tree(pid: int) -> float:
    process = psutil.Process(pid)
    return float(sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / MB)
