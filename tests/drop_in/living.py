"""A bot that polls a Bot API of ours, in this process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiogram import Bot, Dispatcher
from aiogram.client.telegram import TelegramAPIServer
from tests.support.telegram import TOKEN, FakeTelegram

from onebox.drop_in.aiogram import PacedSession, ThrottleMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiogram.types import Message


def bot_at(telegram: FakeTelegram, **session: Any) -> Bot:
    return Bot(TOKEN, session=PacedSession(api=TelegramAPIServer.from_base(telegram.url), **session))


@asynccontextmanager
async def polling(dispatcher: Dispatcher, bot: Bot) -> AsyncIterator[None]:
    """Polls until the block ends; then stops as at SIGTERM."""
    task = asyncio.create_task(dispatcher.start_polling(bot, polling_timeout=5, handle_signals=False))
    try:
        yield
    finally:
        await dispatcher.stop_polling()
        await task


def echo(throttle: ThrottleMiddleware) -> Dispatcher:
    """Answers each text with itself."""
    dispatcher = Dispatcher()
    throttle.register(dispatcher)

    @dispatcher.message()
    async def on_message(message: Message) -> None:
        await message.answer("paid" if message.successful_payment else message.text or "")

    return dispatcher


def payment(telegram: FakeTelegram, *, chat: int = 7) -> None:
    """A payment came in."""
    person = {"id": chat, "is_bot": False, "first_name": "Ana"}
    paid = {
        "currency": "EUR",
        "total_amount": 900,
        "invoice_payload": "cut",
        "telegram_payment_charge_id": "t1",
        "provider_payment_charge_id": "p1",
    }
    where = {"id": chat, "type": "private", "first_name": "Ana"}
    message = {"message_id": 1, "date": 1_790_000_000, "from": person, "chat": where, "successful_payment": paid}
    telegram.update(message=message)


def press(telegram: FakeTelegram, *, chat: int = 7) -> None:
    """A button was pressed."""
    person = {"id": chat, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": 1, "date": 1_790_000_000, "chat": {"id": chat, "type": "private"}, "text": "menu"}
    number = telegram.waiting + len(telegram.answered) + 1
    telegram.update(
        callback_query={"id": f"press-{number}", "from": person, "message": message, "data": "go", "chat_instance": "1"}
    )


SHORT = timedelta(seconds=0.2)
