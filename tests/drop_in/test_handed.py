"""Answers that were handed over."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.client.telegram import TelegramAPIServer
from tests.drop_in.living import polling
from tests.support.telegram import TOKEN, FakeTelegram, Refusal

from onebox.drop_in.aiogram import PacedSession, ThrottleMiddleware

if TYPE_CHECKING:
    from pathlib import Path

    from aiogram.types import Message

AT_ONCE = timedelta(0)


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
