"""How a bot of the sandbox gets its updates when it asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.support.sandbox_client import BotClient

from onebox.sandbox.telegram.sandbox import TelegramSandbox
from onebox.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(latency=0) as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: TelegramSandbox) -> AsyncIterator[BotClient]:
    async with BotClient(telegram) as bot:
        yield bot


async def test_an_update_is_given_again_until_a_higher_offset_confirms_it(
    telegram: TelegramSandbox, bot: BotClient
) -> None:
    await telegram.write("first")
    await telegram.write("second")
    first, second = await bot.result("getUpdates")

    assert [first["message"]["text"], second["message"]["text"]] == ["first", "second"]
    assert second["update_id"] == first["update_id"] + 1
    assert await bot.result("getUpdates", limit=1) == [first]
    assert await bot.result("getUpdates", offset=second["update_id"]) == [second]
    assert await bot.result("getUpdates") == [second]
    assert await bot.result("getUpdates", offset=second["update_id"] + 1) == []
    assert telegram.stats()["waiting"] == 0


async def test_an_offset_of_another_start_confirms_nothing(telegram: TelegramSandbox, bot: BotClient) -> None:
    await telegram.write("Hello")
    [update] = await bot.result("getUpdates")

    assert await bot.result("getUpdates", offset=update["update_id"] + 1_000_000) == [update]


async def test_two_starts_share_no_numbers(telegram: TelegramSandbox, bot: BotClient) -> None:
    async with TelegramSandbox(latency=0) as second, BotClient(second) as same_bot:
        for sandbox in (telegram, second):
            await sandbox.write("Hello")
        [mine], [other] = await bot.result("getUpdates"), await same_bot.result("getUpdates")

    assert mine["update_id"] != other["update_id"]
    assert mine["message"]["message_id"] != other["message"]["message_id"]
    assert max(mine["update_id"], mine["message"]["message_id"]) < 2**31


async def test_a_negative_offset_forgets_all_but_the_last(telegram: TelegramSandbox, bot: BotClient) -> None:
    for text in ("one", "two", "three"):
        await telegram.write(text)

    assert [one["message"]["text"] for one in await bot.result("getUpdates", offset=-1)] == ["three"]
    assert telegram.stats()["waiting"] == 1


async def test_a_long_poll_ends_with_what_comes(telegram: TelegramSandbox, bot: BotClient) -> None:
    asking = asyncio.create_task(bot.result("getUpdates", timeout=30))
    await telegram.until(lambda: telegram.stats()["calls"].get("getUpdates"))
    await telegram.write("Hello")

    assert [one["message"]["text"] for one in await asking] == ["Hello"]


async def test_a_second_poller_ends_the_first(telegram: TelegramSandbox, bot: BotClient) -> None:
    first = asyncio.create_task(bot.refusal("getUpdates", timeout=30))
    await telegram.until(lambda: telegram.stats()["calls"].get("getUpdates") == 1)
    second = asyncio.create_task(bot.result("getUpdates", timeout=30))

    assert await first == (
        "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    await telegram.write("for the second")
    assert len(await second) == 1


async def test_asking_is_refused_while_there_is_a_webhook(telegram: TelegramSandbox, bot: BotClient) -> None:
    asking = asyncio.create_task(bot.refusal("getUpdates", timeout=30))
    await telegram.until(lambda: telegram.stats()["calls"].get("getUpdates"))
    await bot.result("setWebhook", url="http://127.0.0.1:9/hook")

    assert await asking == "409 Conflict: terminated by setWebhook request"
    assert await bot.refusal("getUpdates") == (
        "409 Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await bot.result("deleteWebhook")
    assert await bot.result("getUpdates") == []


async def test_what_is_not_asked_for_is_not_told(telegram: TelegramSandbox, bot: BotClient) -> None:
    telegram.group(-5)
    await telegram.join(-5)
    by_default = [set(update) - {"update_id"} for update in await bot.result("getUpdates")]
    await bot.result("getUpdates", allowed_updates=["chat_member", "message_reaction"])
    await telegram.join(-5, person="Bilal")
    written = await telegram.write("not told")
    await telegram.react(written["message_id"], "👍")
    chosen = [set(update) - {"update_id"} for update in (await bot.result("getUpdates"))[1:]]

    assert by_default == [{"message"}]
    assert chosen == [{"chat_member"}, {"message_reaction"}]
    assert (await bot.result("getWebhookInfo"))["allowed_updates"] == ["chat_member", "message_reaction"]


async def test_what_is_too_old_is_not_told(telegram: TelegramSandbox, bot: BotClient) -> None:
    ana = telegram.person("Ana", started=True)
    buttons = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    await bot.result("sendMessage", chat_id=ana.id, text="Well?", reply_markup=buttons)
    await telegram.press("Yes")
    await telegram.write("still there tomorrow")
    telegram.time.forward(200)

    assert [update["message"]["text"] for update in await bot.result("getUpdates")] == ["still there tomorrow"]
    telegram.time.forward(86_400)
    assert await bot.result("getUpdates") == []


async def test_an_update_that_was_confirmed_may_come_once_more() -> None:
    async with TelegramSandbox(latency=0, trouble=Trouble(duplicates=1.0)) as telegram, BotClient(telegram) as bot:
        await telegram.write("Hello")
        [update] = await bot.result("getUpdates")
        offset = update["update_id"] + 1

        assert await bot.result("getUpdates", offset=offset) == [update]
        assert await bot.result("getUpdates", offset=offset) == []


async def test_late_updates_keep_their_order_within_a_chat() -> None:
    trouble = Trouble(late=0.5, late_seconds=0.05, seed=3)
    async with TelegramSandbox(latency=0, trouble=trouble) as telegram, BotClient(telegram) as bot:
        for number in range(6):
            await telegram.write(f"Ana {number}", person="Ana")
            await telegram.write(f"Bilal {number}", person="Bilal")
        async with asyncio.timeout(5):
            while len(came := await bot.result("getUpdates", timeout=1)) < 12:
                pass
        texts = [update["message"]["text"] for update in came]

    assert texts != sorted(texts, key=lambda text: text.split()[1])
    for name in ("Ana", "Bilal"):
        assert [text for text in texts if text.startswith(name)] == [f"{name} {number}" for number in range(6)]


async def test_each_bot_has_its_own_updates(telegram: TelegramSandbox, bot: BotClient) -> None:
    async with BotClient(telegram, "77:another-token") as other:
        await other.result("getMe")
        await telegram.write("for the other", bot=77)

        assert await bot.result("getUpdates") == []
        assert len(await other.result("getUpdates")) == 1
