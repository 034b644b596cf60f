"""Messages that are changed after they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.messages import message
from tests.support.telegram import FakeTelegram, Refusal

from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.channels.telegram.channel import TelegramChannel

PHOTO = {"url": "https://salon.example/1.jpg", "type": "image/jpeg"}


async def deliver(channel: TelegramChannel, **content: Any) -> dict[str, Any]:
    return dict(await channel.deliver(message("7", **content)))


async def test_a_text_is_changed_and_its_buttons_with_it(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    first = await deliver(channel, text="Coming?", choices=["Yes"])

    receipt = await deliver(channel, edit=first["message_id"], markdown="**Thanks**", choices=["Undo"])

    [edit] = telegram.edits
    assert receipt == {"message_id": 1, "chat_id": 7, "edited": True}
    assert (edit.method, edit.text, len(telegram.sent)) == ("editMessageText", "<b>Thanks</b>", 1)
    assert edit.arguments["reply_markup"] == {"inline_keyboard": [[{"text": "Undo", "callback_data": "Undo"}]]}


async def test_the_words_below_a_picture_are_changed(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    await deliver(channel, media=PHOTO, text="New")

    receipt = await deliver(channel, edit="1", markup="<b>open")

    assert receipt == {"message_id": 1, "chat_id": 7, "edited": True, "plain": True}
    assert [(edit.method, edit.text) for edit in telegram.edits] == [("editMessageCaption", "open")]


async def test_a_picture_is_changed_for_another(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    await deliver(channel, media=PHOTO)

    await deliver(channel, edit=1, media={**PHOTO, "kind": "photo"}, text="Another")

    assert telegram.edits[0].arguments["media"] == {"type": "photo", "media": PHOTO["url"], "caption": "Another"}


async def test_buttons_alone_are_changed_and_taken_away(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    await deliver(channel, text="Coming?", choices=["Yes"])

    await deliver(channel, edit=1, choices=["No"])
    await deliver(channel, edit=1)

    assert [edit.method for edit in telegram.edits] == ["editMessageReplyMarkup"] * 2
    assert [edit.arguments.get("reply_markup") for edit in telegram.edits] == [
        {"inline_keyboard": [[{"text": "No", "callback_data": "No"}]]},
        None,
    ]


async def test_what_is_so_already_is_well(telegram: FakeTelegram, open_channel: Any) -> None:
    channel = open_channel()
    await deliver(channel, text="Coming?")

    receipts = [await deliver(channel, edit=1, text="Thanks") for _ in range(2)]

    assert receipts == [{"message_id": 1, "chat_id": 7, "edited": True}] * 2
    assert len(telegram.edits) == 1


@pytest.mark.parametrize(
    "content",
    [
        {"text": "Thanks"},
        {"media": PHOTO},
        {"media": {**PHOTO, "kind": "voice"}},
        {"location": {"latitude": 1, "longitude": 2}},
    ],
)
async def test_what_cannot_be_changed_is_sent_anew(
    content: dict[str, Any], telegram: FakeTelegram, open_channel: Any
) -> None:
    receipt = await deliver(open_channel(), edit=99, **content)

    assert receipt == {"message_id": 1, "chat_id": 7}
    assert len(telegram.sent) == 1


async def test_buttons_of_a_message_that_is_gone_are_gone(telegram: FakeTelegram, open_channel: Any) -> None:
    receipt = await deliver(open_channel(), edit=99)

    assert (receipt["edited"], telegram.sent) == (False, [])


async def test_a_message_of_the_box_is_known_by_its_id_in_the_outbox(telegram: FakeTelegram, open_channel: Any) -> None:
    kept: dict[str, Mapping[str, Any]] = {}

    async def receipt_of(outbox_id: str) -> Mapping[str, Any] | None:
        return kept.get(outbox_id)

    channel = open_channel(receipts=receipt_of)
    kept["01h9sent"] = await deliver(channel, text="Coming?")

    changed = await deliver(channel, edit="01h9sent", text="Thanks")
    anew = await deliver(channel, edit="01h9never", text="Hello")

    assert (changed, anew["message_id"]) == ({"message_id": 1, "chat_id": 7, "edited": True}, 2)
    assert [edit.text for edit in telegram.edits] == ["Thanks"]


async def test_a_change_that_is_refused_is_told_and_may_be_made_again(
    telegram: FakeTelegram, open_channel: Any
) -> None:
    telegram.refusals[7] = Refusal(502, "Bad Gateway")

    with pytest.raises(DeliveryFailed) as failed:
        await deliver(open_channel(), edit=1, text="Thanks")

    assert (failed.value.permanent, failed.value.uncertain) == (False, False)
