"""What a bot does that is no message: it answers presses and payments, is seen typing, and fetches files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.channels.messages import NOW, message
from tests.support.telegram import TOKEN, FakeTelegram, Refusal

from onebox.channels.telegram.channel import rates_of
from onebox.channels.telegram.parts import parts
from onebox.messaging.channel import DeliveryFailed

PRESS = {"action": "answer_press", "press": "p1", "text": None, "alert": False}
TOO_LATE = Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")


async def act(channel: Any, **content: Any) -> dict[str, Any]:
    [content] = [dict(piece) for piece in parts(content)]
    return dict(await channel.deliver(message("press:p1", **content)))


async def test_a_press_is_answered(telegram: FakeTelegram, open_channel: Any) -> None:
    channel, at = open_channel(), (NOW - timedelta(seconds=149)).isoformat()

    receipts = [await act(channel, **PRESS, at=at), await act(channel, **{**PRESS, "text": "Saved", "alert": True})]

    assert receipts == [{"answered": True}] * 2
    assert [arguments for _, arguments in telegram.acts] == [
        {"callback_query_id": "p1"},
        {"callback_query_id": "p1", "text": "Saved", "show_alert": True},
    ]


async def test_a_press_that_waits_no_longer_is_left(telegram: FakeTelegram, open_channel: Any) -> None:
    channel, at = open_channel(), (NOW - timedelta(seconds=151)).isoformat()
    assert await act(channel, **PRESS, at=at) == {"answered": False}
    assert telegram.called == []

    telegram.trouble = TOO_LATE

    assert await act(channel, **PRESS) == {"answered": False}


async def test_a_press_is_answered_again_when_telegram_was_away(telegram: FakeTelegram, open_channel: Any) -> None:
    telegram.trouble = Refusal(502, "Bad Gateway")

    with pytest.raises(DeliveryFailed) as failed:
        await act(open_channel(), **PRESS)

    assert (failed.value.permanent, failed.value.uncertain) == (False, False)


async def test_that_a_bot_types_is_shown_or_not(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    assert await act(channel, action="typing", chat="7") == {"answered": True}
    assert telegram.acts == [("sendChatAction", {"chat_id": "7", "action": "typing"})]

    telegram.trouble = Refusal(403, "Forbidden: bot was blocked by the user")

    assert await act(channel, action="typing", chat="7") == {"answered": False}
    assert await act(open_channel(url="http://127.0.0.1:1"), action="typing", chat="7") == {"answered": False}


async def test_a_payment_is_approved_or_not(telegram: FakeTelegram, open_channel: Any) -> None:
    channel, delivery = open_channel(), {"id": "post", "title": "By post", "prices": [{"label": "Post", "amount": 300}]}

    await act(channel, action="answer_checkout", checkout="c1", ok=True)
    await act(channel, action="answer_checkout", checkout="c2", ok=False, text="The hour is taken")
    await act(channel, action="answer_shipping", checkout="s1", ok=True, options=[delivery])
    await act(channel, action="answer_shipping", checkout="s2", ok=False, text="Not so far")

    assert telegram.acts == [
        ("answerPreCheckoutQuery", {"pre_checkout_query_id": "c1", "ok": True}),
        ("answerPreCheckoutQuery", {"pre_checkout_query_id": "c2", "ok": False, "error_message": "The hour is taken"}),
        ("answerShippingQuery", {"shipping_query_id": "s1", "ok": True, "shipping_options": [delivery]}),
        ("answerShippingQuery", {"shipping_query_id": "s2", "ok": False, "error_message": "Not so far"}),
    ]


async def test_a_payment_that_was_answered_too_late_is_a_failure(telegram: FakeTelegram, open_channel: Any) -> None:
    telegram.trouble = TOO_LATE

    with pytest.raises(DeliveryFailed, match="Telegram waits 10 seconds for the answer to a payment") as failed:
        await act(open_channel(), action="answer_checkout", checkout="c1", ok=True)

    assert failed.value.permanent


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"action": "answer_pres", "press": "p"}, "there is no action 'answer_pres'; did you mean 'answer_press'?"),
        ({"action": ["typing"]}, "there is no action ['typing']"),
        ({"action": "answer_press"}, "press must be a text, got None"),
        ({"action": "answer_checkout", "checkout": "c", "ok": "yes"}, "ok must be true or false, got 'yes'"),
        ({"action": "answer_checkout", "checkout": "c", "ok": False}, "text must be a text, got None"),
        ({"action": "answer_shipping", "checkout": "c", "ok": True}, "options must be a list"),
        ({"action": "answer_shipping", "checkout": "c", "ok": True, "options": ["post"]}, "options[0] must be"),
    ],
)
def test_an_action_that_is_none_fails_the_step(content: dict[str, Any], said: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        parts(content)

    assert said in failed.value.message


def test_what_is_no_message_waits_for_no_chat() -> None:
    assert [len(rates_of(recipient)) for recipient in ("press:1", "typing:7", "checkout:c", "7", "-5")] == [
        0,
        0,
        0,
        1,
        2,
    ]


# --- files of people


async def test_a_file_is_fetched(telegram: FakeTelegram, open_channel: Any) -> None:
    telegram.files = {"F1": ("photos/file 1.jpg", b"\xff\xd8"), "F2": ("voice/file_2", b"Ogg")}
    channel = open_channel()

    assert await channel.fetch("F1") == (b"\xff\xd8", "image/jpeg")
    assert await channel.fetch("F2") == (b"Ogg", "application/octet-stream")


async def test_a_file_that_is_too_large_is_not_fetched(telegram: FakeTelegram, open_channel: Any) -> None:
    telegram.files["F1"] = ("documents/film.mkv", bytes(20_000_001))

    with pytest.raises(DeliveryFailed, match="it has 20,000,001 bytes") as failed:
        await open_channel().fetch("F1")

    assert failed.value.permanent
    assert TOKEN not in str(failed.value)


async def test_a_file_that_is_larger_than_was_said_is_cut_off(telegram: FakeTelegram, open_channel: Any) -> None:
    telegram.files["F1"] = ("documents/film.mkv", bytes(20_000_001))
    telegram.lies_about_sizes = True

    with pytest.raises(DeliveryFailed, match="it has more than 20,000,000 bytes") as failed:
        await open_channel().fetch("F1")

    assert failed.value.permanent


async def test_a_file_that_is_gone_is_told(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    with pytest.raises(DeliveryFailed, match="wrong file_id") as unknown:
        await channel.fetch("F1")
    telegram.files["F1"] = ("gone", b"")
    telegram.lost.add("gone")
    with pytest.raises(DeliveryFailed, match="it is not kept for ever") as lost:
        await channel.fetch("F1")

    assert (unknown.value.permanent, lost.value.permanent) == (True, True)
