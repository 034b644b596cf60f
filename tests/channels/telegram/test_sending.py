"""What a message of Telegram may hold beside words: buttons, files, a place, an invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.channels.messages import message
from tests.support.telegram import FakeTelegram, Refusal

from onebox.channels.telegram.keyboards import columns_of
from onebox.channels.telegram.parts import parts
from onebox.channels.telegram.texts import words_of
from onebox.flows.expressions.filters import ADDED
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from pathlib import Path

    from onebox.channels.telegram.channel import TelegramChannel

PHOTO, SECOND, PRICES = (
    {"url": "https://salon.example/1.jpg", "type": "image/jpeg"},
    {"url": "https://salon.example/2.jpg", "type": "image/jpeg"},
    {"url": "https://salon.example/prices.pdf"},
)


async def deliver(channel: TelegramChannel, **content: Any) -> list[dict[str, Any]]:
    """Sends the parts of a content one after another, as the outbox does; the receipts."""
    return [dict(await channel.deliver(message("7", **piece))) for piece in parts(content)]


async def failure(channel: TelegramChannel, **content: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await deliver(channel, **content)
    return failed.value


# --- buttons


async def test_choices_are_buttons_below_the_text(telegram: FakeTelegram, open_channel: Any) -> None:
    choices = ["Yes", {"id": "n", "title": "No"}, {"title": "Map", "url": "https://salon.example/map"}]

    await deliver(open_channel(), text="Coming?", choices=choices)

    assert telegram.sent[0].arguments["reply_markup"] == {
        "inline_keyboard": [
            [
                {"text": "Yes", "callback_data": "Yes"},
                {"text": "No", "callback_data": "n"},
                {"text": "Map", "url": "https://salon.example/map"},
            ]
        ]
    }


@pytest.mark.parametrize(
    ("titles", "columns"),
    [
        (["9:00", "9:30", "10:00", "10:30", "11:00"], 3),
        (["9:00", "9:30", "10:00", "10:30"], 2),
        (["Tomorrow", "Some other day"], 2),
        (["Tomorrow", "Some other day, please"], 1),
        (["Yes"], 1),
        (["A", "B", "C", "D", "E", "F", "G"], 3),
    ],
)
def test_short_buttons_stand_side_by_side(titles: list[str], columns: int) -> None:
    assert columns_of(titles) == columns


async def test_what_a_choice_says_more_is_on_its_button(telegram: FakeTelegram, open_channel: Any) -> None:
    await deliver(open_channel(), text="What?", choices=[{"id": "cut", "title": "Cut", "description": "30 min"}])

    [[button]] = telegram.sent[0].arguments["reply_markup"]["inline_keyboard"]
    assert button == {"text": "Cut · 30 min", "callback_data": "cut"}


def test_buttons_hang_on_the_last_part_and_the_answer_is_the_first() -> None:
    pieces = parts({"text": "a" * 5000, "choices": ["Yes"], "reply_to": 3, "edit": 4, "silent": True})

    assert [sorted(piece) for piece in pieces] == [
        ["edit", "reply_to", "silent", "text"],
        ["choices", "silent", "text"],
    ]


@pytest.mark.parametrize(
    ("request_", "button"),
    [
        ("contact", {"text": "Share my phone number", "request_contact": True}),
        ({"location": "I am here"}, {"text": "I am here", "request_location": True}),
    ],
)
async def test_a_person_may_be_asked_for_their_number_or_place(
    request_: Any, button: dict[str, Any], telegram: FakeTelegram, open_channel: Any
) -> None:
    await deliver(open_channel(), text="Who are you?", request=request_)

    assert telegram.sent[0].arguments["reply_markup"] == {
        "keyboard": [[button]],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }


# --- files


async def test_a_picture_at_an_address_is_fetched_by_telegram(telegram: FakeTelegram, open_channel: Any) -> None:
    [receipt] = await deliver(open_channel(), media=PHOTO, markdown="**New**", choices=["Book"], silent=True)

    [sent] = telegram.sent
    assert (sent.method, sent.arguments["photo"], sent.text) == ("sendPhoto", PHOTO["url"], "<b>New</b>")
    assert sent.arguments["parse_mode"] == "HTML"
    assert sent.arguments["disable_notification"] is True
    assert "inline_keyboard" in sent.arguments["reply_markup"]
    assert receipt == {"message_id": 1, "chat_id": 7}


@pytest.mark.parametrize("kind", ["document", "video", "audio", "voice"])
async def test_each_kind_of_file_goes_its_way(kind: str, telegram: FakeTelegram, open_channel: Any) -> None:
    await deliver(open_channel(), media={"kind": kind, "id": "FILE-1", "account": "telegram/main"})

    [sent] = telegram.sent
    assert (sent.method, sent.arguments) == (f"send{kind.title()}", {"chat_id": 7, kind: "FILE-1"})


async def test_a_file_of_the_box_goes_along(telegram: FakeTelegram, open_channel: Any, tmp_path: Path) -> None:
    (tmp_path / "e1").mkdir()
    (tmp_path / "e1/1").write_bytes(b"%PDF-1.7 \x00\xff")
    price_list = {"file": "e1/1", "name": 'prix "été" 2.pdf', "type": "application/pdf"}

    await deliver(open_channel(files=tmp_path), media=price_list, text="Here", reply_to=3)

    [sent] = telegram.sent
    assert sent.files == {"file0": ("prix _été_ 2.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")}
    assert sent.arguments == {
        "chat_id": 7,
        "document": "attach://file0",
        "caption": "Here",
        "reply_parameters": {"message_id": 3, "allow_sending_without_reply": True},
    }


async def test_several_pictures_are_an_album(telegram: FakeTelegram, open_channel: Any, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(b"\xff\xd8")
    mine = {"file": "cut", "kind": "photo", "name": "cut.jpg"}

    [receipt] = await deliver(open_channel(files=tmp_path), media=[PHOTO, mine], markdown="*Before*, after")

    [sent] = telegram.sent
    assert sent.method == "sendMediaGroup"
    assert sent.arguments["media"] == [
        {"type": "photo", "media": PHOTO["url"], "caption": "<i>Before</i>, after", "parse_mode": "HTML"},
        {"type": "photo", "media": "attach://file1"},
    ]
    assert sent.files == {"file1": ("cut.jpg", "image/jpeg", b"\xff\xd8")}
    assert receipt == {"message_id": 1, "chat_id": 7, "message_ids": [1, 2]}


async def test_files_that_telegram_does_not_show_together_go_one_after_another(
    telegram: FakeTelegram, open_channel: Any
) -> None:
    voice = {"kind": "voice", "id": "V"}

    await deliver(open_channel(), media=[PHOTO, SECOND, PRICES, voice, voice], text="All of it", choices=["Book"])

    methods = ["sendMediaGroup", "sendDocument", "sendVoice", "sendVoice"]
    assert [sent.method for sent in telegram.sent] == methods
    assert [sent.text for sent in telegram.sent] == ["All of it", "", "", ""]
    assert ["reply_markup" in sent.arguments for sent in telegram.sent] == [False, False, False, True]


async def test_words_that_are_too_long_for_a_caption_come_after_the_file(
    telegram: FakeTelegram, open_channel: Any
) -> None:
    await deliver(open_channel(), media=PHOTO, text="a" * 1025, choices=["Book"])

    assert [(sent.method, len(sent.text)) for sent in telegram.sent] == [("sendPhoto", 0), ("sendMessage", 1025)]
    assert ["reply_markup" in sent.arguments for sent in telegram.sent] == [False, True]


async def test_an_album_has_its_buttons_below_its_words(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()

    await deliver(channel, media=[PHOTO, SECOND], text="Which?", choices=["First", "Second"])
    await deliver(channel, media=[PHOTO, SECOND], choices=["First", "Second"], choices_title="Choose")

    assert [sent.text for sent in telegram.sent] == ["", "Which?", "", "Choose"]
    assert "cannot hang on several files" in (await failure(channel, media=[PHOTO, SECOND], choices=["A"])).message


@pytest.mark.parametrize("name", ["../box.yaml", "/etc/passwd", "e1/../../box.yaml", "no-such-file", "e1", ""])
async def test_no_file_but_those_of_the_box_is_read(name: str, open_channel: Any, tmp_path: Path) -> None:
    (tmp_path / "files/e1").mkdir(parents=True)
    (tmp_path / "box.yaml").write_text("secret")
    (tmp_path / "files/link").symlink_to(tmp_path / "box.yaml")

    for file in (name, "link"):
        failed = await failure(open_channel(files=tmp_path / "files"), media={"file": file})
        assert (failed.permanent, failed.kind) == (True, "invalid")


async def test_a_picture_that_is_too_large_is_not_even_read(open_channel: Any, tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(10_000_001)

    failed = await failure(open_channel(files=tmp_path), media={"file": "huge", "kind": "photo"})

    assert failed.message == "send: media[0]: a photo has at most 10 MB"


async def test_a_file_that_another_account_knows_is_not_known_here(open_channel: Any) -> None:
    failed = await failure(open_channel(), media={"id": "X", "account": "whatsapp/main"})

    assert failed.message == "send: media[0]: its id is known to whatsapp/main, and not to telegram/main"
    assert (failed.permanent, failed.kind) == (True, "invalid")


# --- places and invoices


async def test_a_place_is_a_place(telegram: FakeTelegram, open_channel: Any) -> None:
    channel, point = open_channel(), {"latitude": 52.5, "longitude": 13}

    await deliver(channel, location=point, text="Here we are", choices=["Found it"])
    await deliver(channel, location={**point, "name": "Salon", "address": "1 Main Street"})

    assert [sent.method for sent in telegram.sent] == ["sendMessage", "sendLocation", "sendVenue"]
    assert telegram.sent[1].arguments["longitude"] == 13.0
    assert "reply_markup" in telegram.sent[1].arguments
    assert telegram.sent[2].arguments["title"] == "Salon"


INVOICE = {
    "title": "Deposit",
    "description": "For Friday",
    "payload": "booking-17",
    "currency": "EUR",
    "prices": [{"label": "Deposit", "amount": 1250}],
}


async def test_an_invoice_goes_with_the_provider_of_the_account(telegram: FakeTelegram, open_channel: Any) -> None:
    await deliver(open_channel(payments="provider-token"), invoice={**INVOICE, "need_email": True})
    await deliver(open_channel(), invoice={**INVOICE, "currency": "XTR"})

    in_euros, in_stars = (sent.arguments for sent in telegram.sent)
    assert in_euros == {"chat_id": 7, **INVOICE, "need_email": True, "provider_token": "provider-token"}
    assert in_stars["provider_token"] == ""


async def test_without_a_provider_an_invoice_says_what_to_set(open_channel: Any) -> None:
    failed = await failure(open_channel(), invoice=INVOICE)

    assert (failed.permanent, failed.kind) == (True, "misconfigured")
    assert "under accounts.telegram/main.payments in box.yaml" in failed.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "text is missing"),
        ({"text": "a", "choices": []}, "choices must be a list of 1 to 100"),
        ({"text": "a", "choices": ["A"], "request": "contact"}, "choices and request exclude each other"),
        ({"text": "a", "request": "passport"}, "request must be contact or location"),
        ({"text": "a", "request": {"contact": 7}}, "request: contact must be the words of the button"),
        ({"text": "a", "media": []}, "media must be a mapping, or a list"),
        ({"text": "a", "location": {"latitude": 52.5}}, "location must be {latitude, longitude}"),
        ({"text": "a", "edit": ""}, "edit must be the number of a message or its id"),
        ({"text": "a", "edit": True}, "edit must be the number of a message or its id"),
        ({"text": "a", "choises": ["A"]}, "there is no 'choises'; did you mean 'choices'?"),
        ({"invoice": "17"}, "invoice must be a mapping"),
        ({"invoice": {**INVOICE, "tilte": "x"}}, "invoice: there is no 'tilte'; did you mean 'title'?"),
        ({"invoice": {**INVOICE, "title": " "}}, "invoice: title must be a text"),
        ({"invoice": {**INVOICE, "prices": []}}, "invoice: prices must be a list"),
        ({"invoice": {**INVOICE, "prices": [{"label": "x", "amount": 12.5}]}}, "invoice: prices[0] must be"),
        ({"invoice": INVOICE, "choices": ["A"]}, "an invoice has a button of its own"),
    ],
)
def test_a_content_that_is_none_fails_the_step(content: dict[str, Any], said: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        parts(content)

    assert said in failed.value.message
    assert (failed.value.permanent, failed.value.kind) == (True, "invalid")


# --- words that Telegram does not take


async def test_markup_that_cannot_be_read_is_sent_as_words(telegram: FakeTelegram, open_channel: Any) -> None:
    [receipt] = await deliver(open_channel(), markup="<b>17 &lt; 18</b> <blink>now", silent=True)

    assert receipt == {"message_id": 1, "chat_id": 7, "plain": True}
    assert telegram.sent[0].arguments == {"chat_id": 7, "text": "17 < 18 now", "disable_notification": True}


async def test_a_caption_that_cannot_be_read_is_sent_as_words(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    receipts = await deliver(channel, media=PHOTO, markup="<b>open") + await deliver(
        channel, media=[PHOTO, SECOND], markup="<b>open"
    )

    assert [receipt["plain"] for receipt in receipts] == [True, True]
    assert [sent.text for sent in telegram.sent] == ["open", "open"]


async def test_what_telegram_never_reads_fails_once(telegram: FakeTelegram, open_channel: Any) -> None:
    telegram.refusals[7] = Refusal(400, "Bad Request: can't parse entities: whatever")

    failed = await failure(open_channel(), markdown="**a**")

    assert (failed.kind, telegram.called) == ("refused", ["sendMessage", "sendMessage"])


@pytest.mark.parametrize(
    "wicked", ["</b><script>", "<a href='tg://x'>", "&lt;b&gt;", "[x](javascript:1)", "<b", "**_`"]
)
async def test_what_a_stranger_wrote_makes_no_tags(wicked: str, telegram: FakeTelegram, open_channel: Any) -> None:
    [receipt] = await deliver(open_channel(), markdown=f"**Hello {wicked}**")

    assert "plain" not in receipt
    assert "<script" not in telegram.sent[0].text
    assert "<a" not in telegram.sent[0].text


@settings(max_examples=100, deadline=None)
@given(some.text(alphabet=some.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40))
def test_what_was_escaped_is_words_alone(wicked: str) -> None:
    in_markdown = words_of({"markdown": f"Hello {ADDED['escape_markdown'](wicked)}!"})
    in_markup = words_of({"markup": f"Hello {ADDED['escape'](wicked)}!"})

    for words in (in_markdown, in_markup):
        assert words is not None
        assert "<" not in words.sent
        assert words.shown == f"Hello {wicked}!"
