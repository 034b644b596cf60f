"""Reads documents in a child process: what hangs, bursts or breaks there costs the box nothing but a failed poll."""

from __future__ import annotations

import asyncio
import base64
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onebox.connectors.code.process import WorkerDied, WorkerProcess
from onebox.connectors.feeds.failure import FeedFailed
from onebox.kernel.encoding import EncodingError, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 10.0
"""for one document"""
IDLE_SECONDS = 60.0
_PROGRAM = ("-m", "onebox.connectors.feeds.parsing.worker")
_LONGEST_ANSWER = 64_000_000
_MOST_DOCUMENTS = 2000
"""after which the process is replaced, so that what the parser leaks does not add up for ever"""


@dataclass(frozen=True, slots=True)
class Document:
    """A feed that was read. `items` are what events have, each with its `key`, newest first; `others` are the keys of
    items that there was no room for."""

    title: str | None
    link: str | None
    items: Sequence[Mapping[str, Any]]
    others: Sequence[str]


class Documents:
    """One process, started when it is needed and ended when there was nothing to do for a while; documents take turns."""

    def __init__(self, *, seconds: float = SECONDS, idle_seconds: float = IDLE_SECONDS) -> None:
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._turn = asyncio.Lock()
        self._process: WorkerProcess | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def process(self) -> WorkerProcess | None:
        """The process, while there is one."""
        return self._process

    async def read(self, raw: bytes, *, url: str, content_type: str = "") -> Document:
        """Raises FeedFailed that says what was found instead of a feed."""
        request = to_json({"url": url, "type": content_type, "body": base64.b64encode(raw).decode()})
        async with self._turn:
            answer = await self._ask(request)
        if "error" in answer:
            raise FeedFailed(answer["error"])
        return Document(**answer["ok"])

    async def close(self) -> None:
        """Ends the process."""
        self._rest()
        while self._closing:
            await asyncio.gather(*self._closing)

    async def _ask(self, request: str) -> dict[str, Any]:
        if self._resting is not None:
            self._resting.cancel()
        process = await self._started()
        answered = False
        try:
            async with asyncio.timeout(self._seconds):
                answer: dict[str, Any] = from_json(await process.ask(request))
            answered = process.calls < _MOST_DOCUMENTS
        except TimeoutError:
            raise FeedFailed(f"it takes longer than {self._seconds:g} s to read this") from None
        except WorkerDied as died:
            raise FeedFailed(_death(died.status)) from None
        except (ValueError, EncodingError):
            raise FeedFailed("what the process read of it cannot be taken: it is too much, or broken") from None
        finally:
            if answered:
                self._resting = asyncio.get_running_loop().call_later(self._idle_seconds, self._rest)
            else:
                self._rest()
        return answer

    async def _started(self) -> WorkerProcess:
        if self._process is None or not self._process.alive:
            self._rest()
            try:
                self._process = await WorkerProcess.start(Path("/"), _PROGRAM, longest=_LONGEST_ANSWER)
            except OSError as error:
                raise FeedFailed(f"no process can be started to read it: {error}") from None
        return self._process

    def _rest(self) -> None:
        """Lets the process go; the next document starts another."""
        process, self._process = self._process, None
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        if process is not None:
            task = asyncio.get_running_loop().create_task(process.kill())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


def _death(status: int | None) -> str:
    if status is not None and -status in {signal.SIGXCPU, signal.SIGKILL}:
        return "it takes too much time or memory to read this"
    return f"the process that was to read it ended with status {status}"
