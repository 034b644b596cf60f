"""Few large bodies at a time are in memory, and one address holds up nobody but itself."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from tests.web.box import open_box

from onebox.messaging.endpoint import Called, Reply
from onebox.web.answers import Refused
from onebox.web.large import MOST, MOST_OF_ONE, MOST_WAITING_OF_ONE, SMALL, LargeBodies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.box import Box

PATH = "/chat/main"
LARGE = b"x" * 900_000
"""more than a connection takes before anybody asks for it"""


class Endpoint:
    """Keeps what it is called with until it is let go. A small body is answered at once."""

    def __init__(self) -> None:
        self.calls: list[Called] = []
        self.go = asyncio.Event()
        self._called = asyncio.Semaphore(0)

    async def __call__(self, called: Called) -> Reply:
        if len(called.body) > SMALL:
            self.calls.append(called)
            self._called.release()
            await self.go.wait()
        return Reply(200, b"%d" % len(called.body))

    async def until_called(self, times: int) -> None:
        for _ in range(times):
            await self._called.acquire()


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Box, Endpoint]]:
    endpoint = Endpoint()
    async with open_box(endpoints={PATH: endpoint}) as box, asyncio.timeout(20):
        yield box, endpoint
        endpoint.go.set()


async def post(box: Box, body: Any, address: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(f"{box.url}{PATH}", data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def begin(box: Box, address: str) -> asyncio.StreamWriter:
    """A large body of which the first byte alone has come."""
    _, writer = await asyncio.open_connection("127.0.0.1", box.port, local_addr=(address, 0))
    writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx" % PATH.encode())
    return writer


async def test_only_so_many_are_read_and_the_others_follow() -> None:
    async with served() as (box, endpoint):
        addresses = [f"127.0.0.{number}" for number in range(1, MOST + 3)]
        posts = [asyncio.create_task(post(box, LARGE, address)) for address in addresses]
        await endpoint.until_called(MOST)
        # Whoever is served now came after those that wait, so they were looked at and not let in.
        assert await post(box, b"small") == (200, "5")
        assert len(endpoint.calls) == MOST
        endpoint.go.set()

        assert await asyncio.gather(*posts) == [(200, str(len(LARGE)))] * len(posts)


async def test_who_sends_slowly_holds_up_their_own_address_alone() -> None:
    async with served() as (box, endpoint):
        slow = [await begin(box, "127.0.0.2") for _ in range(MOST_OF_ONE + MOST_WAITING_OF_ONE)]
        endpoint.go.set()
        while (refused := await post(box, LARGE, "127.0.0.2"))[0] != 503:
            pass

        assert '"error":"busy"' in refused[1]
        assert (await post(box, LARGE, "127.0.0.3"))[0] == 200
        for writer in slow:
            writer.close()


@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_of_which_nobody_says_how_large_it_is_counts_as_large(packed: bool) -> None:  # noqa: FBT001
    body = gzip.compress(LARGE) if packed else LARGE
    headers = {"Content-Encoding": "gzip", "Content-Length": str(len(body))} if packed else {}
    begun, go_on, sent = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def pieces() -> Any:
        yield body[:100]
        begun.set()
        await go_on.wait()
        yield body[100:]
        sent.set()

    async with served() as (box, endpoint):
        first = [asyncio.create_task(post(box, LARGE)) for _ in range(MOST_OF_ONE)]
        await endpoint.until_called(MOST_OF_ONE)
        one_more = asyncio.create_task(post(box, pieces(), **headers))
        await begun.wait()
        assert await post(box, b"small") == (200, "5")
        go_on.set()
        await sent.wait()
        assert await post(box, b"small") == (200, "5")
        assert len(endpoint.calls) == MOST_OF_ONE
        endpoint.go.set()

        assert await asyncio.gather(*first, one_more) == [(200, str(len(LARGE)))] * (MOST_OF_ONE + 1)


async def test_one_that_is_over_the_limit_is_told_so_at_once() -> None:
    async with served() as (box, endpoint):
        posts = [asyncio.create_task(post(box, LARGE)) for _ in range(MOST_OF_ONE)]
        await endpoint.until_called(MOST_OF_ONE)

        assert (await post(box, BytesIO(b"x" * 5_000_001)))[0] == 413
        endpoint.go.set()
        await asyncio.gather(*posts)


async def test_who_waited_long_enough_is_told_to_come_again() -> None:
    places = LargeBodies(patience=0.01)
    async with AsyncExitStack() as held:
        for _ in range(MOST_OF_ONE):
            await held.enter_async_context(places.place("a"))
        with pytest.raises(Refused) as refused:
            await held.enter_async_context(places.place("a"))
        assert (refused.value.status, refused.value.error) == (503, "busy")
        assert refused.value.headers == {"Retry-After": "5"}
        assert refused.value.close
    async with places.place("a"), places.place("a"):
        assert places._waiting == []


async def test_a_network_of_one_home_is_one_visitor() -> None:
    places = LargeBodies(patience=0.01)
    async with places.place("2001:db8::1"), places.place("2001:db8::2"):
        with pytest.raises(Refused):
            await places.place("2001:db8::3").__aenter__()
        async with places.place("2001:db8:0:1::1"):
            pass


@pytest.mark.parametrize("comes_first", [False, True])
async def test_who_goes_while_it_waits_takes_no_place_along(comes_first: bool) -> None:  # noqa: FBT001
    places = LargeBodies()

    async def wait() -> None:
        async with places.place("a"):
            raise AssertionError("it went before")

    async with AsyncExitStack() as held:
        for _ in range(MOST_OF_ONE):
            await held.enter_async_context(places.place("a"))
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        if comes_first:
            waiting.cancel()
        await held.aclose()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert places._held.total() == 0
    assert places._waiting == []
