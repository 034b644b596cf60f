"""Updates of Telegram: stored once, in order, before Telegram forgets them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from tests.support.reception import PlainReception
from tests.support.telegram import TOKEN, FakeTelegram, Refusal

from onebox.app.catalogue import catalogue
from onebox.channels.telegram.api import BotApi
from onebox.channels.telegram.receiver import TelegramReceiver
from onebox.channels.telegram.trigger import telegram_trigger
from onebox.channels.telegram.updates import event_of
from onebox.flows.book import FlowBook
from onebox.flows.definition import FlowLoader
from onebox.flows.kinds import EventRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
FLOW = """\
flow: chat
on:
  telegram: {updates: [message, callback_query]}
steps:
  - do: log
    with: {text: "${event.text}"}
"""


class Clock:
    def now(self) -> datetime:
        return NOON


class Bot:
    """A receiver that runs, beside the server that it asks."""

    def __init__(self, telegram: FakeTelegram) -> None:
        self.telegram = telegram
        self.reception = PlainReception()
        self.book = FlowBook()
        self.receiver: TelegramReceiver
        self._task: asyncio.Task[None] | None = None
        self.pauses: list[float] = []

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    def start(self, token: str = TOKEN) -> None:
        self.receiver = TelegramReceiver(
            account="telegram/main",
            api=BotApi(self.telegram.url, token),
            book=self.book,
            reception=self.reception,
            clock=Clock(),
            pause=self._pause,
        )
        self._task = asyncio.create_task(self.receiver.run())

    def flows(self, *texts: str) -> None:
        loaded = FlowLoader(catalogue()).load({f"flows/{number}.yaml": text for number, text in enumerate(texts)})
        assert not loaded.faults
        self.book.replace(loaded.flows)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self.receiver.close()
            self._task = None


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with FakeTelegram() as telegram:
        made = Bot(telegram)
        made.flows(FLOW)
        yield made
        await made.stop()


async def test_a_message_is_what_a_flow_can_answer(bot: Bot) -> None:
    bot.telegram.write("/order 17", chat=42, name="Bilal")
    bot.start()

    [event] = await bot.reception.until(1)

    assert (event["kind"], event["text"], event["data"]) == ("message", "/order 17", None)
    assert event["sender"] == {
        "id": 42,
        "user_id": 42,
        "name": "Bilal",
        "username": None,
        "language": "en",
        "phone": None,
        "account": "telegram/main",
    }
    assert event["at"] == datetime.fromtimestamp(1_790_000_000, UTC)
    [post] = bot.reception.posts
    assert (post.account, post.chat, post.key, post.sender) == ("telegram/main", "42", "1", "42")


async def test_updates_come_in_order_and_are_confirmed(bot: Bot) -> None:
    for number in range(250):
        bot.telegram.write(str(number))
    bot.start()

    events = await bot.reception.until(250)

    assert [event["text"] for event in events] == [str(number) for number in range(250)]
    assert bot.reception.units == [100, 100, 50]
    await bot.telegram.until(lambda: not bot.telegram.waiting)


async def test_what_was_not_stored_is_not_confirmed(bot: Bot) -> None:
    bot.reception.full = 2
    bot.telegram.write("first")
    with structlog.testing.capture_logs() as logs:
        bot.start()
        events = await bot.reception.until(1)

    assert [event["text"] for event in events] == ["first"]
    assert [line["why"] for line in logs if line["event"] == "updates_troubled"] == ["11 runs are waiting"]
    assert bot.telegram.called.count("getUpdates") >= 2


async def test_what_was_given_twice_is_known(bot: Bot) -> None:
    bot.telegram.write("once")
    bot.start()
    await bot.reception.until(1)
    await bot.stop()  # before the next question confirmed it

    bot.telegram.write("more")
    bot.start()

    events = await bot.reception.until(2)
    assert [event["text"] for event in events] == ["once", "more"]


async def test_a_press_of_a_button_says_how_it_is_answered(bot: Bot) -> None:
    bot.telegram.press("yes", chat=9)
    bot.start()

    [event] = await bot.reception.until(1)

    assert (event["kind"], event["text"], event["data"], event["sender"]["id"]) == ("callback_query", "yes", "yes", 9)
    assert (event["choice"], event["pressed"]) == ("yes", True)
    [post] = bot.reception.posts
    assert (post.press, post.protected) == (event["callback_id"], True)


async def test_what_is_no_update_stops_nothing_and_is_kept_with_a_reason(bot: Bot) -> None:
    bot.telegram.update(message={"text": 7, "chat": "nowhere", "date": "never", "from": []})
    bot.telegram.update(message={})
    bot.telegram.update(callback_query={"data": ["x"]})
    bot.telegram.write("hello")
    with structlog.testing.capture_logs() as logs:
        bot.start()
        events = await bot.reception.until(4)

    assert [event["text"] for event in events] == ["", "", "", "hello"]
    assert [event["at"] for event in events[:3]] == [NOON] * 3
    assert [event["reason"] for event in events] == [
        "its message does not say in which chat it was",
        "its message does not say in which chat it was",
        "its callback_query does not say whose it is",
        None,
    ]
    assert [line["why"] for line in logs if line["event"] == "update_unusable"] == [
        event["reason"] for event in events[:3]
    ]


async def test_a_webhook_is_taken_away(bot: Bot) -> None:
    bot.telegram.webhook = "https://example.org/bot"
    bot.telegram.write("hello")
    bot.start()

    await bot.reception.until(1)

    assert bot.telegram.webhook == ""


async def test_a_webhook_that_is_set_meanwhile_is_taken_away_too(bot: Bot) -> None:
    with structlog.testing.capture_logs() as logs:
        bot.start()
        await bot.telegram.until(lambda: "getUpdates" in bot.telegram.called)
        bot.telegram.webhook = "https://example.org/bot"
        bot.telegram.quiet()
        await bot.telegram.until(lambda: not bot.telegram.webhook)
        bot.telegram.write("hello")
        await bot.reception.until(1)

    [trouble] = [line for line in logs if line["event"] == "updates_troubled"]
    assert trouble["hint"].startswith("another program gave this bot a webhook")
    assert "webhook_removed" in [line["event"] for line in logs]


async def test_without_a_flow_that_wants_them_nobody_asks(bot: Bot) -> None:
    bot.flows()
    bot.telegram.write("hello")
    bot.start()
    await asyncio.sleep(0.05)
    assert bot.telegram.called == []

    bot.flows(FLOW)

    assert len(await bot.reception.until(1)) == 1


async def test_only_the_kinds_that_flows_want_are_asked_for(bot: Bot) -> None:
    bot.flows(FLOW.replace("[message, callback_query]", "[channel_post]"))
    bot.telegram.write("private")
    bot.telegram.update(channel_post={"message_id": 1, "chat": {"id": -100, "type": "channel", "title": "News"}})
    bot.start()

    [event] = await bot.reception.until(1)

    assert (event["kind"], event["chat"]["title"]) == ("channel_post", "News")


async def test_the_answer_to_a_flow_that_asks_is_fetched_though_no_flow_begins_with_it(bot: Bot) -> None:
    bot.flows(
        "flow: survey\non: {manual: }\nsteps:\n"
        "  - do: ask\n    with: {via: telegram/main, to: '7', text: Well?, choices: [Good, Bad]}\n"
    )
    bot.telegram.press("Good")
    bot.telegram.write("Bad")
    bot.start()

    assert [event["text"] for event in await bot.reception.until(2)] == ["Good", "Bad"]


async def test_a_change_of_the_flows_counts_at_once(bot: Bot) -> None:
    bot.start()
    await bot.telegram.until(lambda: "getUpdates" in bot.telegram.called)
    bot.flows(FLOW.replace("[message, callback_query]", "[channel_post]"))
    bot.telegram.update(channel_post={"message_id": 1, "chat": {"id": -100, "type": "channel", "title": "News"}})

    [event] = await bot.reception.until(1)

    assert event["kind"] == "channel_post"


async def test_flows_that_change_nothing_here_leave_the_open_question_alone(bot: Bot) -> None:
    bot.start()
    await bot.telegram.until(lambda: "getUpdates" in bot.telegram.called)
    bot.flows(FLOW, FLOW.replace("flow: chat", "flow: more"))
    bot.telegram.write("hello")
    await bot.reception.until(1)
    await bot.telegram.until(lambda: not bot.telegram.waiting)

    assert bot.telegram.called.count("getUpdates") == 2


@pytest.mark.parametrize("result", [b"null", b'{"update_id": 1}', b"[null, {}]", b'[{"update_id": true}]'])
async def test_an_answer_without_updates_is_not_asked_for_again_at_once(bot: Bot, result: bytes) -> None:
    bot.telegram.garbage = b'{"ok": true, "result": ' + result + b"}"
    with structlog.testing.capture_logs() as logs:
        bot.start()
        await bot.telegram.until(lambda: "getUpdates" in bot.telegram.called)
        bot.telegram.garbage = None
        bot.telegram.write("hello")
        await bot.reception.until(1)

    told = [line["why"] for line in logs if line["event"] == "updates_troubled"]
    assert [line.partition(":")[0] for line in told] == ["getUpdates gave no update that has a number"]
    assert bot.pauses[:3] == [1, 2, 4][: len(bot.pauses)]


@pytest.mark.parametrize("broken", [rb"cut \ud83d", b"\xff\xfe"])
async def test_half_a_character_in_one_update_stops_none(bot: Bot, broken: bytes) -> None:
    head = b'"message": {"message_id": 1, "date": 1790000000, "chat": {"id": 7}, "text": "'
    updates = b'[{"update_id": 1, ' + head + broken + b'"}}, {"update_id": 2, ' + head + b'fine"}}]'
    bot.telegram.garbage = b'{"ok": true, "result": ' + updates + b"}"
    bot.start()

    first, second = (await bot.reception.until(2))[:2]

    assert "\N{REPLACEMENT CHARACTER}" in first["text"]
    assert second["text"] == "fine"


async def test_numbers_may_begin_anywhere_after_a_quiet_time(bot: Bot) -> None:
    message = {"message_id": 1, "date": 1_790_000_000, "chat": {"id": 7}}
    bot.telegram.update(update_id=900_000, message={**message, "text": "before"})
    bot.start()
    await bot.reception.until(1)
    await bot.telegram.until(lambda: bot.telegram.called.count("getUpdates") == 2)
    bot.telegram.quiet()
    await bot.telegram.until(lambda: bot.telegram.called.count("getUpdates") == 3)
    bot.telegram.update(update_id=12, message={**message, "text": "after"})

    assert [event["text"] for event in await bot.reception.until(2)] == ["before", "after"]


async def test_an_update_that_cannot_be_kept_holds_nothing_up(bot: Bot) -> None:
    deep: list[Any] = []
    for _ in range(98):
        deep = [deep]
    bot.telegram.update(message={"message_id": 1, "date": 1, "chat": {"id": 7}, "text": "deep", "news": deep})
    bot.telegram.write("hello")
    bot.start()

    unusable, hello = await bot.reception.until(2)

    assert (hello["text"], unusable["kind"]) == ("hello", "unusable")
    assert unusable["reason"] == "a value nested more than 100 deep cannot be kept"
    assert unusable["update"]["raw"].startswith('{"update_id":1,"message":')


async def test_a_second_program_is_told_of_once_and_waited_for(bot: Bot) -> None:
    bot.telegram.trouble = Refusal(409, "Conflict: terminated by other getUpdates request")
    with structlog.testing.capture_logs() as logs:
        bot.start()
        await bot.telegram.until(lambda: len(bot.pauses) >= 7)
        bot.telegram.trouble = None
        bot.telegram.write("hello")
        await bot.reception.until(1)
        await bot.telegram.until(lambda: not bot.telegram.waiting)

    assert bot.pauses[:7] == [1, 2, 4, 8, 16, 30, 30]
    assert [line["event"] for line in logs] == ["updates_troubled", "updates_come_again"]


async def test_trouble_ends_by_itself(bot: Bot) -> None:
    bot.telegram.trouble = Refusal(429, "Too Many Requests", {"retry_after": 0.01})
    bot.telegram.write("hello")
    bot.start()
    await bot.telegram.until(lambda: bot.telegram.called.count("getUpdates") > 2)

    bot.telegram.trouble = None

    assert len(await bot.reception.until(1)) == 1


async def test_stopping_does_not_wait_for_the_open_question(bot: Bot) -> None:
    bot.start()
    await bot.telegram.until(lambda: "getUpdates" in bot.telegram.called)

    async with asyncio.timeout(5):
        await bot.stop()


def test_a_flow_takes_the_kinds_that_it_names_alone() -> None:
    book = FlowBook()
    presses = FLOW.replace("flow: chat", "flow: presses").replace("[message, callback_query]", "[callback_query]")
    book.replace(FlowLoader(catalogue()).load({"a.yaml": FLOW, "b.yaml": presses}).flows)

    assert [flow.name for flow in book.waiting_for("telegram.main", {"kind": "message"})] == ["chat"]
    assert [flow.name for flow in book.waiting_for("telegram.main", {"kind": "callback_query"})] == ["chat", "presses"]
    assert book.waiting_for("telegram.main", {"kind": "edited_message"}) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("{bot: mian}", "there is no account telegram/… of the name 'mian'; did you mean 'main'?"),
        ("{bot: telegram/main}", "write what follows telegram/: main"),
        ("{updates: [mesage]}", "did you mean 'message'?"),
        ("{updates: []}", "must not be empty"),
    ],
)
def test_a_wrong_setting_is_told(settings: str, said: str) -> None:
    from onebox.app.settings import check_settings

    box, faults = check_settings("accounts: {telegram/main: {token: t}}")
    assert box is not None
    assert faults == []
    text = FLOW.replace("{updates: [message, callback_query]}", settings)

    [fault] = FlowLoader(catalogue(accounts=box.outlets)).load({"flows/chat.yaml": text}).faults

    assert said in str(fault)
    assert fault.line == 3


def test_a_run_that_began_goes_on_though_its_bot_is_taken_out() -> None:
    [flow] = FlowLoader(catalogue()).load({"flows/chat.yaml": FLOW.replace("{updates", "{bot: main, updates")}).flows

    assert FlowLoader(catalogue(accounts={})).compile_bundle(flow.bundle).version == flow.version


def test_the_bot_that_is_meant_without_a_name_must_be_there_too() -> None:
    [fault] = FlowLoader(catalogue(accounts={})).load({"flows/chat.yaml": FLOW}).faults

    assert "there is no account telegram/… of the name 'main'; box.yaml has of them: none" in fault.message


def test_an_example_says_little_and_gives_all() -> None:
    kind = telegram_trigger()
    settings = kind.settings.model_validate({})

    made = kind.example(settings, {"text": "/help", "sender": {"id": 9}}, NOON)
    pressed = kind.example(settings, {"data": "yes"}, NOON)

    assert set(made) == set(kind.names or ())
    assert (made["text"], made["kind"], made["sender"]["name"]) == ("/help", "message", "Ana")
    assert (made["sender"]["id"], made["sender"]["user_id"], made["chat"]["id"]) == (9, 9, 9)
    assert (pressed["text"], pressed["kind"]) == ("yes", "callback_query")
    for event in (made, pressed):
        assert kind.example(settings, kind.given(settings, event), NOON)["text"] == event["text"]


def test_an_example_does_not_take_what_an_event_does_not_have() -> None:
    kind = telegram_trigger()

    with pytest.raises(EventRefused, match="the event has no 'txet'; did you mean 'text'"):
        kind.example(kind.settings.model_validate({}), {"txet": "/help"}, NOON)


GROUP = {"id": -100, "type": "group", "title": "Desk"}
BILAL = {"id": 8, "first_name": "Bilal"}


@pytest.mark.parametrize(
    ("update", "given"),
    [
        (
            {"message": {"message_id": 5, "date": 1, "from": BILAL, "chat": GROUP, "text": "hi"}},
            {
                "text": "hi",
                "sender": {"id": -100, "user_id": 8, "name": "Bilal"},
                "chat": {"id": -100, "type": "group", "title": "Desk"},
            },
        ),
        (
            {
                "callback_query": {
                    "id": "1",
                    "from": BILAL,
                    "data": "yes",
                    "message": {"chat": {"id": 8, "type": "private"}},
                }
            },
            {"data": "yes", "sender": {"id": 8, "user_id": 8, "name": "Bilal"}},
        ),
        (
            {"message": {"message_id": 5, "date": 1, "from": BILAL, "chat": GROUP, "caption": "us", "photo": []}},
            None,
        ),
        ({"channel_post": {"message_id": 5, "date": 1, "chat": GROUP, "text": "news"}}, None),
    ],
    ids=["a text in a group", "a press", "a picture", "a post"],
)
def test_what_is_recorded_of_an_event_makes_one_that_says_the_same(
    update: dict[str, Any], given: dict[str, Any] | None
) -> None:
    kind, update = telegram_trigger(), {"update_id": 1, **update}
    settings = kind.settings.model_validate({})
    event = event_of(update, "telegram/main", NOON)

    recorded = kind.given(settings, event)
    made = kind.example(settings, recorded, NOON)

    assert recorded == (given or {"update": update})
    assert {name: made[name] for name in ("kind", "text", "data", "chat")} == {
        name: event[name] for name in ("kind", "text", "data", "chat")
    }
    assert {name: made["sender"][name] for name in ("id", "user_id", "name")} == {
        name: event["sender"][name] for name in ("id", "user_id", "name")
    }
