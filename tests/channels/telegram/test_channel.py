"""Texts to Telegram, by a server that speaks its protocol."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from tests.channels.messages import message
from tests.support.local_server import LocalServer
from tests.support.telegram import TOKEN, FakeTelegram, Refusal

from onebox.channels.telegram.parts import parts
from onebox.channels.telegram.texts import LONGEST, units
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from onebox.channels.telegram.channel import TelegramChannel


async def failure(channel: TelegramChannel, recipient: str = "7", **content: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message(recipient, **(content or {"text": "hi"})))
    assert TOKEN not in "".join(traceback.format_exception(failed.value))
    return failed.value


async def test_a_text_is_sent_as_it_is(telegram: FakeTelegram, open_channel: Any) -> None:
    receipt = await open_channel().deliver(message("7", text="*hi* <you> & me"))

    [sent] = telegram.sent
    assert (sent.chat, sent.text, "parse_mode" in sent.arguments) == (7, "*hi* <you> & me", False)
    assert receipt == {"message_id": 1, "chat_id": 7}


async def test_markdown_becomes_what_telegram_takes(telegram: FakeTelegram, open_channel: Any) -> None:
    markdown = "# News\n**Ana & Bo** <b>said</b> [here](https://example.org/?a=1&b=2)\n\n- one\n- `two`"

    await open_channel().deliver(message("@news", markdown=markdown))

    [sent] = telegram.sent
    assert sent.chat == "@news"
    assert sent.text.startswith("<b>News</b>\n\n<b>Ana &amp; Bo</b> &lt;b&gt;said&lt;/b&gt; <a href=")


async def test_markup_is_sent_as_it_is_with_what_else_was_asked(telegram: FakeTelegram, open_channel: Any) -> None:
    content = {"markup": "<b>hi</b>", "silent": True, "link_preview": False, "reply_to": 3}

    await open_channel().deliver(message("7", **content))

    assert telegram.sent[0].arguments == {
        "chat_id": 7,
        "text": "<b>hi</b>",
        "parse_mode": "HTML",
        "disable_notification": True,
        "link_preview_options": {"is_disabled": True},
        "reply_parameters": {"message_id": 3, "allow_sending_without_reply": True},
    }


@pytest.mark.parametrize(
    "content",
    [
        {"subject": "a"},
        {"text": "a", "silnt": True},
        {"text": "a", "markdown": "b"},
        {"text": 7},
        {"text": "  "},
        {"markdown": "&#32;"},
        {"markup": "<b> &#32;</b>"},
        {"markup": "<b>" + "a&amp;" * 2049 + "</b>"},
        {"markup": "a", "text": "b"},
        {"text": "a", "silent": "no"},
        {"text": "a", "link_preview": 0},
        {"text": "a", "reply_to": "the last"},
        {"text": "a", "reply_to": True},
        {"text": "a", "to": [{"id": 7}, {"id": 8}]},
    ],
)
async def test_what_is_no_text_is_refused_for_good(content: dict[str, Any], open_channel: Any) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await open_channel().deliver(message("7", **content))

    assert (failed.value.permanent, failed.value.kind) == (True, "invalid")


@pytest.mark.parametrize(
    ("refusal", "permanent", "kind", "after", "uncertain"),
    [
        (Refusal(429, "Too Many Requests: retry after 17", {"retry_after": 17}), False, "too_many", 17.0, False),
        (Refusal(403, "Forbidden: bot was blocked by the user"), True, "bounced", None, False),
        (Refusal(403, "Forbidden: user is deactivated"), True, "bounced", None, False),
        (Refusal(400, "Bad Request: chat not found"), True, "bounced", None, False),
        (Refusal(400, "Bad Request: something else"), True, "refused", None, False),
        (Refusal(500, "Internal Server Error"), False, "busy", None, True),
        (Refusal(0), False, "unreachable", None, True),
    ],
)
async def test_refusals_are_told_apart(
    refusal: Refusal,
    permanent: bool,  # noqa: FBT001 - a row of the table
    kind: str,
    after: float | None,
    uncertain: bool,  # noqa: FBT001
    telegram: FakeTelegram,
    open_channel: Any,
) -> None:
    telegram.refusals[7] = refusal

    failed = await failure(open_channel())

    told = (failed.permanent, failed.kind, failed.retry_after, failed.uncertain)
    assert told == (permanent, kind, after, uncertain)


async def test_a_wrong_token_is_the_account_s_fault_and_not_the_message_s(open_channel: Any) -> None:
    failed = await failure(open_channel(token="1:wrong"))

    assert (failed.permanent, failed.kind) == (False, "misconfigured")
    assert "telegram/main" in failed.message


class OddServer(LocalServer):
    """Answers `getMe` and every other method each with its own answer."""

    def __init__(self, of_me: Refusal | None, of_others: Refusal) -> None:
        self._answers = of_me, of_others
        self.called: list[str] = []

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/bot{token}/{method}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        self.called.append(request.match_info["method"])
        refusal = self._answers[self.called[-1] != "getMe"]
        if refusal is None:
            return web.json_response({"ok": True, "result": {"id": 1}})
        told = {"ok": False, "error_code": refusal.status, "description": refusal.description}
        return web.json_response({**told, "parameters": refusal.parameters}, status=refusal.status)


NOT_FOUND = Refusal(404, "Not Found")


@pytest.mark.parametrize(
    ("of_me", "of_others", "told"),
    [
        (None, NOT_FOUND, (True, "refused", None)),
        (NOT_FOUND, NOT_FOUND, (False, "misconfigured", None)),
        (Refusal(401, "Unauthorized"), NOT_FOUND, (False, "misconfigured", None)),
        (Refusal(429, "Too Many Requests", {"retry_after": 3}), NOT_FOUND, (False, "too_many", 3.0)),
        (Refusal(500, "Internal Server Error"), NOT_FOUND, (False, "busy", None)),
    ],
)
async def test_what_was_not_found_is_the_method_if_the_bot_is_there(
    of_me: Refusal | None, of_others: Refusal, told: tuple[bool, str, float | None], open_channel: Any
) -> None:
    async with OddServer(of_me, of_others) as server:
        failed = await failure(open_channel(url=server.url))

    assert (failed.permanent, failed.kind, failed.retry_after) == told
    assert server.called == ["sendMessage", "getMe"]


async def test_a_method_that_a_server_does_not_know_is_told_with_the_server(open_channel: Any) -> None:
    async with OddServer(None, Refusal(404, "Not Found: method not found")) as server:
        failed = await failure(open_channel(url=server.url))

    assert (failed.permanent, failed.kind, server.called) == (True, "refused", ["sendMessage"])
    assert failed.message == (
        "Telegram refused sendMessage (404): Not Found: method not found; "
        "the server that accounts.telegram/main.api names may be too old for sendMessage"
    )


async def test_a_group_that_became_a_supergroup_is_written_to_at_its_new_id(
    telegram: FakeTelegram, open_channel: Any
) -> None:
    telegram.refusals[-5] = Refusal(400, "group chat was upgraded", {"migrate_to_chat_id": -1005})

    receipt = await open_channel().deliver(message("-5", text="hi"))

    assert receipt == {"message_id": 1, "chat_id": -1005, "moved_from": -5}
    assert telegram.texts(-1005) == ["hi"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"result": 1}', b"\xff"])
async def test_an_answer_that_is_none_of_the_bot_api_is_tried_again(
    body: bytes, telegram: FakeTelegram, open_channel: Any
) -> None:
    telegram.garbage = body

    failed = await failure(open_channel())

    assert (failed.permanent, failed.kind) == (False, "unreachable")


async def test_a_server_that_is_not_there_is_tried_again(open_channel: Any) -> None:
    failed = await failure(open_channel(url="http://127.0.0.1:1"))

    assert (failed.permanent, failed.kind, failed.uncertain) == (False, "unreachable", False)


async def test_a_long_text_goes_in_parts_that_telegram_takes(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    lines = [f"{number}: " + "word 🙂 & <b> " * 20 for number in range(100)]

    for content in ({"text": "\n".join(lines)}, {"markdown": "\n".join(f"**{line}**" for line in lines)}):
        pieces = parts({**content, "silent": True})
        for piece in pieces:
            await channel.deliver(message("7", **piece))
        assert len(pieces) > 5
        assert all(piece["silent"] for piece in pieces)
    assert all(units(text) <= LONGEST for text in telegram.texts(7)[:5])


async def test_a_text_that_looks_like_a_tag_is_a_text(telegram: FakeTelegram, open_channel: Any) -> None:
    await open_channel().deliver(message("7", text="<ok>"))

    assert telegram.texts(7) == ["<ok>"]


async def test_a_word_that_telegram_does_not_know_is_told(open_channel: Any) -> None:
    failed = await failure(open_channel(), text="hi", silnt=True)

    assert failed.message == "send: there is no 'silnt'; did you mean 'silent'?"


async def test_what_a_step_gives_for_other_channels_is_left_alone(telegram: FakeTelegram, open_channel: Any) -> None:
    await open_channel().deliver(message("7", text="hi", subject="Weekly report", to={"id": 7}))

    assert telegram.sent[0].arguments == {"chat_id": 7, "text": "hi"}


async def test_a_message_s_number_may_be_written(telegram: FakeTelegram, open_channel: Any) -> None:
    await open_channel().deliver(message("7", text="hi", reply_to="3"))

    assert telegram.sent[0].arguments["reply_parameters"]["message_id"] == 3


async def test_markup_of_the_greatest_length_is_taken(telegram: FakeTelegram, open_channel: Any) -> None:
    await open_channel().deliver(message("7", markup="<i>" + "a&amp;" * 2048 + "</i>"))

    assert len(telegram.sent) == 1


@pytest.mark.parametrize(
    ("refusal", "advice"),
    [
        (Refusal(403, "Forbidden: bot was blocked by the user"), "only this person can let the bot write again"),
        (Refusal(403, "Forbidden: bot can't initiate conversation with a user"), "a person has to write to the bot"),
        (Refusal(400, "Bad Request: not enough rights to send"), "give the bot the right to post there"),
        (Refusal(400, "Bad Request: can't parse entities: at 3"), "the markup has a tag that Telegram does not take"),
    ],
)
async def test_what_is_kept_of_a_failure_says_what_to_do(
    refusal: Refusal, advice: str, telegram: FakeTelegram, open_channel: Any
) -> None:
    telegram.refusals[7] = refusal

    failed = await failure(open_channel())

    assert advice in failed.message


async def test_a_group_that_moves_in_circles_is_given_up(telegram: FakeTelegram, open_channel: Any) -> None:
    for here, there in ((-5, -6), (-6, -5)):
        telegram.refusals[here] = Refusal(400, "group chat was upgraded", {"migrate_to_chat_id": there})

    failed = await failure(open_channel(), "-5")

    assert (failed.permanent, telegram.called) == (True, ["sendMessage", "sendMessage"])


def test_a_long_answer_is_an_answer_once() -> None:
    pieces = parts({"text": "a" * 5000, "reply_to": 3})

    assert [piece.get("reply_to") for piece in pieces] == [3, None]


def test_a_nothing_fails_the_step_that_would_send_it() -> None:
    with pytest.raises(DeliveryFailed, match="text is empty"):
        parts({"text": " " * 5000})
