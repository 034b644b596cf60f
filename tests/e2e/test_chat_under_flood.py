"""One stranger writes to a web chat as fast as a hundred connections can: others are answered, and little is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import aiohttp
import pytest

from onebox.channels.chat.incoming import LARGEST_FILE
from tests.channels.chat.site import Program
from tests.support.process import BoxProcess
from tests.support.templates import template_box

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = [pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(180)]

FLOOD = 10.0
"""seconds"""


@asynccontextmanager
async def chat_box(folder: Path) -> AsyncIterator[BoxProcess]:
    template_box(folder, ["chat"], secrets={}, settings={})
    box = BoxProcess(folder, settings=None, postgres=None)
    try:
        await box.start()
        yield box
    finally:
        await box.clean_up()


@asynccontextmanager
async def visitor(url: str) -> AsyncIterator[Program]:
    """Somebody honest, at another address than the stranger."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))) as session:
        async with session.post(f"{url}/chat/main/visitors") as answer:
            known = await answer.json()
        yield Program(url, session, known["token"], known["chat"])


async def flood(url: str, made: Callable[[], object], connections: int) -> Counter[int]:
    """What a stranger without a cookie is answered, by status."""
    loop, told = asyncio.get_running_loop(), Counter[int]()
    until = loop.time() + FLOOD

    async def one(session: aiohttp.ClientSession) -> None:
        while loop.time() < until:
            try:
                async with session.post(f"{url}/chat/main/messages", data=made()) as answer:
                    told[answer.status] += 1
            except aiohttp.ClientError:  # refused before all of it was sent
                told[0] += 1

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        await asyncio.gather(*(one(session) for _ in range(connections)))
    return told


async def longest_answer(ana: Program, flooding: asyncio.Task[Counter[int]]) -> float:
    """Seconds that the honest visitor waited for an answer at most, while the stranger writes."""
    loop, longest, number = asyncio.get_running_loop(), 0.0, 0
    while not flooding.done():
        number, began_at = number + 1, loop.time()
        assert (await ana.post(id=f"honest{number}", text="Hello"))[0] == 202
        while not any(entry["direction"] == "out" for entry in await ana.entries(wait=20)):
            pass
        longest = max(longest, loop.time() - began_at)
        await asyncio.sleep(2)
    return longest


async def test_texts_of_a_stranger_hold_nobody_up(tmp_path: Path) -> None:
    async with chat_box(tmp_path / "box") as box, visitor(box.url) as ana:
        flooding = asyncio.create_task(flood(box.url, lambda: {"id": "a", "text": "hi"}, 100))
        longest = await longest_answer(ana, flooding)
        told = await flooding

    assert told.keys() == {202, 429}
    assert told[202] <= 60
    assert told[429] > 1000, "else it was no flood"
    assert longest < 5


async def test_files_of_a_stranger_fill_neither_memory_nor_disk(tmp_path: Path) -> None:
    content = b"a" * (LARGEST_FILE - 100_000)

    def form() -> aiohttp.FormData:
        made = aiohttp.FormData({"id": "a"})
        made.add_field("file", BytesIO(content), filename="a.bin", content_type="application/octet-stream")
        return made

    async with chat_box(tmp_path / "box") as box, visitor(box.url) as ana:
        peak = 0

        async def watch() -> None:
            nonlocal peak
            while True:
                peak = max(peak, box.resident())
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        flooding = asyncio.create_task(flood(box.url, form, 100))
        longest = await longest_answer(ana, flooding)
        told = await flooding
        watching.cancel()
        kept = sum(file.stat().st_size for file in (tmp_path / "box/.onebox/files").rglob("*") if file.is_file())

    assert told.keys() <= {0, 202, 429, 503}
    assert kept <= 200_000_000
    assert peak < 400_000_000
    assert longest < 10
