from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramBadRequest
from tests.drop_in.living import bot_at, polling, press
from tests.support.telegram import FakeTelegram

from onebox.drop_in.aiogram import ThrottleMiddleware

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery, Message


async def test_a_press_that_waits_is_answered_once_and_handled_in_its_turn() -> None:
    """The handler answers it as always, which Telegram refuses by then."""
    held, told, begun = asyncio.Event(), list[object](), list[str]()
    dispatcher = Dispatcher()
    ThrottleMiddleware(answer_press_after=timedelta(seconds=0.05)).register(dispatcher)

    @dispatcher.message()
    async def on_message(message: Message) -> None:
        begun.append(message.text or "")
        await held.wait()

    @dispatcher.callback_query()
    async def on_press(query: CallbackQuery) -> None:
        begun.append(query.id)
        told.append(await query.answer("booked"))
        assert query.message is not None
        await query.message.answer("done")

    async with FakeTelegram() as telegram, polling(dispatcher, bot_at(telegram)):
        telegram.answers_presses_once = True
        telegram.write("keeps its chat busy")
        press(telegram)
        await telegram.until(lambda: bool(telegram.answered))
        assert begun == ["keeps its chat busy"]
        held.set()
        await telegram.until(lambda: bool(telegram.sent))
    assert told == [True]
    answers = [asked for method, asked in telegram.acts if method == "answerCallbackQuery"]
    assert [asked.get("text") for asked in answers] == [None, "booked"]
    assert len(telegram.answered) == 1


async def test_a_press_that_did_not_wait_is_answered_by_its_handler_alone_and_fails_as_before() -> None:
    failed: list[TelegramBadRequest] = []
    dispatcher = Dispatcher()
    ThrottleMiddleware(answer_press_after=timedelta(seconds=0.05)).register(dispatcher)

    @dispatcher.callback_query()
    async def on_press(query: CallbackQuery, bot: Bot) -> None:
        await asyncio.sleep(0.1)  # working for long is not waiting
        await query.answer("booked")
        with pytest.raises(TelegramBadRequest) as caught:
            await query.answer("twice")
        failed.append(caught.value)
        await bot.send_message(7, "done")

    async with FakeTelegram() as telegram, polling(dispatcher, bot_at(telegram)):
        telegram.answers_presses_once = True
        press(telegram)
        await telegram.until(lambda: bool(telegram.sent))
    assert "query is too old" in failed[0].message
    answers = [asked for method, asked in telegram.acts if method == "answerCallbackQuery"]
    assert [asked.get("text") for asked in answers] == ["booked", "twice"]
