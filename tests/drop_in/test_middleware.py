from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Update
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from tests.drop_in.living import bot_at, echo, payment, polling, press
from tests.support.telegram import TOKEN, FakeTelegram

from onebox.drop_in.aiogram import Limit, Policy, SessionClosed, ThrottleMiddleware, ThrottleRules
from onebox.messaging.throttle import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from aiogram.fsm.context import FSMContext
    from aiogram.types import CallbackQuery, Message

ONE = {"*": Limit(1, timedelta(minutes=1))}
TOO_MUCH = "That was a lot at once. I answer as soon as I can; please wait a moment."


class Booking(StatesGroup):
    day = State()


def with_policy(policy: Policy, **more: Any) -> ThrottleMiddleware:
    return ThrottleMiddleware(ThrottleRules(policy, ONE, settle=timedelta(seconds=0.3)), **more)


def rows(store: Path) -> list[tuple[int, str, str, bool]]:
    with closing(sqlite3.connect(store)) as database:
        sql = "select update_id, decision, reason, done_at is not null from drop_in_update order by update_id"
        return [(number, decision, reason, bool(done)) for number, decision, reason, done in database.execute(sql)]


async def test_each_chat_is_answered_in_order_one_at_a_time() -> None:
    running, most = Counter[int](), 0
    dispatcher = Dispatcher()
    ThrottleMiddleware().register(dispatcher)

    @dispatcher.message()
    async def on_message(message: Message) -> None:
        nonlocal most
        running[message.chat.id] += 1
        most = max(most, running[message.chat.id])
        await asyncio.sleep(0.02 if message.text == "0" else 0)
        await message.answer(message.text or "")
        running[message.chat.id] -= 1

    async with FakeTelegram() as telegram, polling(dispatcher, bot_at(telegram)):
        for number in range(3):
            for chat in range(1, 6):
                telegram.write(f"{number}", chat=chat)
        await telegram.until(lambda: len(telegram.sent) == 15)
    assert [telegram.texts(chat) for chat in range(1, 6)] == [["0", "1", "2"]] * 5
    assert most == 1


@pytest.mark.parametrize("policy", Policy)
async def test_a_payment_is_handled_under_every_policy(policy: Policy) -> None:
    async with FakeTelegram() as telegram, polling(echo(with_policy(policy)), bot_at(telegram)):
        telegram.write("a text")
        payment(telegram)
        await telegram.until(lambda: "paid" in telegram.texts(7))
    assert telegram.texts(7) == ["a text", "paid"]


async def test_with_drop_the_person_is_told_once() -> None:
    throttle = with_policy(Policy.drop)
    async with FakeTelegram() as telegram, polling(echo(throttle), bot_at(telegram)):
        for number in range(4):
            telegram.write(f"{number}")
        telegram.write("other", chat=8)
        await telegram.until(lambda: len(telegram.sent) == 3)
    assert sorted(telegram.texts(7)) == ["0", TOO_MUCH]
    assert telegram.texts(8) == ["other"]
    assert throttle.counts == {"taken": 2, "coalesced": 0, "dropped": 3, "blocked": 0}


async def test_with_coalesce_the_last_of_a_moment_is_answered() -> None:
    throttle = with_policy(Policy.coalesce)
    async with FakeTelegram() as telegram, polling(echo(throttle), bot_at(telegram)):
        for number in range(4):
            telegram.write(f"{number}")
        await telegram.until(lambda: bool(telegram.sent))
    assert telegram.texts(7) == ["3"]
    assert throttle.counts == {"taken": 1, "coalesced": 3, "dropped": 0, "blocked": 0}


async def test_a_flood_is_blocked_and_what_came_before_it_is_answered() -> None:
    rules = ThrottleRules(flood=Limit(2, timedelta(minutes=1)))
    throttle = ThrottleMiddleware(rules, notice=None)
    async with FakeTelegram() as telegram, polling(echo(throttle), bot_at(telegram)):
        for number in range(9):
            telegram.write(f"{number}")
        await telegram.until(lambda: len(telegram.sent) == 2)
    assert telegram.texts(7) == ["0", "1"]
    assert throttle.counts[Verdict.blocked] == 7


@pytest.mark.parametrize(("policy", "handled"), [(Policy.drop, 1), (Policy.coalesce, 1), (Policy.queue, 3)])
async def test_every_press_of_a_button_is_answered(policy: Policy, handled: int) -> None:
    pressed: list[str] = []
    throttle = with_policy(policy)
    dispatcher = Dispatcher()
    throttle.register(dispatcher)

    @dispatcher.callback_query()
    async def on_press(query: CallbackQuery) -> None:
        pressed.append(query.id)
        await query.answer()

    async with FakeTelegram() as telegram, polling(dispatcher, bot_at(telegram)):
        for _ in range(3):
            press(telegram)
        await telegram.until(lambda: len(telegram.answered) == 3)
    assert len(pressed) == handled
    assert sorted(telegram.answered) == ["press-1", "press-2", "press-3"]


