"""A small real server of feeds on loopback, and a box that follows them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web
from tests.dispatch.boxes import EngineBox
from tests.flows.machine.plans import block

from onebox.connectors.feeds.documents import Documents
from onebox.connectors.feeds.fetching import Fetcher
from onebox.connectors.feeds.poller import FeedPoller
from onebox.connectors.feeds.settings import FeedSettings, topic_of
from onebox.flows.plan import Flow, Place, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiohttp.abc import AbstractResolver
    from tests.support.memory_ledger import MemoryLedger

    from onebox.flows.feeds import Feed

Answer = web.Response | Callable[[web.Request], Awaitable[web.StreamResponse]]


def rss(*titles: str, title: str = "News of Ana") -> str:
    """A feed of these items, newest first."""
    items = "".join(
        f"<item><title>{name}</title><link>https://news.example.org/{name}</link><guid>{name}</guid></item>"
        for name in titles
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'


def xml(text: str | bytes, status: int = 200, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = text.encode() if isinstance(text, str) else text
    return web.Response(body=body, status=status, headers={"Content-Type": "application/rss+xml", **named})


@dataclass
class FeedServer:
    """Answers each path as told, and keeps what it was asked. Many answers for a path are given one after another."""

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    requests: list[web.Request] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0
    port: int = 0
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def url(self, path: str = "/feed", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def asked(self) -> list[str]:
        return [request.path for request in self.requests]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(0)
            found = self.answers.get(request.path)
            if isinstance(found, list):
                found = found.pop(0) if len(found) > 1 else found[0]
            if found is None:
                return web.Response(status=404)
            if not isinstance(found, web.Response):
                return await found(request)
            return web.Response(status=found.status, body=found.body, headers=found.headers)
        finally:
            self.running -= 1


def feed_flow(*urls: str, name: str = "news", files: Mapping[str, str] | None = None, **settings: Any) -> Flow:
    """A flow that follows these feeds."""
    given = {"urls": list(urls), **settings} if files is None else settings
    made = FeedSettings.model_validate(given)
    trigger = Trigger("feed", made, topic_of(name), Place(1, 1), files=files or {})
    return Flow(name, "1", f"{name}.yaml", name, (trigger,), block())


class FeedBox(EngineBox):
    """A box whose polls a test asks for."""

    def __init__(
        self,
        *flows: Flow,
        ledger: MemoryLedger | None = None,
        resolver: AbstractResolver | None = None,
        documents: Documents | None = None,
        **limits: Any,
    ) -> None:
        super().__init__(*flows, ledger=ledger)
        self.fetcher = Fetcher(box="Salon Ana", clock=self.clock, resolver=resolver, **limits)
        self.documents = documents or Documents()
        self.poller = FeedPoller(
            book=self.book,
            inbox=self.inbox,
            reader=self.ledger,
            clock=self.clock,
            fetcher=self.fetcher,
            documents=self.documents,
        )

    async def __aexit__(self, *_: object) -> None:
        await self.poller.close()
        await super().__aexit__()

    async def poll(self, **later: float) -> int:
        """Lets time pass, and polls what is due then."""
        self.move(**later)
        return await self.poller.poll_due()

    async def first_poll(self) -> int:
        """All feeds that are new."""
        await self.poll()  # makes the plan
        return await self.poll(minutes=20)

    def feed(self, url: str, flow: str = "news") -> Feed:
        """As it is kept."""
        return self.ledger.tables.feeds[flow, url]

    @property
    def told(self) -> list[str]:
        """The titles of the events, in the order in which they were stored."""
        return [event.data["title"] for _, event in sorted(self.ledger.tables.events.items())]


def changed_to(box: FeedBox, flows: Iterable[Flow]) -> None:
    """The flows' files changed."""
    box.flows = tuple(flows)
    box.book.replace(box.flows)
