"""What the sandboxes refuse because it comes too fast, and what goes wrong on purpose."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import pytest
from tests.support.sandbox_client import BotClient

from onebox.sandbox.telegram.flood import Flood
from onebox.sandbox.telegram.sandbox import TelegramSandbox
from onebox.sandbox.trouble import Trouble


def taken(flood: Flood, chat: int, times: list[float]) -> list[int | None]:
    return [flood.refuses(1, chat, at) for at in times]


def test_a_chat_takes_three_at_once_and_one_a_second() -> None:
    flood = Flood()

    assert taken(flood, 7, [0, 0, 0, 0]) == [None, None, None, 3]
    assert taken(flood, 8, [0]) == [None]
    assert taken(flood, 7, [1, 2.5]) == [2, 1], "it stays shut until its time ends"
    assert taken(flood, 7, [3, 3, 3, 3]) == [None, None, None, 3]
    assert flood.refused == {"chat": 4}


def test_a_bot_takes_thirty_at_once() -> None:
    flood = Flood()

    assert [flood.refuses(1, chat, 0) for chat in range(1, 32)] == [None] * 30 + [5]
    assert flood.refuses(1, 99, 4.5) == 1
    assert flood.refuses(2, 99, 0) is None, "another bot"
    assert flood.refuses(1, 99, 5) is None


def test_a_group_takes_twenty_a_minute() -> None:
    flood = Flood()

    assert taken(flood, -5, [float(at) for at in range(20)]) == [None] * 20
    assert taken(flood, -5, [20.0]) == [40]
    assert taken(flood, -5, [60.0]) == [None]


def test_a_bot_can_be_shut_out_for_longer() -> None:
    flood = Flood(all_burst=1, all_shut=28)

    assert [flood.refuses(1, 7, 0), flood.refuses(1, 8, 0), flood.refuses(1, 8, 27.5)] == [None, 28, 1]
    flood.shut(2, 344, 0)
    assert flood.refuses(2, 7, 0) == 344


async def test_a_refusal_has_its_time_and_edits_count_but_answers_do_not() -> None:
    async with TelegramSandbox(latency=0) as telegram, BotClient(telegram) as bot:
        telegram.person(7, started=True)
        markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
        sent = await bot.result("sendMessage", chat_id=7, text="0", reply_markup=markup)
        await bot.result("editMessageText", chat_id=7, message_id=sent["message_id"], text="1", reply_markup=markup)
        await bot.result("sendMessage", chat_id=7, text="2")
        where = f"{bot.base}/sendMessage"
        async with bot.session.post(where, json={"chat_id": 7, "text": "3"}) as answer:
            told, header = await answer.json(), answer.headers["Retry-After"]
        for _ in range(40):
            query = await telegram.press("Yes", person=7)
            await bot.result("answerCallbackQuery", callback_query_id=query.id)

        assert told == {
            "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 3", "parameters": {"retry_after": 3},
        }  # fmt: skip
        assert header == "3"
        assert telegram.stats()["refused_by_flood"] == {"chat": 1}
        telegram.time.forward(3)
        await bot.result("sendMessage", chat_id=7, text="3")


async def test_a_wrong_message_is_not_counted() -> None:
    async with TelegramSandbox(latency=0, flood=Flood(chat_burst=1)) as telegram, BotClient(telegram) as bot:
        telegram.person(7, started=True)
        await bot.refusal("sendMessage", chat_id=7, text="<b>", parse_mode="HTML")
        await bot.result("sendMessage", chat_id=7, text="right")


# --- trouble


def faults(trouble: Trouble) -> list[str | None]:
    return [trouble.of_call() for _ in range(200)]


def test_the_same_seed_brings_the_same_trouble() -> None:
    first, again, other = (Trouble.of_every_kind(0.5, seed=seed) for seed in (1, 1, 2))
    seen = faults(first)

    assert faults(again) == seen != faults(other)
    assert 70 < sum(fault is not None for fault in seen) < 130
    assert set(first.met) == {"dropped_before", "dropped_after", "errors", "garbage", "slow"}


async def outcome(trouble: Trouble) -> tuple[str, int]:
    """What a bot sees of one sendMessage, and how many were sent."""
    async with TelegramSandbox(latency=0, trouble=trouble) as telegram, BotClient(telegram) as bot:
        telegram.person(7, started=True)
        try:
            async with bot.session.post(f"{bot.base}/sendMessage", json={"chat_id": 7, "text": "x"}) as answer:
                told = f"{answer.status} {(await answer.read())[:6]!r}"
        except aiohttp.ClientError as error:
            told = type(error).__name__
        return told, len(telegram.sent)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("dropped_before", ("ServerDisconnectedError", 0)),
        ("dropped_after", ("ServerDisconnectedError", 1)),
        ("errors", ("502 b'<html>'", 0)),
        ("garbage", ("200 b'<html>'", 1)),
    ],
)
async def test_each_trouble_is_what_it_says(kind: str, expected: tuple[str, int]) -> None:
    shares: dict[str, Any] = {kind: 1.0}

    assert await outcome(Trouble(**shares)) == expected


async def test_a_slow_answer_takes_its_time() -> None:
    began = asyncio.get_running_loop().time()

    assert await outcome(Trouble(slow=1.0, slow_seconds=0.2)) == ("200 b'{\"ok\":'", 1)
    assert asyncio.get_running_loop().time() - began >= 0.2


def test_trouble_is_changed_by_name() -> None:
    trouble = Trouble()
    trouble.change(errors=1.0)
    with pytest.raises(ValueError, match=r"there is no trouble called 'eror'; there are dropped_after, .*, slow"):
        trouble.change(eror=1.0)

    assert Counter(trouble.of_call() for _ in range(3)) == {"errors": 3}
