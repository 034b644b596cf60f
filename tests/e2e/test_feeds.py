"""A box that follows feeds, as a process: what it tells, what its operator sees, and `kill -9` in the middle."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.connectors.feeds.server import FeedServer, rss, xml
from tests.support.process import BoxProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FLOW = """\
flow: news
on:
  feed: {urls_from: feeds.txt, first: all}
steps:
  - do: send
    with: {via: terminal/main, to: desk, text: "${event.title}: ${event.link}"}
"""
SETTINGS = "accounts: {terminal/main: }\n"


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as running:
        yield running


def made(folder: Path, *urls: str, postgres: str | None = None) -> BoxProcess:
    box = BoxProcess(folder, settings=SETTINGS, flows={"news.yaml": FLOW}, postgres=postgres)
    box.write("flows/feeds.txt", "\n".join(urls))
    return box


async def shown(box: BoxProcess) -> dict[str, Any]:
    """What the operator sees."""
    arguments = ["-m", "onebox", "flows", "show", "news", "--json", "--box", str(box.folder)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    told: dict[str, Any] = json.loads(out)
    return told


@pytest.mark.soak
async def test_a_feed_goes_to_a_channel_and_its_operator_sees_how_it_stands(
    tmp_path: Path, server: FeedServer, database: str | None
) -> None:
    server.answers.update({"/news": xml(rss("b", "a"), ETag='"1"'), "/down": xml("", 503)})
    box = made(tmp_path / "box", server.url("/news"), server.url("/down"), postgres=database)
    try:
        await box.start()

        async def told() -> bool:
            return box.rows("select count(*) from message where state = 'sent'") == [(2,)]

        await box.eventually("both items are sent", told, within=15)

        async def kept() -> bool:
            return len(box.rows("select url from feed")) == 2

        await box.eventually("both feeds are kept", kept, within=15)
        news, down = (await shown(box))["feeds"]
        assert (news["title"], news["items"], news["error"]) == ("News of Ana", 2, None)
        assert (down["error"], down["failures"]) == ("127.0.0.1 answered 503 Service Unavailable", 1)
        assert "feed_failing" in box.log()
        assert await box.stop() == 0
    finally:
        await box.clean_up()


@pytest.mark.soak
async def test_killed_at_any_moment_each_item_is_told_once(
    tmp_path: Path, server: FeedServer, database: str | None
) -> None:
    paths = [f"/{number}" for number in range(20)]
    for path in paths:
        server.answers[path] = xml(rss(*(f"{path[1:]}-{number}" for number in range(50))))
    box = made(tmp_path / "box", *map(server.url, paths), postgres=database)
    try:
        for moment in range(8):
            await box.start()

            async def more(enough: int = moment * 100 + 1) -> bool:
                return bool(box.rows("select count(*) from event")[0][0] >= enough)

            await box.eventually("more items are told", more, within=30)
            await box.kill()
        await box.start()

        async def all_told() -> bool:
            return box.rows("select count(*) from event") == [(1000,)]

        await box.eventually("all items are told", all_told, within=60)
        await box.drained(within=60)
        titles = [json.loads(payload)["title"] for (payload,) in box.rows("select payload from event order by id")]
        assert sorted(titles) == sorted(f"{path[1:]}-{number}" for path in paths for number in range(50))
        assert box.rows("select count(*) from message") == [(1000,)]
        assert await box.stop() == 0
    finally:
        await box.clean_up()
