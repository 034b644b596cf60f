"""Answers that were handed over."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.client.telegram import TelegramAPIServer
from tests.drop_in.living import bot_at, polling
from tests.support.telegram import TOKEN, FakeTelegram, Refusal

from onebox.drop_in.aiogram import Limits, PacedSession, Rate, ThrottleMiddleware
from onebox.drop_in.aiogram.handling import Handling, Marked

if TYPE_CHECKING:
    from pathlib import Path

    from aiogram.types import Message

AT_ONCE = timedelta(0)
FOUR_A_SECOND = Limits(person=Rate(per_second=4, burst=1))


def failures(store: Path) -> list[str | None]:
    """Of the messages that were handed over and not sent, why not."""
    with closing(sqlite3.connect(store)) as database:
        return [failure for (failure,) in database.execute("select failure from drop_in_message order by id")]


async def test_a_handed_over_answer_and_the_defaults_of_its_bot_outlive_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "bot.db"
    noted: list[int] = []

    def dispatcher() -> Dispatcher:
        made = Dispatcher()
        ThrottleMiddleware(store=store).register(made)

        @made.message()
        async def on_message(message: Message) -> None:
            noted.append((await message.answer("<b>answer</b>")).message_id)
            noted.append((await message.reply("plain", parse_mode=None)).message_id)

        return made

    def bot() -> Bot:
        session = PacedSession(api=TelegramAPIServer.from_base(telegram.url), hand_over_after=AT_ONCE)
        defaults = DefaultBotProperties(parse_mode="HTML", allow_sending_without_reply=True)
        return Bot(TOKEN, session=session, default=defaults)

    async with FakeTelegram() as telegram:
        telegram.refusals[7] = Refusal(429, "Too Many Requests", {"retry_after": 30})
        async with polling(dispatcher(), bot()):
            telegram.write("hello")
            await telegram.until(lambda: "sendMessage" in telegram.called)
        assert noted == [0, 0]
        assert failures(store) == [None, None]
        del telegram.refusals[7]
        async with polling(dispatcher(), bot()):
            await telegram.until(lambda: len(telegram.sent) == 2)
    answer, reply = (sent.arguments for sent in telegram.sent)
    assert answer == {"chat_id": 7, "text": "<b>answer</b>", "parse_mode": "HTML"}
    assert "parse_mode" not in reply
    assert reply["reply_parameters"]["message_id"] == 1
    assert reply["reply_parameters"]["allow_sending_without_reply"] is True
    assert failures(store) == []


async def hand_over(bot: Bot, telegram: FakeTelegram, answer: bytes) -> None:
    """Sends `a`, hands over `b`, and returns when `b` has been answered with `answer`."""
    with Marked(Handling(bot.id, "7", None, lambda: None)):
        await bot.send_message(7, "a")
        telegram.garbage = answer
        assert (await bot.send_message(7, "b")).message_id == 0
    await telegram.until(lambda: telegram.called.count("sendMessage") == 2)
    telegram.garbage = None


async def test_a_chat_goes_on_when_the_reply_to_a_handed_over_answer_is_not_understood() -> None:
    async with FakeTelegram() as telegram, bot_at(telegram, limits=FOUR_A_SECOND, hand_over_after=AT_ONCE) as bot:
        await hand_over(bot, telegram, b'{"ok": true, "result": 5}')
        async with asyncio.timeout(5):
            await bot.send_message(7, "c")
        assert telegram.called.count("sendMessage") == 3


@pytest.mark.soak
async def test_a_handed_over_answer_is_sent_again_when_the_reply_is_not_json() -> None:
    async with FakeTelegram() as telegram, bot_at(telegram, limits=FOUR_A_SECOND, hand_over_after=AT_ONCE) as bot:
        await hand_over(bot, telegram, b"<html>Bad Gateway</html>")
        await bot.send_message(7, "c")
        assert telegram.texts(7) == ["a", "b", "c"]


@pytest.mark.soak
async def test_a_session_that_closes_while_a_handed_over_answer_pauses_leaves_it_for_the_next_start(
    tmp_path: Path,
) -> None:
    store = tmp_path / "bot.db"
    async with FakeTelegram() as telegram:
        session = {"limits": FOUR_A_SECOND, "hand_over_after": AT_ONCE, "close_within": AT_ONCE}
        dispatcher, bot = Dispatcher(), bot_at(telegram, **session)
        ThrottleMiddleware(store=store).register(dispatcher)
        await dispatcher.emit_startup(dispatcher=dispatcher, bot=bot)
        await hand_over(bot, telegram, b"<html>Bad Gateway</html>")
        await bot.session.close()
        pacer = bot.session.pacer_of(bot.id)  # type: ignore[attr-defined]
        async with asyncio.timeout(5):
            while pacer.under_way:  # noqa: ASYNC110 that it is over is told to nobody
                await asyncio.sleep(0.01)
    assert telegram.texts(7) == ["a"]
    assert failures(store) == [None]
