"""The template `chat`, as it is shipped: a real box, and visitors with and without scripts."""

from __future__ import annotations

import asyncio
import io
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from onebox.app.serve import running_box
from onebox.channels.chat.channel import ChatChannel
from tests.channels.chat.site import PNG, Program, browser, program
from tests.support.process import BoxProcess
from tests.support.templates import template_box

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

QUESTION = "What would you like to know?"
HOURS = "We are open from Tuesday to Saturday, 9:00 to 18:00."


class ChatBox(BoxProcess):
    """A box process of the template."""

    def __init__(self, path: Path, postgres: str | None) -> None:
        template_box(path, ["chat"], secrets={}, settings={"{title: Ask us,": "{title: Ask us, language: pt,"})
        super().__init__(path, settings=None, postgres=postgres)
        if postgres:
            self.write("box.yaml", f"{(path / 'box.yaml').read_text()}\nstorage: {postgres}\n")


@pytest.fixture
async def box(tmp_path: Path, database: str | None) -> AsyncIterator[ChatBox]:
    made = ChatBox(tmp_path / "box", database)
    yield made
    await made.clean_up()


async def next_entries_of_the_box(visitor: Program) -> list[dict[str, Any]]:
    """What the box writes next."""
    while True:
        if said := [entry for entry in await visitor.entries(wait=20) if entry["direction"] == "out"]:
            return said


async def test_a_conversation_goes_on_after_a_kill(box: ChatBox) -> None:
    await box.start()
    async with program(box.url) as ana:
        assert await ana.post(id="a", text="Hello") == (202, {"id": "a"})
        [question] = await next_entries_of_the_box(ana)
        place = question["position"]
        assert (await ana.post(id="b", choice="hours", message=place))[0] == 202
        await box.kill()
        await box.start()
        await box.drained(within=10)
        await box.emptied(within=10)

        assert await ana.post(id="b", choice="hours", message=place) == (202, {"id": "b"})
        ana.after = 0
        texts = await ana.texts()
        assert texts == [("in", "Hello"), ("out", QUESTION), ("in", "Opening hours"), ("out", HOURS)]
        await ana.post(id="c", text="2")  # as the buttons stand
        [prices] = await next_entries_of_the_box(ana)
        assert "A cut is <strong>25</strong>" in prices["html"]
        assert await box.stop() == 0


async def test_who_has_no_script_reads_presses_and_sees_buttons_go(box: ChatBox) -> None:
    await box.start()
    async with browser(box.url) as bo:
        await bo.write("Olá")
        await box.drained(within=10)
        await box.emptied(within=10)
        page = await bo.press("A person, please")
        assert page.text[-4:] == ["A sua mensagem", "Anexar um ficheiro", "Enviar", "Mostrar as novidades"]
        await box.drained(within=10)
        await box.emptied(within=10)

        page = await bo.open()
        assert page.buttons.keys() == {"Enviar"}
        assert [said for said in page.text if said in {"Olá", QUESTION, "Somebody will write to you here."}] == [
            "Olá",
            "Somebody will write to you here.",
        ]
    assert "A visitor wants a person: " in box.log()


async def test_a_picture_larger_than_other_bodies_is_taken_and_shown(box: ChatBox) -> None:
    await box.start()
    picture = PNG + b"\0" * 6_000_000
    async with program(box.url) as ana:
        form = aiohttp.FormData({"id": "a"})
        form.add_field("file", io.BytesIO(picture), filename="cut.png", content_type="image/png")
        assert (await ana.post(data=form))[0] == 202
        [entry] = [entry for entry in await ana.entries() if entry["direction"] == "in"]
        status, content, headers = await ana.get(entry["media"][0]["url"].removeprefix("/chat/main"))
    assert (status, content, headers["Content-Type"]) == (200, picture, "image/png")
    [kept] = (box.folder / ".onebox/files").iterdir()
    assert box.rows(f"select count(*) from event where id = '{kept.name}'") == [(1,)]


async def test_a_box_that_stops_keeps_nobody_waiting(tmp_path: Path) -> None:
    folder = template_box(tmp_path / "box", ["chat"], secrets={}, settings={})
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as visiting:
        async with running_box(folder, port=0, environ={}, terminal=io.StringIO()) as running:
            ana = await visiting.enter_async_context(program(running.url))
            channel = running.box.senders["chat/main"]._channel
            assert isinstance(channel, ChatChannel)
            waiting = asyncio.create_task(ana.news(wait=20))
            while not channel.rooms._looks:  # noqa: ASYNC110 - nobody is told of this
                await asyncio.sleep(0)
            stopped_at = loop.time()
        assert (await waiting)["entries"] == []
    assert loop.time() - stopped_at < 3
