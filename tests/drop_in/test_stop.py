"""What a stop leaves for the next start, and what it does not."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiogram import Dispatcher
from aiogram.types import Update
from tests.drop_in.living import bot_at, echo, payment, polling
from tests.support.telegram import FakeTelegram

from onebox.drop_in.aiogram import ThrottleMiddleware
from onebox.drop_in.aiogram.journal import Journal, Kept

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


async def test_an_update_is_counted_when_its_handler_is_begun_and_not_at_each_start(tmp_path: Path) -> None:
    store = tmp_path / "bot.db"
    async with FakeTelegram() as telegram:
        telegram.write("first")
        telegram.write("second")
        await leave_behind(store, telegram)
        for _ in range(2):
            begun, never = asyncio.Event(), asyncio.Event()
            dispatcher, bot = Dispatcher(), bot_at(telegram)
            ThrottleMiddleware(store=store, stop_within=timedelta(0)).register(dispatcher)

            @dispatcher.message()
            async def on_message(_message: Message, begun: asyncio.Event = begun, never: asyncio.Event = never) -> None:
                begun.set()
                await never.wait()

            await dispatcher.emit_startup(dispatcher=dispatcher, bot=bot)
            await begun.wait()
            await dispatcher.emit_shutdown(dispatcher=dispatcher, bot=bot)
            await bot.session.close()
    with closing(sqlite3.connect(store)) as database:
        assert database.execute("select starts from drop_in_update order by update_id").fetchall() == [(3,), (1,)]


async def test_what_never_ended_is_given_up_and_a_payment_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "bot.db"
    async with FakeTelegram() as telegram:
        telegram.write("it ends the bot")
        payment(telegram)
        await leave_behind(store, telegram)
        execute(store, "update drop_in_update set starts = 5")
        async with polling(echo(ThrottleMiddleware(store=store)), bot_at(telegram)):
            await telegram.until(lambda: bool(telegram.sent))
    assert telegram.texts(7) == ["paid"]
    assert "update 1 is given up: its handler was begun 5 times and never ended" in caplog.messages
    with closing(sqlite3.connect(store)) as database:
        reasons = database.execute("select reason from drop_in_update order by update_id").fetchall()
    assert reasons == [("given up: its handler was begun 5 times and never ended",), ("",)]
    assert unfinished(store) == []


async def leave_behind(store: Path, telegram: FakeTelegram) -> None:
    """Puts what people wrote into the store, as a life of the bot does that then is killed."""
    journal, bot = Journal(store), bot_at(telegram)
    updates = [Update.model_validate(update) for update in telegram.pending]
    telegram.pending.clear()
    kept = [Kept(one.update_id, "7@7", "message", one.model_dump_json(exclude_unset=True)) for one in updates]
    await journal.keep(bot.id, kept)
    await journal.close()


async def test_without_a_store_what_was_handled_is_confirmed_and_the_rest_of_its_batch_comes_again() -> None:
    dispatcher, begun = Dispatcher(), asyncio.Event()
    ThrottleMiddleware().register(dispatcher)

    @dispatcher.message()
    async def on_message(message: Message) -> None:
        if message.text == "1":
            begun.set()
            await asyncio.Event().wait()  # until the stop cancels it
        await message.answer(message.text or "")

    async with FakeTelegram() as telegram:
        for number in range(3):
            telegram.write(f"{number}")
        life = dispatcher.start_polling(bot_at(telegram), handle_signals=False, handle_as_tasks=False)
        polls = asyncio.create_task(life)
        await begun.wait()
        await dispatcher.stop_polling()
        await polls
        assert [update["message"]["text"] for update in telegram.pending] == ["1", "2"]
        async with polling(echo(ThrottleMiddleware()), bot_at(telegram)):
            await telegram.until(lambda: len(telegram.sent) == 3)
    assert telegram.texts(7) == ["0", "1", "2"]


async def test_a_session_that_several_close_is_closed_once() -> None:
    """Also when the first who closes it is cancelled."""
    async with FakeTelegram() as telegram:
        dispatcher, bot = echo(ThrottleMiddleware(window=0)), bot_at(telegram)
        life = dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=5)
        polls = asyncio.create_task(life)
        telegram.write("hello")
        await telegram.until(lambda: bool(telegram.sent))
        await dispatcher.stop_polling()
        await polls
        telegram.called.clear()
        first, *others = (asyncio.create_task(bot.session.close()) for _ in range(3))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(*others)
        await bot.session.close()
        assert telegram.called.count("getUpdates") <= 1
        assert telegram.waiting == 0
