"""One question to a feed's server, and what may come back."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from tests.connectors.calls import StoppedClock
from tests.connectors.feeds.server import FeedServer, rss, xml

from onebox.connectors.feeds.failure import FeedFailed
from onebox.connectors.feeds.fetching import Fetcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.abc import ResolveResult

FEED = rss("a").encode()
BOMB = gzip.compress(b"0" * 200_000_000)


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as running:
        yield running


class Ask:
    """Fetchers that are closed when the test is over."""

    def __init__(self) -> None:
        self.fetchers: list[Fetcher] = []

    async def __call__(self, url: str, *, etag: str | None = None, **more: Any) -> Any:
        fetcher = Fetcher(**{"box": "Salon Ana", "clock": StoppedClock(), **more})
        self.fetchers.append(fetcher)
        return await fetcher.fetch(url, etag=etag)

    async def why_not(self, url: str, **more: Any) -> str:
        """Why it failed."""
        with pytest.raises(FeedFailed) as failed:
            await self(url, **more)
        return failed.value.message


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    asking = Ask()
    yield asking
    for fetcher in asking.fetchers:
        await fetcher.close()


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("packing", "packed"),
    [
        ("gzip", gzip.compress(FEED)),
        ("GZIP", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED[:50]) + gzip.compress(FEED[50:])),
        ("gzip", gzip.compress(FEED) + b"left over"),
        ("deflate", zlib.compress(FEED)),
        ("deflate", _raw_deflate(FEED)),
        ("identity", FEED),
    ],
)
async def test_what_is_packed_is_unpacked(server: FeedServer, ask: Ask, packing: str, packed: bytes) -> None:
    server.answers["/feed"] = xml(packed, Content_Encoding=packing)
    assert (await ask(server.url())).body == FEED
    assert server.requests[0].headers["Accept-Encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("packing", "packed", "why"),
    [
        ("gzip", FEED, "the answer is packed with gzip and broken: Error -3 while decompressing data: incorrect header check"),
        ("gzip", gzip.compress(FEED)[:-20], "the answer is packed with gzip and breaks off"),
        ("gzip", b"", "the answer is packed with gzip and breaks off"),
        ("br", b"\x0b", "the answer is packed with 'br', though gzip, deflate was asked for"),
        ("gzip, gzip", b"\x0b", "the answer is packed with 'gzip, gzip', though gzip, deflate was asked for"),
        ("gzip", BOMB, "the answer is larger than 5 MB"),
    ],
    ids=["no gzip", "cut off", "empty", "another packing", "packed twice", "a bomb"],
)  # fmt: skip
async def test_what_cannot_be_unpacked_is_a_failure(
    server: FeedServer, ask: Ask, packing: str, packed: bytes, why: str
) -> None:
    server.answers["/feed"] = xml(packed, Content_Encoding=packing)
    began = time.process_time()
    assert await ask.why_not(server.url()) == why
    assert time.process_time() - began < 2


async def test_what_is_too_large_is_a_failure(server: FeedServer, ask: Ask) -> None:
    server.answers["/feed"] = xml(b" " * 1001)
    assert await ask.why_not(server.url(), largest=1000) == "the answer is larger than 0.001 MB"
    server.answers["/feed"] = xml(b" " * 1000)
    assert len((await ask(server.url(), largest=1000)).body) == 1000


async def test_an_answer_that_does_not_end_is_given_up(server: FeedServer, ask: Ask) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    server.answers["/feed"] = drip
    assert await ask.why_not(server.url(), seconds=0.1) == "127.0.0.1 did not answer in time (0.1 s)"


async def test_an_answer_that_breaks_off_is_a_failure(server: FeedServer, ask: Ask) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"<rss>")
        assert request.transport is not None
        request.transport.close()
        return response

    server.answers["/feed"] = broken
    assert (await ask.why_not(server.url())).startswith("GET 127.0.0.1:")


async def test_a_server_that_is_not_there_is_a_failure(ask: Ask) -> None:
    assert "cannot be reached" in await ask.why_not("http://127.0.0.1:1/feed")


async def test_the_marks_that_come_are_those_that_can_go_back(server: FeedServer, ask: Ask) -> None:
    server.answers["/feed"] = xml(FEED, ETag='"1"', Last_Modified="x" * 2000)
    found = await ask(server.url())
    assert (found.etag, found.last_modified) == ('"1"', None)


@pytest.mark.parametrize(("name", "shown"), [("Salon Ana", "Salon Ana"), ("Café (Ana)\r\nX: y", "Caf? ?Ana???X: y")])
async def test_no_name_of_a_box_breaks_the_header(server: FeedServer, ask: Ask, name: str, shown: str) -> None:
    server.answers["/feed"] = xml(FEED)
    await ask(server.url(), box=name)
    assert server.requests[0].headers["User-Agent"].endswith(f"(feed reader; box {shown})")


# --- redirects ---


class Mixed(AbstractResolver):
    """A name `public` whose addresses are not all private, though the server at hand answers for it."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        addresses = ["127.0.0.1", "93.184.215.14"] if host.startswith("public") else ["127.0.0.1"]
        return [
            {"hostname": host, "host": address, "port": port, "family": 2, "proto": 0, "flags": 0}
            for address in addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/b", "http://inside.example:{port}/b", "http://[::1]:{port}/b"]
)
async def test_a_public_feed_cannot_lead_into_a_private_network(server: FeedServer, ask: Ask, target: str) -> None:
    server.answers.update({"/feed": xml("", 301, Location=target.format(port=server.port)), "/b": xml(FEED)})
    why = await ask.why_not(server.url(host="public.example"), resolver=Mixed())
    assert why.startswith("it redirects to ")
    assert why.endswith(", which lies in a private network")
    assert server.asked == ["/feed"]


async def test_a_private_feed_may_move_within(server: FeedServer, ask: Ask) -> None:
    server.answers.update({"/feed": xml("", 301, Location=f"http://other.example:{server.port}/b"), "/b": xml(FEED)})
    found = await ask(server.url(host="inside.example"), resolver=Mixed())
    assert (found.body, found.address) == (FEED, f"http://other.example:{server.port}/b")


async def test_a_name_that_was_public_gains_nothing_by_becoming_private(server: FeedServer, ask: Ask) -> None:
    class Turning(Mixed):
        def __init__(self) -> None:
            self.asked = 0

        async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
            self.asked += 1
            return await super().resolve("public" if self.asked == 1 else "private", port, family)

    server.answers.update({"/feed": xml("", 302, Location=f"http://evil2.example:{server.port}/b"), "/b": xml(FEED)})
    why = await ask.why_not(server.url(host="evil.example"), resolver=Turning())
    assert why == "it redirects to evil2.example, which lies in a private network"


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://x.example/", "http://[broken/", "mailto:ana@example.org"]
)
async def test_a_redirect_that_leads_nowhere_is_a_failure(server: FeedServer, ask: Ask, location: str) -> None:
    server.answers["/feed"] = xml("", 302, Location=location)
    assert "redirects to" in await ask.why_not(server.url())
