"""How a bot of the sandbox gets its updates by a webhook."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.sandbox_client import BotClient, Receiver

from onebox.sandbox.retrying import RetryPace
from onebox.sandbox.telegram.sandbox import TelegramSandbox
from onebox.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(latency=0, retry_pace=RetryPace(first=0.05, most=0.2)) as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: TelegramSandbox) -> AsyncIterator[BotClient]:
    async with BotClient(telegram) as bot:
        yield bot


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


async def settled(telegram: TelegramSandbox) -> None:
    await telegram.until(lambda: not telegram.stats()["waiting"])


async def test_updates_come_in_order_with_the_secret(
    telegram: TelegramSandbox, bot: BotClient, receiver: Receiver
) -> None:
    await telegram.write("before")
    await bot.result("setWebhook", url=f"{receiver.url}/hook", secret_token="s-3")
    await telegram.write("after")
    await receiver.until(2)
    await settled(telegram)

    assert [one.body["message"]["text"] for one in receiver.brought] == ["before", "after"]
    assert receiver.brought[0].headers["X-Telegram-Bot-Api-Secret-Token"] == "s-3"
    assert (await bot.result("getWebhookInfo"))["pending_update_count"] == 0


async def test_one_update_of_a_chat_is_in_flight_and_a_press_does_not_wait_for_it(
    telegram: TelegramSandbox, bot: BotClient, receiver: Receiver
) -> None:
    ana = telegram.person("Ana", started=True)
    buttons = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    await bot.result("sendMessage", chat_id=ana.id, text="Well?", reply_markup=buttons)
    receiver.hold = asyncio.Event()
    await bot.result("setWebhook", url=f"{receiver.url}/hook")
    await telegram.write("one")
    await telegram.write("two")
    await telegram.write("elsewhere", person="Bilal")
    await telegram.press("Yes")
    await receiver.until(3)
    in_flight = {next(iter(set(one.body) - {"update_id"})) for one in receiver.brought}
    receiver.hold.set()
    await receiver.until(4)

    assert in_flight == {"message", "callback_query"}
    assert receiver.brought[3].body["message"]["text"] == "two"


async def test_a_refused_update_is_brought_again_at_once_and_then_ever_later(
    telegram: TelegramSandbox, bot: BotClient, receiver: Receiver
) -> None:
    receiver.answer = lambda _: (500 if len(receiver.brought) < 5 else 200, {}, None)
    await bot.result("setWebhook", url=f"{receiver.url}/hook")
    await telegram.write("Hello")
    await receiver.until(4)
    told = await bot.result("getWebhookInfo")
    await receiver.until(5)
    times = [one.at for one in receiver.brought]
    waits = [later - earlier for earlier, later in pairwise(times)]

    assert told["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert told["pending_update_count"] == 1
    assert waits[0] < 0.05 <= waits[1] < waits[2] < waits[3]
    await settled(telegram)


async def test_retry_after_is_honoured(telegram: TelegramSandbox, bot: BotClient, receiver: Receiver) -> None:
    receiver.answer = lambda _: (503, {"Retry-After": "1"}, None) if len(receiver.brought) == 1 else (200, {}, None)
    await bot.result("setWebhook", url=f"{receiver.url}/hook")
    await telegram.write("Hello")
    await receiver.until(2)

    assert 1.0 <= receiver.brought[1].at - receiver.brought[0].at < 1.5


async def test_a_method_in_the_reply_is_carried_out(
    telegram: TelegramSandbox, bot: BotClient, receiver: Receiver
) -> None:
    def reply(update: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        chat = update["message"]["chat"]["id"]
        return 200, {}, {"method": "sendMessage", "chat_id": chat, "text": "Hello to you"}

    receiver.answer = reply
    await bot.result("setWebhook", url=f"{receiver.url}/hook")
    await telegram.write("Hello")
    await telegram.until(lambda: telegram.texts("Ana"))

    assert telegram.texts("Ana") == ["Hello to you"]


async def test_a_webhook_that_is_gone_for_long_is_closed(
    telegram: TelegramSandbox, bot: BotClient, receiver: Receiver
) -> None:
    receiver.answer = lambda _: (410, {}, None)
    await bot.result("setWebhook", url=f"{receiver.url}/hook")
    telegram.time.forward(23 * 3600 + 1)
    await telegram.write("Hello")
    await telegram.until(lambda: telegram.stats()["webhooks"].get("failed"))

    assert (await bot.result("getWebhookInfo"))["url"] == ""
    assert [update["message"]["text"] for update in await bot.result("getUpdates")] == ["Hello"]


async def test_what_was_not_taken_can_be_asked_for_afterwards(telegram: TelegramSandbox, bot: BotClient) -> None:
    await bot.result("setWebhook", url="http://127.0.0.1:9/hook")
    await telegram.write("Hello")
    await telegram.until(lambda: telegram.stats()["webhooks"].get("failed"))
    told = await bot.result("getWebhookInfo")
    await bot.result("deleteWebhook")

    assert told["last_error_message"] == "Connection refused"
    assert len(await bot.result("getUpdates")) == 1
    await bot.result("deleteWebhook", drop_pending_updates=True)
    assert await bot.result("getUpdates") == []


async def test_an_update_may_be_brought_twice() -> None:
    trouble = Trouble(duplicates=1.0)
    async with (
        TelegramSandbox(latency=0, trouble=trouble) as telegram,
        BotClient(telegram) as bot,
        Receiver() as receiver,
    ):
        await bot.result("setWebhook", url=f"{receiver.url}/hook")
        await telegram.write("Hello")
        await receiver.until(2)

        assert receiver.brought[0].raw == receiver.brought[1].raw


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"url": "ftp://a.example"}, "bad webhook: invalid webhook URL specified"),
        ({"url": "http://"}, "bad webhook: invalid webhook URL specified"),
        ({"url": "http://a.example:99999"}, "bad webhook: invalid webhook URL specified"),
        ({"url": "http://127.0.0.1:9", "secret_token": "sp ace"}, "secret token contains unallowed characters"),
        ({"url": "http://127.0.0.1:9", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)
async def test_a_webhook_that_is_wrong_is_refused(bot: BotClient, arguments: dict[str, Any], what: str) -> None:
    assert await bot.refusal("setWebhook", **arguments) == f"400 Bad Request: {what}"


async def test_ports_can_be_those_of_telegram() -> None:
    async with TelegramSandbox(latency=0, webhook_ports=frozenset({443, 8443})) as telegram, BotClient(telegram) as bot:
        assert await bot.refusal("setWebhook", url="https://a.example:8080") == (
            "400 Bad Request: bad webhook: webhook can be set up only on ports 443, 8443"
        )