async def test_a_step_of_a_dialogue_is_never_dropped_and_sees_the_state_of_its_turn() -> None:
    """The second text is a step only because the first, which is still handled when it comes, makes it one."""
    dispatcher = Dispatcher()
    with_policy(Policy.queue).register(dispatcher)

    @dispatcher.message(F.text == "book")
    async def on_book(message: Message, state: FSMContext) -> None:
        await asyncio.sleep(0.05)
        await state.set_state(Booking.day)

    @dispatcher.message(StateFilter(Booking.day))
    async def on_day(message: Message) -> None:
        await message.answer(f"booked: {message.text}")

    async with FakeTelegram() as telegram, polling(dispatcher, bot_at(telegram)):
        telegram.write("book")
        telegram.write("monday")
        await telegram.until(lambda: bool(telegram.sent))
    assert telegram.texts(7) == ["booked: monday"]


async def test_who_is_in_a_dialogue_is_not_dropped() -> None:
    throttle = with_policy(Policy.drop)
    dispatcher = echo(throttle)
    async with FakeTelegram() as telegram, polling(dispatcher, bot_at(telegram)):
        state = dispatcher.fsm.get_context(Bot(TOKEN), chat_id=7, user_id=7)
        await state.set_state(Booking.day)
        for number in range(3):
            telegram.write(f"{number}")
        await telegram.until(lambda: len(telegram.sent) == 3)
    assert telegram.texts(7) == ["0", "1", "2"]
    assert throttle.counts[Verdict.dropped] == 0


async def test_what_was_decided_stands_with_the_update(tmp_path: Path) -> None:
    store = tmp_path / "bot.db"
    async with FakeTelegram() as telegram, polling(echo(with_policy(Policy.drop, store=store)), bot_at(telegram)):
        telegram.write("0")
        telegram.write("1")
        await telegram.until(lambda: len(telegram.sent) == 2)
    assert rows(store) == [(1, "taken", "", True), (2, "dropped", "more than 1 in 60 s of kind message", True)]


async def test_a_handler_that_fails_leaves_why_with_the_update(tmp_path: Path) -> None:
    store = tmp_path / "bot.db"
    dispatcher = echo(ThrottleMiddleware(store=store))

    @dispatcher.edited_message()
    async def on_edit(message: Message) -> None:
        raise KeyError("no such day")

    async with FakeTelegram() as telegram, polling(dispatcher, bot_at(telegram)):
        person = {"id": 7, "is_bot": False, "first_name": "Ana"}
        chat = {"id": 7, "type": "private"}
        telegram.update(edited_message={"message_id": 1, "date": 1, "from": person, "chat": chat, "text": "x"})
        telegram.write("after")
        await telegram.until(lambda: bool(telegram.sent))
    assert rows(store)[0] == (1, "taken", "failed: KeyError: 'no such day'", True)


async def test_an_update_that_comes_twice_is_handled_once(tmp_path: Path) -> None:
    """As a webhook brings it that Telegram sends again: straight to the dispatcher."""
    dispatcher = echo(ThrottleMiddleware(store=tmp_path / "bot.db"))
    async with FakeTelegram() as telegram, bot_at(telegram) as bot:
        await dispatcher.emit_startup(dispatcher=dispatcher, bot=bot)
        number = telegram.write("once")
        update = {**telegram._updates[0], "update_id": number}
        await asyncio.gather(*(dispatcher.feed_raw_update(bot, update) for _ in range(3)))
        await dispatcher.emit_shutdown(dispatcher=dispatcher, bot=bot)
    assert telegram.texts(7) == ["once"]


async def test_what_waits_when_the_bot_stops_is_handled_at_its_next_start(tmp_path: Path) -> None:
    store = tmp_path / "bot.db"
    async with FakeTelegram() as telegram:
        async with polling(echo(ThrottleMiddleware(store=store)), bot_at(telegram)):
            for number in range(6):
                telegram.write(f"{number}")
            await telegram.until(lambda: len(telegram.sent) == 3)
        assert [done for *_, done in rows(store)] == [True] * 3 + [False] * 3
        async with polling(echo(ThrottleMiddleware(store=store)), bot_at(telegram)):
            await telegram.until(lambda: len(telegram.sent) == 6)
    assert telegram.texts(7) == [f"{number}" for number in range(6)]


