"""The template `dispatcher`, as it is shipped, beside a Bot API and a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.process import BoxProcess
from tests.support.telegram import TOKEN, FakeTelegram
from tests.support.templates import template_box
from tests.support.town import Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HELP = "Write /order 123 to hear where your order is.\nEverything else is read by a person."


class Dispatcher(BoxProcess):
    """A box process of the template."""

    def __init__(self, path: Path, telegram: FakeTelegram, town: Town, postgres: str | None) -> None:
        bot = "telegram/main: {token: telegram_token"
        settings = {"https://shop.example.org/api": town.url, bot: f"{bot}, api: '{telegram.url}'"}
        template_box(path, ["dispatcher"], secrets={"telegram_token": TOKEN, "shop": "sesame"}, settings=settings)
        super().__init__(path, settings=None, postgres=postgres)
        if postgres:
            self.write("box.yaml", f"{(path / 'box.yaml').read_text()}\nstorage: {postgres}\n")


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with Town() as running:
        yield running


@pytest.fixture
async def box(tmp_path: Path, telegram: FakeTelegram, town: Town, database: str | None) -> AsyncIterator[Dispatcher]:
    made = Dispatcher(tmp_path / "box", telegram, town, database)
    yield made
    await made.clean_up()


async def test_each_message_goes_where_it_belongs(box: Dispatcher, telegram: FakeTelegram, town: Town) -> None:
    await box.start()
    telegram.write("/order 17", chat=42)
    telegram.write("/help", chat=43)
    telegram.write("Do you have time on Friday?", chat=44)

    await telegram.until(lambda: len(telegram.sent) == 2)
    await box.drained(within=10)

    assert telegram.texts(42) == ["Order 17: on its way"]
    assert telegram.texts(43) == [HELP]
    assert box.rows("select sender, text from notes") == [("44", "Do you have time on Friday?")]
    assert town.asked == ["/orders/17"]


@pytest.mark.soak
async def test_a_kill_while_updates_come_loses_and_doubles_none(
    box: Dispatcher, telegram: FakeTelegram, town: Town
) -> None:
    await box.start()
    for number in range(40):
        telegram.write(f"note {number}", chat=number % 4)
    await telegram.until(lambda: telegram.called.count("getUpdates") > 0)
    await box.kill()
    for number in range(40, 60):
        telegram.write(f"note {number}", chat=number % 4)
    telegram.write("/help", chat=5)

    await box.start()
    await telegram.until(lambda: telegram.texts(5) == [HELP])
    await box.drained(within=10)

    for chat in range(4):
        kept = box.rows(f"select text from notes where sender = '{chat}' order by id")
        assert kept == [(f"note {number}",) for number in range(60) if number % 4 == chat]
