"""The other side of a box: an HTTP server in a process of its own that counts and remembers, slow or faulty on command.

`python -m tests.support.stub` prints its port and serves until its standard input closes, so it never outlives a test.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
_DICE = random.Random(1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request. `at` is in seconds of CLOCK_MONOTONIC, which all processes of a machine share."""

    at: float
    method: str
    path: str
    key: str
    body: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How requests whose path begins with `prefix` are answered. `spread`: the share of `delay`, 0 to 1, by which each
    answer comes earlier or later; `drop`: the connection is closed instead."""

    prefix: str
    delay: float = 0.0
    spread: float = 0.0
    status: int = 200
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many requests came, and when the first and the last (CLOCK_MONOTONIC, seconds; 0 for none)."""

    count: int
    first: float
    last: float


class Stub:
    """The server, seen from a test: `async with Stub() as stub`."""

    def __init__(self) -> None:
        self.url = ""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.stub",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(await self._process.stdout.readline())}"
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def behave(
        self, prefix: str, *, delay: float = 0.0, spread: float = 0.0, status: int = 200, drop: bool = False
    ) -> None:
        """From now on answers like this where a path begins with `prefix`; the longest prefix counts."""
        await self._ask("behave", asdict(Behaviour(prefix, delay, spread, status, drop)))

    async def count(self, prefix: str = "/") -> Count:
        """What came for paths with this prefix since the start, or since `forget`."""
        return Count(**await self._ask("count", {"prefix": prefix}))

    async def seen(self, prefix: str = "/") -> list[Seen]:
        """The same, one by one, in the order in which they came."""
        return [Seen(*row) for row in await self._ask("seen", {"prefix": prefix})]

    async def forget(self) -> None:
        """Counts from nothing again."""
        await self._ask("forget", {})

    async def wait_for(self, count: int, *, prefix: str = "/", within: float) -> Count:
        """Waits until so many have come; what is there when `within` seconds are over, if they do not come."""
        deadline = time.monotonic() + within
        while True:
            found = await self.count(prefix)
            if found.count >= count or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.02)

    async def _ask(self, what: str, arguments: Mapping[str, Any]) -> Any:
        async with self._http.post(f"{self.url}/_stub/{what}", json=arguments) as answer:
            return await answer.json()


# ---- in the child process


class Memory:
    """What the server saw, and how it is to behave."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, str, str, str, str]] = []
        self.behaviours: list[Behaviour] = []

    def behaviour(self, path: str) -> Behaviour | None:
        """The longest prefix that fits. The list is sorted so."""
        return next((behaviour for behaviour in self.behaviours if path.startswith(behaviour.prefix)), None)

    def command(self, what: str, arguments: dict[str, Any]) -> Any:
        """Does what a test asks for, and gives the answer."""
        if what == "behave":
            others = [known for known in self.behaviours if known.prefix != arguments["prefix"]]
            self.behaviours = sorted([*others, Behaviour(**arguments)], key=lambda known: -len(known.prefix))
            return {}
        if what == "forget":
            self.seen = []
            return {}
        prefix = arguments["prefix"]
        rows = self.seen if prefix == "/" else [row for row in self.seen if row[2].startswith(prefix)]
        if what == "seen":
            return rows
        return {"count": len(rows), "first": rows[0][0] if rows else 0, "last": rows[-1][0] if rows else 0}


class Connection(asyncio.Protocol):
    """One keep-alive connection, parsed by hand: the stub must cost little beside what is measured."""

    transport: asyncio.Transport

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head, start = self._unread[:end], end + 4
            length = int(_header(head, b"content-length") or b"0")
            if len(self._unread) < start + length:
                return
            body, self._unread = self._unread[start : start + length], self._unread[start + length :]
            self._take(head, body)

    def _take(self, head: bytes, body: bytes) -> None:
        method, path, _ = head[: head.find(b"\r\n")].decode().split(" ", 2)
        if path.startswith("/_stub/"):
            self._answer(200, json.dumps(self._memory.command(path.removeprefix("/_stub/"), json.loads(body))))
            return
        key = (_header(head, b"idempotency-key") or _header(head, b"webhook-id") or b"").decode()
        self._memory.seen.append((time.monotonic(), method, path, key, body.decode(errors="replace")))
        behaviour = self._memory.behaviour(path)
        if behaviour is None:
            self._answer(200, "{}")
        elif behaviour.delay:
            delay = behaviour.delay * (1 + behaviour.spread * _DICE.uniform(-1, 1))
            asyncio.get_running_loop().call_later(delay, self._behave, behaviour)
        else:
            self._behave(behaviour)

    def _behave(self, behaviour: Behaviour) -> None:
        if self.transport.is_closing():
            return
        if behaviour.drop:
            self.transport.abort()
        else:
            self._answer(behaviour.status, "{}")

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.transport.write(
            b"HTTP/1.1 %d -\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )


def _header(head: bytes, name: bytes) -> bytes:
    lower = head.lower()
    at = lower.find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    start = at + len(name) + 3
    end = head.find(b"\r\n", start)
    return (head[start:] if end < 0 else head[start:end]).strip()


async def _serve() -> None:
    memory = Memory()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(memory), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # this is how the test learns the port
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve())
