"""A bot as many are: an aiogram handler that writes what it knows of a person in SQLite, and answers.

    python naive_bot.py URL --db FILE [--transaction held|short] [--drop-in] [--policy …] [--store FILE]

`held`: the write transaction is open while the answer is sent; `short`: it is committed first. One text in three writes, or
with `--all-write` each.
A refusal is waited for, as most examples do it. Without `--drop-in` there is nothing else.
What went wrong is printed when the bot ends: `{"locked": 0, …}`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sqlite3
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramRetryAfter
from tests.support.telegram import TOKEN

if TYPE_CHECKING:
    from types import TracebackType

    from aiogram.types import CallbackQuery, Message

SEEN: Counter[str] = Counter()
UPSERT = "insert into person values (?, ?) on conflict (chat) do update set last = excluded.last"


class Database:
    """A connection of its own for each handler, with SQLite's defaults, in a thread of its own."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(1)

    async def __aenter__(self) -> Self:
        await self._call(self._connect)
        return self

    async def write(self, chat: int, text: str) -> None:
        await self._call(lambda: self._connection.execute(UPSERT, (chat, text)))

    async def commit(self) -> None:
        await self._call(self._connection.commit)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._call(self._connection.close)
        self._thread.shutdown(wait=False)

    async def _call(self, work: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)  # type: ignore[arg-type]

    def _connect(self) -> None:
        self._connection = sqlite3.connect(self._file)


async def answer(message: Message, text: str) -> None:
    while True:
        try:
            await message.answer(text)
        except TelegramRetryAfter as refused:
            await asyncio.sleep(refused.retry_after)
        else:
            return


async def handle(message: Message, text: str, asked: argparse.Namespace) -> None:
    await asyncio.sleep(asked.work)
    if not asked.all_write and text[-1:].isdigit() and int(text.rsplit("-", maxsplit=1)[-1]) % 3:
        await answer(message, f"ok {text}")
        return
    async with Database(asked.db) as database:
        await database.write(message.chat.id, text)
        if asked.transaction == "short":
            await database.commit()
        await answer(message, f"ok {text}")
        await database.commit()


def dispatcher_of(asked: argparse.Namespace) -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def on_message(message: Message) -> None:
        SEEN["handled"] += 1
        text = "paid" if message.successful_payment else message.text or ""
        try:
            await handle(message, text, asked)
        except sqlite3.OperationalError as error:
            SEEN["locked" if "locked" in str(error) else "failed"] += 1
            raise
        except Exception:
            SEEN["failed"] += 1
            raise

    @dispatcher.callback_query()
    async def on_press(press: CallbackQuery) -> None:
        SEEN["pressed"] += 1
        await press.answer()

    return dispatcher


def bot_of(asked: argparse.Namespace, dispatcher: Dispatcher) -> Bot:
    server = TelegramAPIServer.from_base(asked.url)
    if not asked.drop_in:
        return Bot(TOKEN, session=AiohttpSession(api=server))
    from onebox.drop_in.aiogram import PacedSession, Policy, ThrottleMiddleware, ThrottleRules

    rules, stop_within = ThrottleRules(Policy(asked.policy)), timedelta(seconds=asked.stop_within)
    ThrottleMiddleware(rules, store=asked.store, stop_within=stop_within).register(dispatcher)
    return Bot(TOKEN, session=PacedSession(api=server))


async def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--db", required=True)
    parser.add_argument("--transaction", choices=["held", "short"], default="held")
    parser.add_argument("--drop-in", action="store_true")
    parser.add_argument("--policy", default="queue")
    parser.add_argument("--store")
    parser.add_argument("--stop-within", type=float, default=30.0)
    parser.add_argument("--all-write", action="store_true")
    parser.add_argument("--work", type=float, default=0.0)
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("aiogram.event").setLevel(logging.CRITICAL)
    connection = sqlite3.connect(asked.db)
    connection.execute("create table if not exists person (chat integer primary key, last text)")
    connection.close()
    dispatcher = dispatcher_of(asked)
    await dispatcher.start_polling(bot_of(asked, dispatcher), polling_timeout=10)
    print(json.dumps(SEEN), flush=True)  # noqa: T201 the test reads it


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
