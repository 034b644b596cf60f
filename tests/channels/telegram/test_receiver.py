"""A receiver, a fake Telegram on a real socket, and an inbox over a ledger in memory."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from tests.channels.messages import StoppedClock
from tests.support.memory_ledger import MemoryLedger
from tests.support.telegram import FakeTelegram

from onebox.app.catalogue import catalogue
from onebox.channels.telegram.api import BotApi
from onebox.channels.telegram.receiver import TelegramReceiver
from onebox.flows.book import FlowBook
from onebox.flows.definition import FlowLoader
from onebox.kernel.ids import Ids
from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from onebox.flows.plan import Flow
    from onebox.kernel.ledger import Change
    from onebox.messaging.event import Event, Stored


def flow(updates: str = "[message, callback_query]", bot: str = "main", name: str = "talk") -> Flow:
    text = f"flow: {name}\non:\n  telegram: {{bot: {bot}, updates: {updates}}}\nsteps:\n  - do: stop\n"
    loaded = FlowLoader(catalogue()).load({f"{name}.yaml": text})
    assert loaded.faults == []
    return loaded.flows[0]


class Listeners:
    """Stands for the engine: knows which flows an event would start, and is as busy as a test says."""

    def __init__(self, book: FlowBook) -> None:
        self._book = book
        self.waiting = 0
        self.started: list[tuple[str, str]] = []

    def backlog(self) -> int:
        return self.waiting

    def consequences(self, _event: Event) -> Sequence[Change[Any]]:
        return ()

    def stored(self, event: Event, _consequences: Sequence[Change[Any]], outcome: Stored) -> None:
        if not outcome.duplicate:
            self.started += [(one.name, event.data["text"]) for one in self._book.waiting_for(event.topic, event.data)]


class Rig:
    """`pauses` are the seconds that were waited; `on_pause` happens meanwhile."""

    def __init__(self, telegram: FakeTelegram, *flows: Flow) -> None:
        self.telegram = telegram
        self.book = FlowBook()
        self.book.replace(flows)
        self.ledger = MemoryLedger()
        self.listeners = Listeners(self.book)
        self.pauses: list[float] = []
        self.on_pause: Callable[[], None] | None = None
        self.receiver = self.receiver_again()

    def receiver_again(self) -> TelegramReceiver:
        clock = StoppedClock()
        inbox = Inbox(
            ledger=self.ledger,
            clock=clock,
            ids=Ids(clock, bytes),
            subscribers=self.listeners,
            backlog_limit=10,
        )
        api = BotApi(url=self.telegram.url, token=self.telegram.token, connections=4)
        return TelegramReceiver(
            account="telegram/main", api=api, book=self.book, inbox=inbox, clock=clock, pause=self._pause
        )

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if self.on_pause is not None:
            self.on_pause()
        self.telegram.happened.set()
        await asyncio.sleep(0)

    @property
    def events(self) -> list[Event]:
        return list(self.ledger.tables.events.values())

    @property
    def texts(self) -> list[str]:
        return [event.data["text"] for event in self.events]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.receiver.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.receiver.close()

    async def until_held(self, polls: int = 1) -> None:
        """Until so many polls came and all that waited was confirmed."""
        await self.telegram.until(lambda: len(self.telegram.polls) >= polls and not self.telegram.waiting)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as telegram:
        yield telegram


async def test_what_is_written_is_stored_before_it_is_confirmed(telegram: FakeTelegram) -> None:
    telegram.webhook = True
    numbers = [telegram.write("Hi"), telegram.write("/order 7", chat=-8, name="Bilal")]
    rig = Rig(telegram, flow())
    async with rig.running():
        await rig.until_held(2)

    assert telegram.calls[:2] == ["deleteWebhook", "getUpdates"]
    assert telegram.polls[0] == {"timeout": 50, "limit": 100, "allowed_updates": ["callback_query", "message"]}
    assert telegram.polls[1]["offset"] == numbers[1] + 1
    assert [(event.source, event.topic, event.key, event.sender) for event in rig.events] == [
        ("telegram:main", "telegram.main", str(numbers[0]), "7"),
        ("telegram:main", "telegram.main", str(numbers[1]), "-8"),
    ]
    assert rig.listeners.started == [("talk", "Hi"), ("talk", "/order 7")]


async def test_what_was_stored_and_not_confirmed_comes_again_and_starts_nothing(telegram: FakeTelegram) -> None:
    telegram.write("Hi")
    rig = Rig(telegram, flow())
    unconfirmed = list(telegram.waiting)
    async with rig.running():
        await rig.until_held(2)
    telegram.waiting = unconfirmed
    rig.receiver = rig.receiver_again()
    polls = len(telegram.polls)
    async with rig.running():
        await rig.until_held(polls + 2)

    assert rig.listeners.started == [("talk", "Hi")]


async def test_a_press_is_stored_and_then_answered(telegram: FakeTelegram) -> None:
    telegram.press("yes")
    rig = Rig(telegram, flow())
    async with rig.running():
        await telegram.until(lambda: bool(telegram.answered))

    [event] = rig.events
    assert (event.data["kind"], event.data["data"]) == ("callback_query", "yes")
    assert telegram.answered == [event.data["callback_id"]]


async def test_a_press_that_cannot_be_answered_holds_nothing_up(telegram: FakeTelegram) -> None:
    telegram.hang("answerCallbackQuery")
    telegram.refuse("answerCallbackQuery", 400, "Bad Request: query is too old")
    for text in ("yes", "no", "perhaps"):
        telegram.press(text)
    rig = Rig(telegram, flow())
    async with rig.running():
        await telegram.until(lambda: len(telegram.answered) == 1)

    assert rig.texts == ["yes", "no", "perhaps"]


async def test_a_flow_takes_its_own_kinds_alone(telegram: FakeTelegram) -> None:
    rig = Rig(telegram, flow("[message]", name="words"), flow("[callback_query, edited_message]", name="presses"))
    telegram.write("Hi")
    telegram.press("yes")
    async with rig.running():
        await rig.until_held(2)

    assert telegram.polls[0]["allowed_updates"] == ["callback_query", "edited_message", "message"]
    assert rig.listeners.started == [("words", "Hi"), ("presses", "yes")]


async def test_a_bot_that_no_flow_names_is_left_alone_until_one_does(telegram: FakeTelegram) -> None:
    rig = Rig(telegram, flow(bot="other"))
    async with rig.running():
        await asyncio.sleep(0)
        assert telegram.calls == []
        rig.book.replace([flow("[message]")])
        await rig.until_held()
        telegram.write("Hi")
        await telegram.until(lambda: rig.texts == ["Hi"])
        rig.book.replace([flow("[callback_query]")])
        await telegram.until(lambda: telegram.polls[-1]["allowed_updates"] == ["callback_query"])
        telegram.press("yes")
        await telegram.until(lambda: rig.texts == ["Hi", "yes"])

    assert rig.pauses == []


async def test_flows_that_change_nothing_here_do_not_disturb_a_poll(telegram: FakeTelegram) -> None:
    rig = Rig(telegram, flow())
    async with rig.running():
        await rig.until_held()
        rig.book.replace([flow(), flow(name="more")])
        telegram.write("Hi")
        await rig.until_held(2)

    assert len(telegram.polls) == 2


async def test_numbers_may_begin_anywhere_after_a_quiet_time(telegram: FakeTelegram) -> None:
    telegram.give({"update_id": 900_000, "message": {"message_id": 1, "date": 1, "chat": {"id": 7}, "text": "before"}})
    rig = Rig(telegram, flow())
    async with rig.running():
        await rig.until_held(2)
        telegram.quiet()
        await rig.until_held(3)
        telegram.give({"update_id": 12, "message": {"message_id": 2, "date": 2, "chat": {"id": 7}, "text": "after"}})
        await telegram.until(lambda: rig.texts == ["before", "after"])

    assert "offset" not in telegram.polls[2]


async def test_while_the_inbox_takes_nothing_nothing_is_confirmed(telegram: FakeTelegram) -> None:
    numbers = [telegram.write("one"), telegram.write("two")]
    rig = Rig(telegram, flow())
    rig.ledger.refusal = StorageFull("the disk is full")

    def later() -> None:
        if len(rig.pauses) == 2:
            rig.ledger.refusal = StorageClosed("stopping")
        if len(rig.pauses) == 3:
            rig.ledger.refusal, rig.listeners.waiting = None, 10
        if len(rig.pauses) == 5:
            rig.listeners.waiting = 0
            assert [update["update_id"] for update in telegram.waiting] == numbers

    rig.on_pause = later
    with structlog.testing.capture_logs() as logs:
        async with rig.running():
            await rig.until_held(2)

    assert rig.texts == ["one", "two"]
    assert (rig.pauses[:2], rig.pauses[3:]) == ([10, 10], [5, 5])
    told = [(line["event"], line.get("why")) for line in logs]
    assert told == [
        ("telegram_troubled", "the disk is full"),
        ("telegram_troubled", "stopping"),
        ("telegram_troubled", "10 runs are waiting, which is the limit of this box"),
        ("telegram_recovered", None),
    ]


async def test_another_program_with_the_token_is_told_of_once(telegram: FakeTelegram) -> None:
    for _ in range(7):
        telegram.refuse("getUpdates", 409, "Conflict: terminated by other getUpdates request")
    rig = Rig(telegram, flow())
    with structlog.testing.capture_logs() as logs:
        async with rig.running():
            await rig.until_held()
            telegram.write("Hi")
            await rig.until_held(2)

    assert rig.pauses == [1, 2, 4, 8, 16, 30, 30]
    assert [line["event"] for line in logs] == ["telegram_troubled", "telegram_recovered"]
    assert logs[0]["why"].startswith("another program fetches with this bot's token")
    assert (rig.texts, telegram.calls.count("deleteWebhook")) == (["Hi"], 1)


async def test_it_waits_as_long_as_telegram_asks_for(telegram: FakeTelegram) -> None:
    telegram.refuse("deleteWebhook", 429, "Too Many Requests", retry_after=17)
    rig = Rig(telegram, flow())
    async with rig.running():
        await rig.until_held()

    assert rig.pauses == [17]


async def test_a_wrong_token_is_told_and_never_shown(telegram: FakeTelegram) -> None:
    rig = Rig(telegram, flow())
    telegram.token = "123456:AAE_of-another-bot"

    def right_again() -> None:
        telegram.token = "123456:AAE_synthetic-token-of-the-tests"

    rig.on_pause = right_again
    with structlog.testing.capture_logs() as logs:
        async with rig.running():
            await rig.until_held()

    assert "Telegram knows no bot with the token of telegram/main (401 Unauthorized)" in logs[0]["why"]
    assert telegram.token not in str(logs)


async def test_garbage_never_stops_it(telegram: FakeTelegram) -> None:
    ok = {"message_id": 1, "date": 10**30, "chat": 5, "from": [], "text": ["no text"]}
    mixed = [
        None,
        {},
        {"update_id": "7"},
        {"update_id": 5},
        {"update_id": 6, "message": 3},
        {"update_id": 7, "news": ok},
    ]
    answers = [b"", b"[", b'{"ok": true, "result": {"a": 1}}', b'{"ok": true, "result": [null, {}]}']
    for body in [*answers, json.dumps({"ok": True, "result": mixed}).encode()]:
        telegram.garble("getUpdates", body)
    telegram.drop("getUpdates")
    rig = Rig(telegram, flow())
    with structlog.testing.capture_logs() as logs:
        async with rig.running():
            await rig.until_held()
            assert telegram.polls[0]["offset"] == 8
            telegram.write("Hi")
            await telegram.until(lambda: "Hi" in rig.texts)

    assert next((event.key, event.data["kind"]) for event in rig.events) == ("7", "news")
    assert rig.pauses == [1, 2, 4, 8, 1]
    assert sum(line["event"] == "telegram_update_unreadable" for line in logs) == 2 + 5


async def test_it_ends_at_once_while_a_poll_is_held(telegram: FakeTelegram) -> None:
    rig = Rig(telegram, flow())
    async with asyncio.timeout(5), rig.running():
        await rig.until_held()
        rig.receiver.poke()
