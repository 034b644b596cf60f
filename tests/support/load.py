"""A load generator: HTTP requests from a process of its own, as fast as they are answered or at a steady rate.

`python -m tests.support.load` reads a Load as JSON from standard input, and prints a Measured as JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What to send. `{n}` in `body` becomes the request's number, from 0; `key` makes an Idempotency-Key of it.

    `rate`: requests a second, begun on time however late the answers are; None: each connection asks again as soon
    as it was answered. `most` ends it early, by number.
    """

    url: str
    seconds: float
    connections: int = 64
    rate: float | None = None
    most: int | None = None
    body: str = '{"n": {n}}'
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it. Latencies are of requests answered with 200, in ms, from when each was due to its last byte;
    `began` and `ended` are CLOCK_MONOTONIC seconds; `failed` counts connections that broke."""

    requests: int
    per_second: float
    p50: float
    p99: float
    slowest: float
    statuses: Mapping[str, int]
    failed: int
    began: float
    ended: float
    by: str = "own"

    @property
    def accepted(self) -> int:
        """Answered with 200."""
        return self.statuses.get("200", 0)


async def run_load(load: Load) -> Measured:
    """Sends the load from a child process, so that it does not share an event loop with what it measures."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.load",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await child.communicate(json.dumps(asdict(load)).encode())
    return Measured(**json.loads(printed))


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the sorted values do not exceed; 0 if there are none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


# ---- in the child process


@dataclass(slots=True)
class Tally:
    statuses: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    failed: int = 0


class Client(asyncio.Protocol):
    """One keep-alive connection, one request at a time; understands what has a Content-Length."""

    _answered: asyncio.Future[str]

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    async def ask(self, request: bytes) -> str:
        """The status of the answer. Raises ConnectionError."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError
        self._answered = asyncio.get_running_loop().create_future()
        self._unread = b""
        self._transport.write(request)
        return await self._answered

    def data_received(self, data: bytes) -> None:
        self._unread += data
        end = self._unread.find(b"\r\n\r\n")
        if end < 0 or self._answered.done():
            return
        head = self._unread[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._unread) >= end + 4 + length:
            self._answered.set_result(head[9:12].decode())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None and not self._lost().done():
            self._lost().set_exception(ConnectionResetError())

    def _lost(self) -> asyncio.Future[str]:
        if not hasattr(self, "_answered"):
            self._answered = asyncio.get_running_loop().create_future()
            self._answered.set_result("")
        return self._answered


class Sender:
    """Sends one load."""

    def __init__(self, load: Load) -> None:
        self._load = load
        place = urlsplit(load.url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._head = f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
        self._tally = Tally()
        self._numbers: Iterator[int] = itertools.count() if load.most is None else iter(range(load.most))

    async def send(self) -> Measured:
        load = self._load
        began = time.monotonic()
        lane = self._as_answered if load.rate is None else self._on_time
        await self._wait_for([lane(began) for _ in range(load.connections)])
        ended = time.monotonic()
        return self._measured(began, ended)

    async def _wait_for(self, lanes: list[Awaitable[None]]) -> None:
        done = asyncio.gather(*lanes)
        await asyncio.wait_for(done, self._load.seconds + _PATIENCE)

    async def _as_answered(self, began: float) -> None:
        ask = self._asker()
        for number in self._numbers:
            now = time.monotonic()
            if now - began >= self._load.seconds:
                return
            await ask(number, now)

    async def _on_time(self, began: float) -> None:
        """Each lane takes the next number and waits for its moment; a late answer delays its own lane alone."""
        assert self._load.rate is not None
        ask = self._asker()
        for number in self._numbers:
            due = began + number / self._load.rate
            if due - began >= self._load.seconds:
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await ask(number, due)

    def _asker(self) -> Callable[[int, float], Awaitable[None]]:
        client: Client | None = None

        async def ask(number: int, due: float) -> None:
            nonlocal client
            try:
                if client is None:
                    _, client = await asyncio.get_running_loop().create_connection(Client, self._host, self._port)
                status = await client.ask(self._request(number))
            except OSError:
                client = None
                self._tally.failed += 1
                await asyncio.sleep(0.05)
            else:
                self._tally.statuses[status] += 1
                if status == "200":
                    self._tally.latencies.append((time.monotonic() - due) * 1000)

        return ask

    def _request(self, number: int) -> bytes:
        body = self._load.body.replace("{n}", str(number))
        key = f"Idempotency-Key: {self._load.key}-{number}\r\n" if self._load.key else ""
        return f"{self._head}{key}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()

    def _measured(self, began: float, ended: float) -> Measured:
        tally = self._tally
        slow = sorted(tally.latencies)
        requests = sum(tally.statuses.values())
        return Measured(
            requests=requests,
            per_second=tally.statuses["200"] / (ended - began),
            p50=percentile(slow, 0.5),
            p99=percentile(slow, 0.99),
            slowest=slow[-1] if slow else 0.0,
            statuses=dict(tally.statuses),
            failed=tally.failed,
            began=began,
            ended=ended,
        )


if __name__ == "__main__":
    import uvloop

    print(json.dumps(asdict(uvloop.run(Sender(Load(**json.load(sys.stdin))).send()))))  # noqa: T201  # the result
