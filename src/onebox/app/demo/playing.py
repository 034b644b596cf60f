"""Plays the demo: serves the box, feeds it over HTTP, and counts what goes out."""

from __future__ import annotations

import asyncio
import io
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import aiohttp

from onebox.app.demo import scenario
from onebox.app.demo.scenario import Incoming
from onebox.app.demo.shop import open_shop
from onebox.app.folder import BoxFolder
from onebox.app.serve import running_box
from onebox.kernel.encoding import to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from onebox.app.serve import RunningBox

_TEMPLATE = Path(__file__).parents[1] / "templates" / "demo"
_PAUSE = 0.1
_CONNECTIONS = 32
_PATIENCE = 30.0
_LOOK = 0.2
_LOOKS = 25
_ACCEPTED = range(200, 300)


class Watcher(Protocol):
    """Shows what happens."""

    def phase(self, text: str) -> None:
        """Something else begins."""
        ...

    def came_in(self, told: str, status: int, seconds: float) -> None:
        """An event was sent to the box, and answered."""
        ...

    def went_out(self, line: str) -> None:
        """The box sent a message."""
        ...

    def ran(self, counts: dict[str, int]) -> None:
        """How many runs are in each state."""
        ...


@dataclass
class Tally:
    """What happened so far. Times in seconds; `out` are the lines that went out, with when."""

    sent: int = 0
    refused: int = 0
    repeated: int = 0
    repeated_alike: bool = False
    expected: set[str] = field(default_factory=set)
    quiet: list[float] = field(default_factory=list)
    """times of acknowledgement, one by one"""
    burst: list[float] = field(default_factory=list)
    """the same, of those that came at once"""
    out: dict[str, float] = field(default_factory=dict)
    out_count: int = 0
    burst_acknowledged: float = 0.0
    burst_out: float = 0.0
    runs: dict[str, int] = field(default_factory=dict)

    @property
    def lost(self) -> list[str]:
        """What was acknowledged and of which nothing came out."""
        return sorted(self.expected - self.out.keys())


def percentile(times: Sequence[float], share: float) -> float:
    """
    >>> percentile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class _Desk(io.StringIO):
    """What the box takes for its terminal."""

    def __init__(self, tally: Tally, watcher: Watcher) -> None:
        super().__init__()
        self._tally = tally
        self._watcher = watcher
        self._wrote = asyncio.Event()

    async def all_out(self) -> None:
        """Returns when of everything that was acknowledged something came out."""
        while self._tally.lost:
            self._wrote.clear()
            await self._wrote.wait()

    def write(self, text: str, /) -> int:
        for line in text.splitlines():
            self._tally.out_count += 1
            begins = " ".join(line.partition(": ")[2].replace(":", " ").split()[:2])
            self._tally.out.setdefault(begins, time.perf_counter())
            self._watcher.went_out(line)
        self._wrote.set()
        return len(text)


class Demo:
    """A box that is served and fed."""

    def __init__(
        self, box: RunningBox, desk: _Desk, tally: Tally, watcher: Watcher, session: aiohttp.ClientSession
    ) -> None:
        self.url = box.url
        self.tally = tally
        self._desk = desk
        self._box = box
        self._watcher = watcher
        self._session = session

    async def play(self) -> None:
        """The whole programme, to the last message."""
        self._watcher.phase("a quiet morning: orders and messages come in one by one")
        first: Incoming | None = None
        answered = b""
        for incoming in scenario.trickle():
            body = await self._send(incoming, self.tally.quiet)
            first, answered = (first, answered) if first else (incoming, body)
            await asyncio.sleep(_PAUSE)
        assert first is not None
        await self._repeat(first, answered)
        await self._send_broken()
        await self._all_out()
        await self._burst(scenario.burst())
        await self._settled()

    async def watch(self) -> None:
        """Tells how the runs stand, for ever."""
        while True:
            await self._count()
            await asyncio.sleep(_LOOK)

    async def _count(self) -> None:
        self.tally.runs = await self._box.records.count_runs()
        self._watcher.ran(self.tally.runs)

    async def _settled(self) -> None:
        """The last run's end is written a moment after its message went out."""
        for _ in range(_LOOKS):
            await self._count()
            if not any(self.tally.runs.get(state) for state in ("ready", "waiting")):
                return
            await asyncio.sleep(_LOOK)

    async def _send(self, incoming: Incoming, times: list[float]) -> bytes:
        self.tally.expected.add(incoming.answer)
        status, body, seconds = await self._post(incoming.path, to_json(incoming.body), incoming.key)
        if status in _ACCEPTED:
            times.append(seconds)
        else:
            self.tally.expected.discard(incoming.answer)
            self.tally.refused += 1
        self._watcher.came_in(incoming.told, status, seconds)
        return body

    async def _post(self, path: str, body: str, key: str | None) -> tuple[int, bytes, float]:
        self.tally.sent += 1
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        began = time.perf_counter()
        async with self._session.post(f"{self.url}/hooks/{path}", data=body, headers=headers) as response:
            return response.status, await response.read(), time.perf_counter() - began

    async def _repeat(self, first: Incoming, answered: bytes) -> None:
        self._watcher.phase("the shop sends its first order again: it is answered as it was, and not run again")
        status, body, seconds = await self._post(first.path, to_json(first.body), first.key)
        self.tally.repeated += 1
        self.tally.repeated_alike = body == answered
        self._watcher.came_in(f"{first.told} (again)", status, seconds)

    async def _send_broken(self) -> None:
        self._watcher.phase("someone sends JSON that is none: it is refused, with the reason")
        status, body, seconds = await self._post("orders", '{"number": 1, "name": "Ana"', None)
        self.tally.refused += status not in _ACCEPTED
        self._watcher.came_in(f"broken JSON: {body.decode(errors='replace')}", status, seconds)

    async def _burst(self, incoming: Sequence[Incoming]) -> None:
        self._watcher.phase(f"the newsletter is out: {len(incoming)} orders at once")
        waiting = asyncio.Queue[Incoming]()
        for one in incoming:
            waiting.put_nowait(one)

        async def customer() -> None:
            while not waiting.empty():
                await self._send(waiting.get_nowait(), self.tally.burst)

        began = time.perf_counter()
        await asyncio.gather(*(customer() for _ in range(_CONNECTIONS)))
        self.tally.burst_acknowledged = time.perf_counter() - began
        await self._all_out()
        self.tally.burst_out = max(self.tally.out.get(one.answer, began) for one in incoming) - began

    async def _all_out(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._desk.all_out()


@asynccontextmanager
async def open_demo(watcher: Watcher, *, port: int) -> AsyncIterator[Demo]:
    """A box in a temporary folder, served on this machine; gone afterwards."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="onebox-demo-") as path:
        async with open_shop() as (_, shop):
            folder, desk = _make_folder(Path(path), shop), _Desk(tally, watcher)
            async with (
                running_box(folder, host="127.0.0.1", port=port, environ={}, terminal=desk) as box,
                aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_CONNECTIONS)) as session,
            ):
                yield Demo(box, desk, tally, watcher, session)


def _make_folder(path: Path, shop: str) -> BoxFolder:
    for file in _TEMPLATE.rglob("*.yaml"):
        target = path / file.relative_to(_TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text(encoding="utf-8").replace("SHOP_API", shop), encoding="utf-8")
    return BoxFolder(path)
