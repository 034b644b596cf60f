"""All that the four templates speak to but Telegram and the mail server: feeds, a shop, APIs of numbers, Discord, Slack.

One HTTP server on loopback that keeps what it was sent, and is down, slow or hostile as a test says.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from aiohttp import web

from tests.support.local_server import LocalServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss><channel>&b;</channel></rss>'
)


@dataclass
class Feed:
    """One feed; `items` are titles, newest last. `status` other than 200: it is down. `hostile`: an entity bomb."""

    items: list[str] = field(default_factory=list)
    status: int = 200
    hostile: bool = False
    asked: int = 0


class Town(LocalServer):
    """`async with Town() as town`; what came is in `discord`, `slack`, `asked`."""

    def __init__(self) -> None:
        self.feeds: dict[int, Feed] = {}
        self.metrics: dict[str, Any] = {}
        """what `/metrics/NAME` answers: a value; a status, if it is down; None: it hangs"""
        self.discord: list[str] = []
        self.slack: list[str] = []
        self.asked: list[str] = []
        self.open_to_feeds = asyncio.Event()
        """while it is not set, feeds are slow: their answers wait for it"""
        self.open_to_feeds.set()

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._noting])
        application.router.add_get("/feeds/{number}.xml", self._feed)
        application.router.add_get("/metrics/{name}", self._metric)
        application.router.add_get("/orders/{number}", self._order)
        application.router.add_post("/discord", self._discord)
        application.router.add_post("/slack", self._slack)
        return application

    def feed_address(self, number: int) -> str:
        return f"{self.url}/feeds/{number}.xml"

    @web.middleware
    async def _noting(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.asked.append(request.path)
        return await handler(request)

    async def _feed(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        feed = self.feeds[number]
        feed.asked += 1
        await self.open_to_feeds.wait()
        if feed.status != 200:
            return web.Response(status=feed.status)
        if feed.hostile:
            return web.Response(text=_BOMB, content_type="application/rss+xml")
        tag = f'"{len(feed.items)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(text=self._rss(number, feed), content_type="application/rss+xml", headers={"ETag": tag})

    def _rss(self, number: int, feed: Feed) -> str:
        items = "".join(
            f"<item><title>{escape(title)}</title><link>{self.link(number, place)}</link></item>"
            for place, title in reversed(list(enumerate(feed.items)))
        )
        return f'<rss version="2.0"><channel><title>Feed {number}</title>{items}</channel></rss>'

    def link(self, number: int, place: int) -> str:
        """The link of an item."""
        return f"https://news.example.org/{number}/{place}"

    async def _metric(self, request: web.Request) -> web.Response:
        answer = self.metrics[request.match_info["name"]]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, str):
            return web.Response(text=answer)
        if isinstance(answer, int) and answer >= 500:
            return web.json_response({"error": "down"}, status=answer)
        return web.json_response({"value": answer})

    async def _order(self, request: web.Request) -> web.Response:
        return web.json_response({"number": int(request.match_info["number"]), "status": "on its way"})

    async def _discord(self, request: web.Request) -> web.Response:
        self.discord.append((await request.json())["content"])
        return web.json_response({"id": str(len(self.discord))})

    async def _slack(self, request: web.Request) -> web.Response:
        self.slack.append((await request.json())["text"])
        return web.Response(text="ok")
