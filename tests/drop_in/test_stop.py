"""What a stop leaves for the next start, and what it does not."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiogram import Dispatcher
from tests.drop_in.living import bot_at, echo, polling
from tests.support.telegram import FakeTelegram

from onebox.drop_in.aiogram import ThrottleMiddleware

if TYPE_CHECKING:
    from pathlib import Path

    from aiogram.types import ErrorEvent, Message


def unfinished(store: Path) -> list[int]:
    with closing(sqlite3.connect(store)) as database:
        sql = "select update_id from drop_in_update where done_at is null order by update_id"
        return [number for (number,) in database.execute(sql)]


def execute(store: Path, sql: str) -> None:
    with closing(sqlite3.connect(store)) as database:
        database.execute(sql)
        database.commit()


async def do_nothing(_error: ErrorEvent) -> bool:
    return True


@pytest.mark.parametrize("fails_by", ["send", "other"])
async def test_a_handler_that_outlives_the_bot_is_begun_again_at_the_next_start(tmp_path: Path, fails_by: str) -> None:
    """Also where the bot catches all errors, as its own handler of errors does it."""
    store, held, ended = tmp_path / "bot.db", asyncio.Event(), asyncio.Event()
    dispatcher = Dispatcher()
    ThrottleMiddleware(store=store, stop_within=timedelta(0)).register(dispatcher)
    if fails_by == "send":
        dispatcher.errors.register(do_nothing)

    @dispatcher.message()
    async def on_message(message: Message) -> None:
        await message.answer("begun")
        await held.wait()
        try:
            if fails_by == "other":
                raise KeyError("the database is closed")
            await message.answer("ended")
        finally:
            ended.set()

    async with FakeTelegram() as telegram:
        async with polling(dispatcher, bot_at(telegram)):
            telegram.write("hello")
            await telegram.until(lambda: bool(telegram.sent))
        held.set()
        await ended.wait()
        async with polling(echo(ThrottleMiddleware(store=store)), bot_at(telegram)):
            await telegram.until(lambda: len(telegram.sent) == 2)
        assert telegram.texts(7) == ["begun", "hello"]
    assert unfinished(store) == []


async def test_what_could_not_be_kept_is_not_confirmed_at_the_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "bot.db"
    async with FakeTelegram() as telegram:
        async with polling(echo(ThrottleMiddleware(store=store)), bot_at(telegram)):
            await telegram.until(lambda: "getUpdates" in telegram.called)
            full = "create trigger full before insert on drop_in_update begin select raise(abort, 'disk is full'); end"
            execute(store, full)
            telegram.write("hello")
            async with asyncio.timeout(5):
                while "disk is full" not in caplog.text:  # noqa: ASYNC110 a log tells nobody that it was written
                    await asyncio.sleep(0.01)
        assert telegram.waiting == 1
        execute(store, "drop trigger full")
        async with polling(echo(ThrottleMiddleware(store=store)), bot_at(telegram)):
            await telegram.until(lambda: bool(telegram.sent))
    assert telegram.texts(7) == ["hello"]


async def test_updates_that_are_known_already_are_confirmed(tmp_path: Path) -> None:
    """As after a kill, where Telegram was not told yet that they were taken; or it would give them for ever."""
    store = tmp_path / "bot.db"
    async with FakeTelegram() as telegram:
        telegram.write("hello")
        known = list(telegram.pending)
        async with polling(echo(ThrottleMiddleware(store=store)), bot_at(telegram)):
            await telegram.until(lambda: bool(telegram.sent))
        telegram.pending[:] = known
        async with polling(echo(ThrottleMiddleware(store=store)), bot_at(telegram)):
            await telegram.until(lambda: not telegram.waiting)
            assert telegram.called.count("getUpdates") < 10
    assert telegram.texts(7) == ["hello"]
