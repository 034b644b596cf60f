"""The template `chat`, as it is shipped: a real box, and visitors with and without scripts."""

from __future__ import annotations

import asyncio
import io
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from onebox.app.serve import RunningBox, running_box
from onebox.channels.chat.channel import ChatChannel
from tests.channels.chat.site import PNG, Browser, Page, Program, browser, program
from tests.support.process import BoxProcess
from tests.support.templates import template_box

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

QUESTION = "What would you like to know?"
PROMISE = "Somebody will write to you here."
HOURS = "We are open from Tuesday to Saturday, 9:00 to 18:00."


@pytest.fixture
async def running(tmp_path: Path, database: str | None) -> AsyncIterator[RunningBox]:
    """The template, in Portuguese, in this process."""
    folder = template_box(
        tmp_path / "box", ["chat"], secrets={}, settings={"{title: Ask us,": "{title: Ask us, language: pt,"}
    )
    if database:
        folder.settings.write_text(f"{folder.settings.read_text()}\nstorage: {database}\n")
    async with running_box(folder, port=0, environ={}, terminal=io.StringIO()) as box:
        yield box


async def next_of_the_box(visitor: Program) -> list[dict[str, Any]]:
    """What the box writes next."""
    while True:
        if said := [entry for entry in await visitor.entries(wait=20) if entry["direction"] == "out"]:
            return said


async def until_shown(visitor: Browser, text: str) -> Page:
    """The page, as soon as this stands on it. The browser loads it again and again."""
    while text not in (page := await visitor.open()).text:  # noqa: ASYNC110 - a page without a script waits so
        await asyncio.sleep(0.01)
    return page


async def test_a_choice_is_pressed_or_typed(running: RunningBox) -> None:
    async with program(running.url) as ana:
        assert await ana.post(id="a", text="Hello") == (202, {"id": "a"})
        [question] = await next_of_the_box(ana)
        assert (await ana.post(id="b", choice="hours", message=question["position"]))[0] == 202
        [hours] = await next_of_the_box(ana)
        assert (await ana.post(id="c", text="2"))[0] == 202
        [prices] = await next_of_the_box(ana)

    assert (question["text"], hours["text"]) == (QUESTION, HOURS)
    assert "A cut is <strong>25</strong>" in prices["html"]


async def test_who_has_no_script_reads_presses_and_sees_buttons_go(running: RunningBox) -> None:
    async with browser(running.url) as bo:
        page = await bo.write("Olá")
        assert page.text[-4:] == ["A sua mensagem", "Anexar um ficheiro", "Enviar", "Mostrar as novidades"]
        await until_shown(bo, QUESTION)
        await bo.press("A person, please")
        page = await until_shown(bo, PROMISE)

    assert page.buttons.keys() == {"Enviar"}
    shown = [said for said in page.text if said in {"Olá", QUESTION, "A person, please", PROMISE}]
    assert shown == ["Olá", PROMISE, "A person, please"]


async def test_a_picture_larger_than_other_bodies_is_taken_and_shown(running: RunningBox, tmp_path: Path) -> None:
    picture = PNG + b"\0" * 6_000_000
    async with program(running.url) as ana:
        form = aiohttp.FormData({"id": "a"})
        form.add_field("file", io.BytesIO(picture), filename="cut.png", content_type="image/png")
        assert (await ana.post(data=form))[0] == 202
        [entry] = [entry for entry in await ana.entries() if entry["direction"] == "in"]
        status, content, headers = await ana.get(entry["media"][0]["url"].removeprefix("/chat/main"))

    assert (status, content, headers["Content-Type"]) == (200, picture, "image/png")
    [kept] = (tmp_path / "box/.onebox/files").iterdir()
    assert await running.box.storage.reader.event(kept.name) is not None


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


@pytest.mark.soak
async def test_a_conversation_goes_on_after_a_kill(tmp_path: Path, database: str | None) -> None:
    template_box(tmp_path / "box", ["chat"], secrets={}, settings={})
    box = BoxProcess(tmp_path / "box", settings=None, postgres=database)
    if database:
        box.write("box.yaml", f"{(box.folder / 'box.yaml').read_text()}\nstorage: {database}\n")
    try:
        await box.start()
        async with program(box.url) as ana:
            await ana.post(id="a", text="Hello")
            [question] = await next_of_the_box(ana)
            assert (await ana.post(id="b", choice="hours", message=question["position"]))[0] == 202
            await box.kill()
            await box.start()
            await box.drained(within=10)
            await box.emptied(within=10)

            assert (await ana.post(id="b", choice="hours", message=question["position"]))[0] == 202
            ana.after = 0
            texts = await ana.texts()
        assert texts == [("in", "Hello"), ("out", QUESTION), ("in", "Opening hours"), ("out", HOURS)]
        assert await box.stop() == 0
    finally:
        await box.clean_up()
