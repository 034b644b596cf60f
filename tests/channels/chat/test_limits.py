"""What one address may send to a web chat, over real HTTP: who sends no cookie is somebody new each time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from tests.channels.chat.site import Page, chat_site

from onebox.channels.chat.showing import Look
from onebox.channels.chat.words import WORDS
from onebox.flows.definition.fields import Rate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.channels.chat.site import Site

    from onebox.channels.chat.words import Language

FEW = Rate(3, timedelta(hours=1))
TEN_A_DAY = Rate(10, timedelta(days=1))
AS_PAGE = {"Accept": "text/html"}


@asynccontextmanager
async def stranger(address: str = "127.0.0.1") -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who keeps no cookie, at an address of this machine."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


async def write(
    site: Site, session: aiohttp.ClientSession, headers: Mapping[str, str] | None = None
) -> tuple[int, Any, Mapping[str, str]]:
    sent = {"id": "a", "text": "hi"}
    async with session.post(f"{site.url}/chat/main/messages", json=sent, headers=headers) as answer:
        kind = answer.content_type
        return answer.status, await (answer.json() if "json" in kind else answer.text()), answer.headers


async def send_file(site: Site, session: aiohttp.ClientSession, size: int) -> tuple[int, Any]:
    form = aiohttp.FormData({"id": "a"})
    form.add_field("file", BytesIO(b"a" * size), filename="cv.pdf", content_type="application/pdf")
    async with session.post(f"{site.url}/chat/main/messages", data=form) as answer:
        return answer.status, await answer.json()


async def test_who_is_somebody_new_each_time_is_counted_by_address(tmp_path: Path) -> None:
    async with chat_site(tmp_path / "files", posts=FEW) as site, stranger() as many, stranger("127.0.0.2") as honest:
        statuses = [(await write(site, many))[0] for _ in range(5)]
        status, told, headers = await write(site, many)

        assert statuses == [202, 202, 202, 429, 429]
        assert len({post.chat for post in site.reception.posts}) == 3
        wait = int(headers["Retry-After"])
        assert 3590 <= wait <= 3600
        sentence = "Too much came from your connection in a short time: please try again in 60 min"
        assert (status, told) == (429, {"error": "too_many", "message": sentence})
        assert (await write(site, honest))[0] == 202


async def test_new_visitors_count_as_what_they_write_does(tmp_path: Path) -> None:
    async with chat_site(tmp_path / "files", posts=FEW) as site, stranger() as many:
        statuses = []
        for _ in range(4):
            async with many.post(f"{site.url}/chat/main/visitors") as answer:
                statuses.append(answer.status)

        assert statuses == [201, 201, 201, 429]
        assert (await write(site, many))[0] == 429


async def test_who_waits_is_taken_again(tmp_path: Path) -> None:
    # The clock of the site goes on by a second whenever it is asked.
    async with chat_site(tmp_path / "files", posts=Rate(1, timedelta(seconds=4))) as site, stranger() as many:
        statuses = [(await write(site, many))[0] for _ in range(9)]

    assert set(statuses) == {202, 429}
    assert statuses.count(202) > 1


async def test_what_is_read_is_not_counted(tmp_path: Path) -> None:
    async with chat_site(tmp_path / "files", posts=FEW) as site, stranger() as many:
        for _ in range(5):
            async with many.get(f"{site.url}/chat/main") as answer:
                assert answer.status == 200
        assert (await write(site, many))[0] == 202


async def test_who_has_no_script_is_told_on_a_page_in_its_language(tmp_path: Path) -> None:
    async with chat_site(tmp_path / "files", Look(language="de"), posts=FEW) as site, stranger() as many:
        await asyncio.gather(*(write(site, many) for _ in range(3)))
        status, text, headers = await write(site, many, AS_PAGE)

    assert (status, headers["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert "Retry-After" in headers
    said = "Von Ihrem Anschluss kam in kurzer Zeit zu viel: Bitte versuchen Sie es in 60 min noch einmal."
    assert Page(text).text[1:] == ["Das wurde nicht gesendet.", said, "Zurück zum Gespräch"]


async def test_a_file_counts_by_its_megabytes_and_is_not_kept_when_it_is_refused(tmp_path: Path) -> None:
    async with chat_site(tmp_path / "files", files=TEN_A_DAY) as site, stranger() as many:
        sizes = (9_000_000, 1_000_001, 1_000_000, 1)
        answers = [await send_file(site, many, size) for size in sizes]

        assert [status for status, _ in answers] == [202, 429, 202, 429]
        assert answers[-1][1]["message"].endswith("please try again in 24 h")
        assert len(list(site.files.rglob("1"))) == 2
        assert (await write(site, many))[0] == 202, "a text has its own limit"


@pytest.mark.parametrize("language", WORDS)
def test_every_language_says_how_long_to_wait(language: Language) -> None:
    words = WORDS[language]
    second, minute, hour = words.units
    said = [words.too_much.format(wait=words.wait(seconds)) for seconds in (60, 61, 7201)]

    assert [f"60 {second}" in said[0], f"2 {minute}" in said[1], f"3 {hour}" in said[2]] == [True] * 3
