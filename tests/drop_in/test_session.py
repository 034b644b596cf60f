from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramForbiddenError
from tests.drop_in.living import bot_at, echo, polling
from tests.support.telegram import FakeTelegram, Refusal

from onebox.drop_in.aiogram import Limits, PacedSession, Rate, SessionClosed, ThrottleMiddleware
from onebox.sandbox.telegram.flood import Flood

if TYPE_CHECKING:
    from aiogram.types import Message

FAST = Limits(person=Rate(per_second=1000, burst=1000))


def too_many(seconds: int, times: int = 1) -> Refusal:
    return Refusal(429, "Too Many Requests", {"retry_after": seconds}, times)


async def test_a_chat_gets_its_messages_in_order_though_they_are_sent_at_once() -> None:
    async with FakeTelegram() as telegram, bot_at(telegram, limits=FAST) as bot:
        telegram.latency = 0.005
        await asyncio.gather(*(bot.send_message(chat, f"{n}") for n in range(10) for chat in (7, 8)))
        assert telegram.texts(7) == telegram.texts(8) == [f"{n}" for n in range(10)]


@pytest.mark.soak
async def test_a_broadcast_to_many_is_never_refused() -> None:
    async with FakeTelegram() as telegram, bot_at(telegram) as bot:
        telegram.flood = Flood()
        started = time.monotonic()
        await asyncio.gather(*(bot.send_message(chat, "news") for chat in range(1, 61)))
        assert not telegram.flood.refused
        assert 1.5 < time.monotonic() - started < 3


async def test_a_refused_chat_is_parked_as_long_as_it_was_told_and_no_other() -> None:
    async with FakeTelegram() as telegram, bot_at(telegram, limits=FAST) as bot:
        telegram.refusals[7] = too_many(1)
        await asyncio.gather(*(bot.send_message(chat, f"to {chat}") for chat in (7, 8, 9)))
        at = {sent.chat: sent.at for sent in telegram.sent}
        assert at[7] - at[8] >= 0.95
        assert at[9] - at[8] < 0.3


@pytest.mark.soak
async def test_when_several_chats_are_refused_nobody_is_written_to() -> None:
    async with FakeTelegram() as telegram, bot_at(telegram, limits=FAST) as bot:
        session = bot.session
        assert isinstance(session, PacedSession)
        telegram.refusals = {7: too_many(1), 8: too_many(1)}
        started = time.monotonic()
        refused = asyncio.gather(bot.send_message(7, "one"), bot.send_message(8, "two"))
        async with asyncio.timeout(5):
            while session.refused_count < 2:  # noqa: ASYNC110 when the session has learnt it is told to nobody
                await asyncio.sleep(0.01)
        await asyncio.gather(refused, bot.send_message(9, "three"))
        assert len(telegram.sent) == 3
        assert min(sent.at for sent in telegram.sent) - started >= 1


async def test_other_failures_are_raised_as_before() -> None:
    async with FakeTelegram() as telegram, bot_at(telegram) as bot:
        telegram.refusals[7] = Refusal(403, "Forbidden: bot was blocked by the user")
        with pytest.raises(TelegramForbiddenError, match="blocked by the user"):
            await bot.send_message(7, "hello")
        await bot.send_message(8, "hello")
        assert telegram.texts(8) == ["hello"]


