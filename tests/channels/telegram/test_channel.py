from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.messages import message
from tests.support.telegram import TOKEN, FakeTelegram

from onebox.channels.telegram.api import BotApi
from onebox.channels.telegram.channel import TelegramChannel
from onebox.channels.telegram.content import LONGEST, parts, utf16_units
from onebox.messaging.channel import DeliveryFailed, Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from syrupy.assertion import SnapshotAssertion


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as telegram:
        yield telegram


@pytest.fixture
async def channel(telegram: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    channel = bot(telegram.url)
    yield channel
    await channel.close()


def bot(url: str, token: str = TOKEN) -> TelegramChannel:
    return TelegramChannel(account="telegram/main", api=BotApi(url=url, token=token, connections=2))


async def failure(channel: TelegramChannel, recipient: str = "7", **content: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message(recipient, **content))
    assert TOKEN not in str(failed.value)
    return failed.value


async def test_a_text_goes_out_as_it_is(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    assert await channel.deliver(message("7", text="1 < 2 & *3*")) == {"message_id": 1, "chat_id": 7}
    [sent] = telegram.sent
    assert sent.asked == {"chat_id": 7, "text": "1 < 2 & *3*"}


async def test_markdown_becomes_html(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    await channel.deliver(message("@news", markdown="**Hi** & <you>"))
    [sent] = telegram.sent
    assert sent.asked == {"chat_id": "@news", "text": "<b>Hi</b> &amp; &lt;you&gt;", "parse_mode": "HTML"}


async def test_markup_is_html_already(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    await channel.deliver(message("-1001", markup="<i>Hi</i>"))
    [sent] = telegram.sent
    assert sent.asked == {"chat_id": -1001, "text": "<i>Hi</i>", "parse_mode": "HTML"}


async def test_silence_previews_and_answers_may_be_asked_for(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    to = {"id": "7", "account": "telegram/main"}
    await channel.deliver(message("7", text=5, to=to, silent=True, link_preview=False, reply_to=3, markdown=None))
    [sent] = telegram.sent
    assert sent.asked == {
        "chat_id": 7,
        "text": "5",
        "disable_notification": True,
        "link_preview_options": {"is_disabled": True},
        "reply_parameters": {"message_id": 3, "allow_sending_without_reply": True},
    }


@pytest.mark.parametrize(
    ("recipient", "content"),
    [
        ("ana@example.org", {"text": "Hi"}),
        ("7, 8", {"text": "Hi"}),
        ("7", {"text": "Hi", "markdown": "Hi"}),
        ("7", {"silent": True}),
        ("7", {"text": " \n"}),
        ("7", {"text": ["Hi"]}),
        ("7", {"text": "Hi", "silnt": True}),
        ("7", {"text": "Hi", "silent": "yes"}),
        ("7", {"text": "Hi", "reply_to": "the last"}),
    ],
)
async def test_what_makes_no_message_is_never_sent(
    channel: TelegramChannel,
    telegram: FakeTelegram,
    recipient: str,
    content: Mapping[str, Any],
    snapshot: SnapshotAssertion,
) -> None:
    failed = await failure(channel, recipient, **content)
    assert (failed.kind, failed.permanent, telegram.calls) == ("invalid", True, [])
    assert failed.message == snapshot


REFUSALS = {
    "blocked": (403, "Forbidden: bot was blocked by the user", "bounced"),
    "never met": (403, "Forbidden: bot can't initiate conversation with a user", "bounced"),
    "not there": (400, "Bad Request: chat not found", "bounced"),
    "no rights": (400, "Bad Request: not enough rights to send text messages to the chat", "refused"),
    "broken html": (400, "Bad Request: can't parse entities: Can't find end tag", "invalid"),
    "unknown": (400, "Bad Request: MOOD_INVALID", "refused"),
    "too large": (413, "Request Entity Too Large", "refused"),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_says_what_to_do(
    channel: TelegramChannel, telegram: FakeTelegram, case: tuple[int, str, str], snapshot: SnapshotAssertion
) -> None:
    status, description, kind = case
    telegram.refuse("sendMessage", status, description)
    failed = await failure(channel)
    assert (failed.kind, failed.permanent) == (kind, True)
    assert failed.message == snapshot


@pytest.mark.parametrize(
    "markup",
    ["<b>Hi", "Hi</b>", "<b><i>Hi</b></i>", "<h1>Hi</h1>", "1 < 2", "a & b", "&nbsp;", '<b class="x">Hi</b>'],
)
async def test_markup_that_telegram_does_not_take_is_invalid(channel: TelegramChannel, markup: str) -> None:
    failed = await failure(channel, markup=markup)
    assert (failed.kind, failed.permanent) == ("invalid", True)


async def test_too_many_is_passing_for_exactly_as_long_as_telegram_says(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 344", retry_after=344)
    failed = await failure(channel)
    assert (failed.kind, failed.permanent, failed.retry_after) == ("too_many", False, 344.0)


async def test_a_group_that_moved_is_written_to_at_once(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    telegram.moved[-7] = -1007
    assert await channel.deliver(message("-7")) == {"message_id": 1, "chat_id": -1007}
    assert [sent.chat for sent in telegram.sent] == [-1007]


async def test_a_group_that_moves_in_circles_fails(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    telegram.moved |= {-7: -8, -8: -7}
    assert (await failure(channel, "-7")).permanent
    assert telegram.calls == ["sendMessage", "sendMessage"]


async def test_a_wrong_token_waits_for_a_right_one(telegram: FakeTelegram, snapshot: SnapshotAssertion) -> None:
    channel = bot(telegram.url, "123456:of-another-bot")
    failed = await failure(channel)
    await channel.close()
    assert (failed.kind, failed.permanent) == ("misconfigured", False)
    assert failed.message == snapshot


@pytest.mark.parametrize(("status", "kind"), [(500, "busy"), (502, "busy"), (404, "misconfigured")])
async def test_trouble_of_the_server_passes(
    channel: TelegramChannel, telegram: FakeTelegram, status: int, kind: str
) -> None:
    telegram.refuse("sendMessage", status, "as it is")
    failed = await failure(channel)
    assert (failed.kind, failed.permanent) == (kind, False)


@pytest.mark.parametrize("status", [200, 502])
async def test_what_is_no_answer_of_telegrams_passes(
    channel: TelegramChannel, telegram: FakeTelegram, status: int
) -> None:
    telegram.garble("sendMessage", f"<html>{TOKEN}</html>".encode(), status)
    failed = await failure(channel)
    assert (failed.kind, failed.permanent) == ("unreachable", False)
    assert failed.message == (
        f"127.0.0.1 answered sendMessage with {status} and what is no answer of Telegram's: '<html>***</html>'"
    )


async def test_a_redirect_is_not_followed(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    telegram.garble("sendMessage", b"", 302)
    failed = await failure(channel)
    assert (failed.kind, failed.permanent) == ("misconfigured", False)


async def test_a_broken_connection_passes(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    telegram.drop("sendMessage")
    failed = await failure(channel)
    assert (failed.kind, failed.permanent) == ("unreachable", False)
    assert failed.message.startswith("127.0.0.1 cannot be reached: ")


async def test_a_call_has_its_time(telegram: FakeTelegram) -> None:
    api = BotApi(url=telegram.url, token=TOKEN, connections=1)
    telegram.hang("getMe")
    with pytest.raises(Exception, match=r"127\.0\.0\.1 did not answer getMe within 0\.05 s"):
        await api.call("getMe", {}, within=0.05)
    assert (await api.call("getMe", {}, within=20))["username"] == "salon_bot"
    await api.close()


async def test_long_texts_arrive_whole_and_in_parts(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    text = "🙂 more\n" * 1500
    for part in parts({"text": text, "silent": True, "reply_to": 5}):
        await channel.deliver(message("7", **part))
    assert "".join(text.split()) == "".join("".join(sent.text for sent in telegram.sent).split())
    assert [utf16_units(sent.text) <= LONGEST for sent in telegram.sent] == [True] * 3
    assert ["reply_parameters" in sent.asked for sent in telegram.sent] == [True, False, False]
    assert [sent.asked["disable_notification"] for sent in telegram.sent] == [True] * 3


async def test_long_markdown_is_split_by_what_is_shown(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    line = "**[5 < 6](https://example.org/a/rather/long/address/that/nobody/sees)** 🙂\n\n"
    made = parts({"markdown": line * 500})
    for part in made:
        await channel.deliver(message("7", **part))
    assert len(telegram.sent) == len(made) == 2
    assert sum(sent.text.count("5 &lt; 6</a>") for sent in telegram.sent) == 500


@pytest.mark.parametrize("content", [{"text": ""}, {"text": 5}, {"markup": "a" * 9000}, {"text": "a", "markdown": "b"}])
def test_what_is_not_split_stays_one(content: Mapping[str, Any]) -> None:
    assert parts(content) == [content]


def test_the_usual_pace_is_below_telegrams_limit() -> None:
    assert bot("http://127.0.0.1").pace == Pace(25, 25, 8)
