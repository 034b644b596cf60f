"""Updates that Telegram brings to the box: by those who know the secret, stored before they are acknowledged."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.channels.messages import StoppedClock
from tests.support.reception import PlainReception
from tests.support.telegram import TOKEN, FakeTelegram, Refusal
from tests.web.box import open_box

from onebox.app.catalogue import catalogue
from onebox.channels.telegram.api import BotApi
from onebox.channels.telegram.webhook import LARGEST_UPDATE, TelegramWebhook, secret_of
from onebox.flows.book import FlowBook
from onebox.flows.definition import FlowLoader
from onebox.messaging.endpoint import Called

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from onebox.messaging.endpoint import Endpoint

FLOW = """\
flow: chat
on:
  telegram: {updates: [message, callback_query]}
steps:
  - do: log
    with: {text: "${event.text}"}
"""
PATH = "/channels/telegram/main"


@dataclass
class Bot:
    """A webhook that runs, mounted in a box, beside the server that calls it."""

    telegram: FakeTelegram
    url: str
    endpoints: dict[str, Endpoint]
    reception: PlainReception = field(default_factory=PlainReception)
    book: FlowBook = field(default_factory=FlowBook)
    pauses: list[float] = field(default_factory=list)
    webhook: TelegramWebhook | None = None
    task: asyncio.Task[None] | None = None

    def start(self, path: str = PATH) -> None:
        self.webhook = TelegramWebhook(
            account=path.removeprefix("/channels/"),
            api=BotApi(self.telegram.url, self.telegram.token),
            book=self.book,
            reception=self.reception,
            clock=StoppedClock(),
            address=f"{self.url}{path}",
            secret=secret_of(self.telegram.token),
            connections=40,
            pause=self._pause,
        )
        self.endpoints[path] = self.webhook
        self.task = asyncio.create_task(self.webhook.run())

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    def flows(self, *texts: str) -> None:
        loaded = FlowLoader(catalogue()).load({f"flows/{number}.yaml": text for number, text in enumerate(texts)})
        assert not loaded.faults
        self.book.replace(loaded.flows)

    async def until_set(self) -> None:
        await self.telegram.until(lambda: bool(self.telegram.webhook))

    async def stop(self) -> None:
        if self.task is not None and self.webhook is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            await self.webhook.close()

    async def call(self, body: bytes, *, secret: str | None = None, method: str = "POST", path: str = "") -> int:
        """Calls without a network."""
        headers = {"x-telegram-bot-api-secret-token": secret_of(TOKEN) if secret is None else secret}
        assert self.webhook is not None
        return (await self.webhook(Called(method, path, "", headers, body, "127.0.0.1"))).status


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    endpoints: dict[str, Endpoint] = {}
    async with FakeTelegram() as telegram, open_box(endpoints=endpoints) as box:
        made = Bot(telegram, box.url, endpoints)
        made.flows(FLOW)
        yield made
        await made.stop()


async def test_the_webhook_is_set_for_what_flows_want(bot: Bot) -> None:
    bot.start()
    await bot.until_set()

    assert bot.telegram.hook == {
        "url": f"{bot.url}{PATH}",
        "secret_token": secret_of(TOKEN),
        "max_connections": 40,
        "allowed_updates": ["callback_query", "message", "my_chat_member"],
        "drop_pending_updates": False,
    }


def test_the_secret_is_one_that_telegram_takes_and_tells_nothing() -> None:
    secret = secret_of(TOKEN)

    assert set(secret) <= set("0123456789abcdef")
    assert len(secret) == 64
    assert secret != secret_of(f"{TOKEN}x")


async def test_updates_are_stored_in_order_before_they_are_acknowledged(bot: Bot) -> None:
    bot.start()
    await bot.until_set()
    for number in range(5):
        bot.telegram.write(str(number))

    statuses = await bot.telegram.bring()

    assert statuses == [200] * 5
    assert [event["text"] for event in bot.reception.events] == list("01234")
    assert [post.key for post in bot.reception.posts] == list("12345")


async def test_who_does_not_know_the_secret_is_refused(bot: Bot) -> None:
    bot.start()
    await bot.until_set()
    bot.telegram.write("forged")

    forged = [secret_of(TOKEN)[:-1] + "!", "", secret_of(TOKEN) * 2, TOKEN, "\u00e9", secret_of("5678:other")]
    over_the_network = await bot.telegram.bring(forged="wrong")

    assert over_the_network == [401]
    assert [await bot.call(b'{"update_id": 1}', secret=secret) for secret in forged] == [401] * len(forged)
    assert bot.reception.posts == []


async def test_without_the_secret_nothing_is_read(bot: Bot) -> None:
    bot.start()

    assert await bot.call(b"\xff" * (LARGEST_UPDATE + 1), secret="x", method="GET") == 401
    assert await bot.call(b"{}", method="GET") == 405
    assert await bot.call(b"{}", path="/more") == 404


async def test_what_is_posted_again_is_acknowledged_and_stored_once(bot: Bot) -> None:
    bot.start()
    await bot.until_set()
    bot.telegram.write("once")
    update = dict(bot.telegram.pending[0])

    statuses = [await bot.call(json.dumps(update).encode()) for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert [event["text"] for event in bot.reception.events] == ["once"]


async def test_a_full_box_says_when_to_come_again(bot: Bot) -> None:
    bot.start()
    await bot.until_set()
    bot.reception.full = 1
    bot.telegram.write("hello")

    assert await bot.telegram.bring() == [503]
    assert bot.telegram.retry_after == "0"
    assert await bot.telegram.bring() == [200]
    assert [event["text"] for event in bot.reception.events] == ["hello"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "invalid JSON"),
        (b"{", "invalid JSON"),
        (b"\xff\xfe", "invalid JSON"),
        (b"null", "it has no update_id"),
        (b'[{"update_id": 1}]', "it has no update_id"),
        (b'{"update_id": 7, "message": 1}', "its message is no object"),
        (b"[" * 5000, "invalid JSON"),
        (b'{"update_id": 7, "message": {"chat": {"id": 7}, "news": 1e400}}', "inf cannot be kept"),
        (b" " * (LARGEST_UPDATE + 1), "it has 1,000,001 bytes, more than any update"),
    ],
    ids=range(9),
)
async def test_what_is_malformed_is_kept_and_acknowledged(body: bytes, reason: str, bot: Bot) -> None:
    bot.start()
    with structlog.testing.capture_logs() as logs:
        statuses = [await bot.call(body), await bot.call(body)]

    [event] = bot.reception.events
    assert statuses == [200, 200]
    assert event["kind"] == "unusable"
    assert event["reason"].startswith(reason)
    assert [line["event"] for line in logs if line["event"] == "update_unusable"] == ["update_unusable"] * 2


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=some.binary(max_size=200), secret=some.text(max_size=80))
async def test_whoever_sends_whatever(body: bytes, secret: str, bot: Bot) -> None:
    if bot.webhook is None:
        bot.start()
    known = len(bot.reception.posts)

    assert await bot.call(body, secret=secret) == 401
    assert len(bot.reception.posts) == known
    assert await bot.call(body) == 200


async def test_a_webhook_that_somebody_changed_is_set_again(bot: Bot) -> None:
    bot.start()
    await bot.until_set()
    bot.telegram.webhook = "https://thief.example/"
    with structlog.testing.capture_logs() as logs:
        bot.flows(FLOW, FLOW.replace("flow: chat", "flow: edits").replace("[message, callback_query]", "[poll]"))
        await bot.telegram.until(lambda: bot.telegram.webhook.startswith(bot.url))

    assert bot.telegram.hook["allowed_updates"] == ["callback_query", "message", "my_chat_member", "poll"]
    [restored] = [line for line in logs if line["event"] == "webhook_restored"]
    assert restored["why"] == "somebody changed it to https://thief.example/"


def was_set_again(telegram: FakeTelegram, times: int) -> bool:
    return telegram.called.count("setWebhook") > times


async def test_why_telegram_could_not_bring_updates_is_told(bot: Bot) -> None:
    bot.start()
    await bot.until_set()
    bot.telegram.told_of_webhook = {"last_error_date": 1_790_000_000, "last_error_message": "Connection timed out"}
    polls = FLOW.replace("flow: chat", "flow: polls").replace("[message, callback_query]", "[poll]")
    with structlog.testing.capture_logs() as logs:
        for flows in ([FLOW, polls], [FLOW]):
            asked = bot.telegram.called.count("setWebhook")
            bot.flows(*flows)
            await bot.telegram.until(partial(was_set_again, bot.telegram, asked))

    assert [line["why"] for line in logs if line["event"] == "webhook_troubled"] == ["Connection timed out"]


async def test_an_address_that_telegram_does_not_take_is_told_with_what_to_do(bot: Bot) -> None:
    bot.telegram.trouble = Refusal(400, "Bad Request: bad webhook: Failed to resolve host: Name or service not known")
    with structlog.testing.capture_logs() as logs:
        bot.start()
        await bot.telegram.until(lambda: len(bot.pauses) >= 3)
        bot.telegram.trouble = None
        await bot.until_set()
        bot.telegram.write("hello")
        await bot.telegram.bring()

    [trouble] = [line for line in logs if line["event"] == "updates_troubled"]
    assert "Failed to resolve host" in trouble["why"]
    assert trouble["hint"].startswith("accounts.telegram/main.public_url in box.yaml must be an address of this box")
    assert bot.pauses[:3] == [1, 2, 4]


async def test_without_a_flow_that_wants_them_updates_stay_with_telegram(bot: Bot) -> None:
    bot.flows()
    bot.start()
    assert await bot.call(b'{"update_id": 1}') == 503

    bot.flows(FLOW)
    await bot.until_set()

    assert await bot.call(b'{"update_id": 1, "message": {"chat": {"id": 7}, "text": "hi"}}') == 200


async def test_two_bots_of_a_box_do_not_know_each_others_secret(bot: Bot) -> None:
    async with FakeTelegram("5678:another-token") as other:
        second = Bot(other, bot.url, bot.endpoints, reception=bot.reception, book=bot.book)
        second.flows(FLOW, FLOW.replace("flow: chat", "flow: desk").replace("{updates", "{bot: desk, updates"))
        bot.start()
        second.start("/channels/telegram/desk")
        try:
            await bot.until_set()
            await second.until_set()
            for server in (bot.telegram, other):
                server.write("hello")

            assert await other.bring(forged=secret_of(TOKEN)) == [401]
            assert await other.bring() == await bot.telegram.bring() == [200]
        finally:
            await second.stop()

    assert [(post.account, post.key) for post in bot.reception.posts] == [
        ("telegram/desk", "1"),
        ("telegram/main", "1"),
    ]