@pytest.mark.soak
async def test_a_caller_that_is_cancelled_leaves_its_place() -> None:
    async with FakeTelegram() as telegram, bot_at(telegram, limits=FAST) as bot:
        telegram.refusals[7] = too_many(1)
        first = asyncio.create_task(bot.send_message(7, "first"))
        await telegram.until(lambda: "sendMessage" in telegram.called)
        second = asyncio.create_task(bot.send_message(7, "second"))
        third = asyncio.create_task(bot.send_message(7, "third"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(first, second, third, return_exceptions=True)
        assert telegram.texts(7) == ["first", "third"]


async def test_a_closed_session_is_never_opened_again() -> None:
    async with FakeTelegram() as telegram:
        bot = bot_at(telegram)
        await bot.send_message(7, "hello")
        await bot.session.close()
        with pytest.raises(SessionClosed) as caught:
            await bot.send_message(7, "too late")
        assert str(caught.value) == (
            "sendMessage was not sent: the session of this bot is closed, since the bot stops. "
            "Let the handler end sooner, or give ThrottleMiddleware a longer stop_within."
        )
        session = bot.session
        assert isinstance(session, PacedSession)
        with pytest.raises(SessionClosed, match="nothing is sent any more"):
            await session.create_session()


@pytest.mark.soak
async def test_close_waits_for_what_is_to_be_sent() -> None:
    async with FakeTelegram() as telegram:
        bot = bot_at(telegram, limits=FAST)
        telegram.refusals[7] = too_many(1)
        sending = asyncio.create_task(bot.send_message(7, "hello"))
        await telegram.until(lambda: "sendMessage" in telegram.called)
        await bot.session.close()
        assert telegram.texts(7) == ["hello"]
        assert sending.done()


async def test_close_says_how_many_it_did_not_wait_for(caplog: pytest.LogCaptureFixture) -> None:
    async with FakeTelegram() as telegram:
        bot = bot_at(telegram, limits=FAST, close_within=timedelta(seconds=0.1))
        telegram.refusals[7] = too_many(30)
        sending = asyncio.create_task(bot.send_message(7, "hello"))
        await telegram.until(lambda: "sendMessage" in telegram.called)
        with caplog.at_level(logging.ERROR):
            await bot.session.close()
        told = (
            "1 messages were not sent: the bot stopped, and they would have waited longer than 0.1 s; give PacedSession "
            "a longer close_within, or ThrottleMiddleware a store, which keeps them for the next start"
        )
        assert caplog.messages == [told]
        with pytest.raises(SessionClosed):
            await sending


def dispatcher_that_notes(noted: list[int]) -> Dispatcher:
    dispatcher = Dispatcher()
    ThrottleMiddleware().register(dispatcher)

    @dispatcher.message()
    async def on_message(message: Message) -> None:
        answer = await message.answer(f"ok {message.text}")
        noted.append(answer.message_id)

    return dispatcher


@pytest.mark.soak
async def test_a_handler_goes_on_when_its_answer_must_wait_long() -> None:
    """The message that it gets has the id 0, as the Bot API marks those that are sent later."""
    noted: list[int] = []
    async with FakeTelegram() as telegram:
        telegram.refusals[7] = too_many(1)
        dispatcher = dispatcher_that_notes(noted)
        bot = bot_at(telegram, hand_over_after=timedelta(seconds=0.5))
        async with polling(dispatcher, bot):
            telegram.write("a", chat=7)
            await telegram.until(lambda: bool(noted))
            assert telegram.texts(7) == []
            telegram.write("b", chat=7)
            await telegram.until(lambda: len(telegram.sent) == 2)
    assert telegram.texts(7) == ["ok a", "ok b"]
    assert noted[0] == 0
    assert noted[1] > 0


@pytest.mark.soak
async def test_a_handler_waits_for_an_answer_that_comes_soon() -> None:
    noted: list[int] = []
    async with FakeTelegram() as telegram:
        telegram.refusals[7] = too_many(1)
        async with polling(dispatcher_that_notes(noted), bot_at(telegram)):
            telegram.write("a", chat=7)
            await telegram.until(lambda: len(telegram.sent) == 1)
    assert noted == [1]


async def test_a_bot_that_was_stopped_can_be_started_again() -> None:
    async with FakeTelegram() as telegram:
        dispatcher, bot = echo(ThrottleMiddleware()), bot_at(telegram)
        for text in ("one", "two"):
            telegram.write(text)
            async with polling(dispatcher, bot):
                await telegram.until(lambda text=text: text in telegram.texts(7))  # type: ignore[misc]
    assert telegram.texts(7) == ["one", "two"]


async def test_what_was_handled_does_not_come_again_after_a_stop() -> None:
    async with FakeTelegram() as telegram:
        async with polling(echo(ThrottleMiddleware(window=0)), bot_at(telegram)):
            telegram.write("one")
            await telegram.until(lambda: len(telegram.sent) == 1)
        assert telegram.waiting == 0


def test_a_session_needs_no_running_loop_to_be_made() -> None:
    Bot("1:made-up", session=PacedSession())