@pytest.mark.soak
async def test_in_memory_what_waits_is_finished_before_the_bot_stops() -> None:
    async with FakeTelegram() as telegram:
        async with polling(echo(ThrottleMiddleware()), bot_at(telegram)):
            for number in range(4):
                telegram.write(f"{number}")
            await telegram.until(lambda: bool(telegram.sent))
        assert telegram.texts(7) == ["0", "1", "2", "3"]


async def test_a_stop_that_does_not_wait_long_enough_says_what_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    throttle = ThrottleMiddleware(stop_within=timedelta(seconds=0.1))
    async with FakeTelegram() as telegram:
        with caplog.at_level(logging.ERROR, logger="onebox"):
            async with polling(echo(throttle), bot_at(telegram)):
                for number in range(5):
                    telegram.write(f"{number}")
                await telegram.until(lambda: len(telegram.sent) == 3)
    told = (
        "2 updates were not handled to their end within 0.1 s and are lost; give ThrottleMiddleware a longer "
        "stop_within, or a store, which keeps them for the next start"
    )
    assert told in caplog.messages


async def test_no_more_is_asked_of_telegram_while_many_wait() -> None:
    started, held = asyncio.Event(), asyncio.Event()
    dispatcher = Dispatcher()
    ThrottleMiddleware(window=5).register(dispatcher)

    @dispatcher.message()
    async def on_message(message: Message) -> None:
        started.set()
        await held.wait()
        await message.answer("late")

    async with FakeTelegram() as telegram:
        for chat in range(1, 13):
            telegram.write("hello", chat=chat)
        bot = bot_at(telegram)
        async with polling(dispatcher, bot):
            await started.wait()
            await bot.get_me()  # a poll that was begun before it has arrived too
            assert telegram.called.count("getUpdates") == 1
            held.set()
            await telegram.until(lambda: len(telegram.sent) == 12 and telegram.called.count("getUpdates") > 1)
        assert telegram.waiting == 0


async def test_a_bot_of_which_much_is_on_its_way_holds_no_other_bot_of_its_process_back() -> None:
    throttle = ThrottleMiddleware(window=1)
    dispatcher = echo(throttle)
    async with FakeTelegram() as telegram, bot_at(telegram) as busy, Bot("2:made-up") as quiet:
        await dispatcher.emit_startup(dispatcher=dispatcher, bots=[busy, quiet], bot=quiet)
        for number in range(2):
            telegram.write(f"{number}")
        given = [Update.model_validate(update, context={"bot": busy}) for update in telegram.pending]
        await throttle.keep(busy.id, given)
        held = asyncio.create_task(throttle.room(busy.id))
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await throttle.room(quiet.id)
            assert not held.done()
            await asyncio.gather(*(dispatcher.feed_update(busy, update) for update in given), held)
            await throttle.drain()
    assert telegram.texts(7) == ["0", "1"]


async def test_it_keeps_order_with_a_session_that_is_not_paced() -> None:
    async with FakeTelegram() as telegram:
        session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))
        async with polling(echo(ThrottleMiddleware()), Bot(TOKEN, session=session)):
            for number in range(5):
                telegram.write(f"{number}")
            await telegram.until(lambda: len(telegram.sent) == 5)
    assert telegram.texts(7) == ["0", "1", "2", "3", "4"]


async def test_put_in_without_register_it_says_how() -> None:
    dispatcher = Dispatcher()
    dispatcher.update.outer_middleware(ThrottleMiddleware())
    async with FakeTelegram() as telegram, bot_at(telegram) as bot:
        telegram.write("hello")
        with pytest.raises(RuntimeError) as caught:
            await dispatcher.feed_raw_update(bot, telegram._updates[0])
    assert str(caught.value) == (
        "ThrottleMiddleware got an update, and was not told its dispatcher; "
        "call ThrottleMiddleware().register(dispatcher) instead of dispatcher.update.outer_middleware(…)"
    )


@pytest.mark.soak
async def test_on_a_webhook_what_was_taken_is_finished_before_the_bot_stops() -> None:
    """The handler of aiogram closes the session first of all."""
    async with FakeTelegram() as telegram:
        dispatcher, bot = echo(ThrottleMiddleware()), bot_at(telegram)
        application = web.Application()
        SimpleRequestHandler(dispatcher, bot).register(application, "/hook")
        setup_application(application, dispatcher, bot=bot)
        for number in range(5):
            telegram.write(f"{number}")
        async with TestClient(TestServer(application)) as client:
            for update in telegram._updates:
                answer = await client.post("/hook", json=update)
                assert answer.status == 200
        assert telegram.texts(7) == ["0", "1", "2", "3", "4"]
        with pytest.raises(SessionClosed):
            await bot.send_message(7, "too late")
