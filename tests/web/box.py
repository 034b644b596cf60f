"""A box behind a real server on loopback: the real inbox, over a ledger in memory."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aiohttp
from tests.support.memory_ledger import MemoryLedger

from onebox.flows.book import FlowBook
from onebox.flows.plan import Block, Flow, Place, Trigger
from onebox.kernel.encoding import load
from onebox.kernel.ids import Ids
from onebox.messaging.inbox import Inbox
from onebox.storage.files import FilesFolder
from onebox.web.server import WebServer
from onebox.web.settings import WebSettings
from onebox.web.site import build_web
from onebox.web.webhook import webhook_trigger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from onebox.flows.kinds import TriggerKind
    from onebox.flows.responses import RunEnded
    from onebox.kernel.ledger import Change
    from onebox.messaging.endpoint import Endpoint
    from onebox.messaging.event import Event, Stored, StoredResponse

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
QUICK = WebSettings(linger=0.05, body_timeout=0.1, header_timeout=0.1, keepalive_timeout=0.1)
"""gives connections up at once, where a test waits for that"""
JSON = {"Content-Type": "application/json"}


class StandingClock:
    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at


class Crowd:
    """Who waits for events: nobody, but they may be many."""

    def __init__(self) -> None:
        self.waiting = 0
        self.seen: list[Event] = []
        self.arrivals = asyncio.Semaphore(0)

    def backlog(self) -> int:
        return self.waiting

    def consequences(self, event: Event) -> Sequence[Change[Any]]:
        return ()

    def supersede(self, event: Event) -> Sequence[Change[Any]]:
        return ()

    def stored(self, event: Event, consequences: Sequence[Change[Any]], outcome: Stored | None) -> None:
        if outcome is not None and not outcome.duplicate:
            self.seen.append(event)
            self.arrivals.release()


class Answers:
    """What runs answered, given beforehand or while somebody waits."""

    def __init__(self) -> None:
        self._given: asyncio.Future[StoredResponse | RunEnded | None] = asyncio.get_running_loop().create_future()
        self.asked: list[tuple[str, float]] = []
        self._asks = asyncio.Semaphore(0)

    async def until_asked(self, times: int = 1) -> None:
        for _ in range(times):
            await self._asks.acquire()

    def give(self, answer: StoredResponse | RunEnded | None) -> None:
        self._given.set_result(answer)

    async def wait(self, event_id: str, timeout: float) -> StoredResponse | RunEnded | None:
        self.asked.append((event_id, timeout))
        self._asks.release()
        return await asyncio.shield(self._given)


@dataclass
class Box:
    """A running server, and what is behind it."""

    url: str
    port: int
    client: aiohttp.ClientSession
    server: WebServer
    ledger: MemoryLedger
    crowd: Crowd
    clock: StandingClock
    answers: Answers
    book: FlowBook
    files: Path
    """the folder of the files that came with forms; no file of another test is in it"""
    not_ready: list[str] = field(default_factory=list)

    @property
    def stored(self) -> dict[str, Event]:
        """What the ledger keeps."""
        return self.ledger.tables.events

    @property
    def event(self) -> Event:
        """The one event that was stored."""
        [event] = self.crowd.seen
        assert list(self.stored) == [event.id]
        assert load(event.payload) == event.data, "the row must give back what the flow saw"
        return event

    async def post(self, path: str, body: bytes | str = b"", **headers: str) -> tuple[int, Any]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post(f"{self.url}{path}", data=body, headers=given) as response:
            kind = response.headers.get("Content-Type", "")
            return response.status, await (response.json() if "json" in kind else response.text())


def flow(name: str, *, file: str | None = None, kind: TriggerKind | None = None, **settings: Any) -> Flow:
    kind = kind or webhook_trigger()
    checked = kind.settings.model_validate(settings)
    trigger = Trigger(kind=kind.name, settings=checked, topic=kind.topic(name, checked), place=Place(2, 3))
    return Flow(
        name=name, version="1", file=file or f"flows/{name}.yaml", bundle="", triggers=[trigger], steps=Block([])
    )


@asynccontextmanager
async def open_box(
    *flows: Flow,
    secrets: Mapping[str, str] | None = None,
    settings: WebSettings | None = None,
    readiness: Callable[[], str | None] | None = None,
    endpoints: Mapping[str, Endpoint] | None = None,
    **hook: Any,
) -> AsyncIterator[Box]:
    """A box with these flows, or with one hook of these settings at `/hooks/w`."""
    book, ledger, crowd, clock, answers = FlowBook(), MemoryLedger(), Crowd(), StandingClock(), Answers()
    book.replace(flows or [flow("w", **{"path": "w", **hook})])
    not_ready: list[str] = []
    folder = Path(tempfile.gettempdir()) / f"onebox-files-{uuid4().hex}"
    settings = settings or WebSettings()
    inbox = Inbox(
        ledger=ledger, clock=clock, ids=Ids(clock, lambda size: b"\x07" * size), subscribers=crowd, backlog_limit=100
    )
    site = build_web(
        inbox,
        book,
        secrets=secrets or {},
        responses=answers,
        clock=clock,
        settings=settings,
        files=FilesFolder(folder),
        readiness=readiness or (lambda: not_ready[0] if not_ready else None),
        endpoints={} if endpoints is None else endpoints,  # it may be filled later
    )
    server = WebServer(site, "127.0.0.1", 0, settings)
    await server.start()
    url = f"http://127.0.0.1:{server.port}"
    try:
        async with aiohttp.ClientSession() as client:
            yield Box(url, server.port, client, server, ledger, crowd, clock, answers, book, folder, not_ready)
    finally:
        await server.stop(deadline=1)
        ledger.close()
        shutil.rmtree(folder, ignore_errors=True)


async def raw_exchange(port: int, sent: bytes) -> bytes:
    """Sends bytes, and gives all that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = bytearray()
    try:
        writer.write(sent)
        async with asyncio.timeout(10):
            while chunk := await reader.read(65536):
                got += chunk
    except ConnectionResetError:  # the server did not wait for the rest of what was sent
        pass
    finally:
        writer.close()
    return bytes(got)
