"""The methods of the sandbox's Bot API: what they give, and in which words they refuse."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from tests.support.sandbox_client import BotClient

from onebox.sandbox.acting import CannotAct
from onebox.sandbox.telegram.flood import Flood
from onebox.sandbox.telegram.sandbox import TelegramSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PNG = b"\x89PNG\r\n rest"


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(latency=0, flood=Flood(on=False)) as telegram:
        telegram.person(7, started=True)
        yield telegram


@pytest.fixture
async def bot(telegram: TelegramSandbox) -> AsyncIterator[BotClient]:
    async with BotClient(telegram) as bot:
        yield bot


async def test_arguments_come_by_address_form_parts_or_json(telegram: TelegramSandbox, bot: BotClient) -> None:
    where = f"{bot.base}/SENDmessage"
    parts = aiohttp.FormData({"chat_id": "7"}, default_to_multipart=True)
    parts.add_field("text", "by parts")
    for call in (
        bot.session.get(where, params={"chat_id": "7", "text": "by address"}),
        bot.session.post(where, data={"chat_id": "7", "text": "by form"}),
        bot.session.post(where, data=parts),
        bot.session.post(f"{where}?text=by+both", json={"chat_id": 7}),
    ):
        async with call as answer:
            assert answer.status == 200

    assert telegram.texts(7) == ["by address", "by form", "by parts", "by both"]


@pytest.mark.parametrize("token", ["1", "x:y", "0:y", "1:sp ace"])
async def test_a_token_of_the_wrong_shape_is_refused(telegram: TelegramSandbox, token: str) -> None:
    async with BotClient(telegram, token) as stranger:
        assert await stranger.refusal("getMe") == "401 Unauthorized"


async def test_a_bots_token_is_the_first_that_was_seen(telegram: TelegramSandbox, bot: BotClient) -> None:
    await bot.result("getMe")
    async with BotClient(telegram, "1000001:other") as thief:
        assert await thief.refusal("getMe") == "401 Unauthorized"


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("sendPigeon", {}, "404 Not Found"),
        ("sendMessage", {"text": "x"}, "400 Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": 8, "text": "x"}, "400 Bad Request: chat not found"),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, "400 Bad Request: chat not found"),
        ("sendMessage", {"chat_id": 7}, "400 Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": 7, "text": " \n"}, "400 Bad Request: text must be non-empty"),
        ("sendMessage", {"chat_id": 7, "text": "😀" * 2049}, "400 Bad Request: message is too long"),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": "{"}, "400 Bad Request: can't parse reply keyboard markup JSON object"),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": []}, "400 Bad Request: object expected as reply markup"),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_parameters": {"message_id": 99}}, "400 Bad Request: message to be replied not found"),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": {"inline_keyboard": [7]}}, '400 Bad Request: field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'),
        ("sendPhoto", {"chat_id": 7}, "400 Bad Request: there is no photo in the request"),
        ("sendPhoto", {"chat_id": 7, "photo": "no-such-id"}, "400 Bad Request: wrong remote file identifier specified: Wrong string length"),
        ("sendDocument", {"chat_id": 7, "document": "https://a.example/x.pdf", "caption": "x" * 1025}, "400 Bad Request: message caption is too long"),
        ("sendMediaGroup", {"chat_id": 7, "media": "x"}, "400 Bad Request: can't parse media JSON object"),
        ("sendLocation", {"chat_id": 7, "latitude": 91, "longitude": 1}, "400 Bad Request: wrong latitude specified"),
        ("sendChatAction", {"chat_id": 7, "action": "dancing"}, "400 Bad Request: wrong parameter action in request"),
        ("editMessageText", {"chat_id": 7, "message_id": 99, "text": "x"}, "400 Bad Request: message to edit not found"),
        ("deleteMessage", {"chat_id": 7, "message_id": 99}, "400 Bad Request: message to delete not found"),
        ("getFile", {"file_id": "x"}, "400 Bad Request: invalid file_id"),
        ("answerCallbackQuery", {"callback_query_id": "1"}, "400 Bad Request: query is too old and response timeout expired or query ID is invalid"),
        ("answerPreCheckoutQuery", {"pre_checkout_query_id": "1", "ok": True}, "400 Bad Request: query is too old and response timeout expired or query ID is invalid"),
        ("sendInvoice", {"chat_id": 7, "title": "T", "description": "D", "payload": "p", "currency": "EUR", "prices": [{"label": "L", "amount": 1}]}, "400 Bad Request: PAYMENT_PROVIDER_INVALID"),
        ("setMyCommands", {"commands": [{"command": "Start!", "description": "x"}]}, "400 Bad Request: BOT_COMMAND_INVALID"),
        ("setMessageReaction", {"chat_id": 7, "message_id": 99}, "400 Bad Request: message to react not found"),
        ("forwardMessage", {"chat_id": 7, "from_chat_id": 7, "message_id": 99}, "400 Bad Request: message to forward not found"),
        ("leaveChat", {"chat_id": 7}, "400 Bad Request: chat member status can't be changed in private chats"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_refused_in_telegrams_words(
    bot: BotClient, method: str, arguments: dict[str, Any], expected: str
) -> None:
    assert await bot.refusal(method, **arguments) == expected


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ({"text": "Yes", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "Yes", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "Yes"}, "text buttons are unallowed in the inline keyboard"),
        ({"text": "Yes", "url": "no"}, "inline keyboard button URL 'no' is invalid: Wrong HTTP URL"),
        ({"callback_data": "y"}, "can't parse inline keyboard button: Can't find field \"text\""),
    ],
)
async def test_buttons_are_checked(bot: BotClient, button: dict[str, str], expected: str) -> None:
    markup = {"inline_keyboard": [[button]]}

    assert await bot.refusal("sendMessage", chat_id=7, text="x", reply_markup=markup) == f"400 Bad Request: {expected}"


async def test_a_message_is_edited_once_and_deleted(telegram: TelegramSandbox, bot: BotClient) -> None:
    sent = await bot.result("sendMessage", chat_id=7, text="one")
    where = {"chat_id": 7, "message_id": sent["message_id"]}
    edited = await bot.result("editMessageText", **where, text="<b>two</b>", parse_mode="HTML")

    assert (edited["text"], edited["message_id"]) == ("two", sent["message_id"])
    assert "edit_date" in edited
    assert await bot.refusal("editMessageText", **where, text="<b>two</b>", parse_mode="HTML") == (
        "400 Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    assert telegram.texts(7) == ["one"]
    assert telegram.talk.lines[0].text == "two"
    assert await bot.result("deleteMessage", **where) is True
    assert telegram.talk.lines[0].gone


async def test_a_text_becomes_a_picture_and_the_picture_a_document(telegram: TelegramSandbox, bot: BotClient) -> None:
    sent = await bot.result(
        "sendMessage", chat_id=7, text="one", reply_parameters={"message_id": 9, "allow_sending_without_reply": True}
    )
    where = {"chat_id": 7, "message_id": sent["message_id"]}
    form = aiohttp.FormData({name: str(value) for name, value in where.items()})
    form.add_field(
        "media", json.dumps({"type": "photo", "media": "attach://cut", "caption": "<i>two</i>", "parse_mode": "HTML"})
    )
    form.add_field("cut", PNG, filename="cut.png", content_type="image/png")
    async with bot.session.post(f"{bot.base}/editMessageMedia", data=form) as answer:
        picture = (await answer.json())["result"]
    pdf = {"type": "document", "media": "https://a.example/prices.pdf"}
    document = await bot.result("editMessageMedia", **where, media=pdf)
    again = {"type": "document", "media": document["document"]["file_id"]}

    assert (picture["caption"], picture["photo"][-1]["file_size"]) == ("two", len(PNG))
    assert {"text", "reply_markup"} & picture.keys() == set()
    assert {"photo", "caption", "caption_entities"} & document.keys() == set()
    assert (document["message_id"], document["document"]["file_name"]) == (sent["message_id"], "prices.pdf")
    assert (await bot.refusal("editMessageMedia", **where, media=again)).startswith(
        "400 Bad Request: message is not modified"
    )
    assert [one.method for one in telegram.sent] == ["sendMessage", "editMessageMedia", "editMessageMedia"]
    assert telegram.talk.lines[0].media_kind == "document"


PHOTO = {"type": "photo", "media": "https://a.example/1.jpg"}


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (None, "can't parse input media JSON object"),
        ([PHOTO], "can't parse input media JSON object"),
        ({"type": "photo"}, "can't parse InputMedia: media not found"),
        ({**PHOTO, "type": "voice"}, "can't parse InputMedia: type must be one of animation, audio, document, photo, video"),
        ({**PHOTO, "type": ["photo"]}, "can't parse InputMedia: type must be one of animation, audio, document, photo, video"),
        ({**PHOTO, "media": "attach://nothing"}, "there is no photo in the request"),
        ({**PHOTO, "caption": "<b>open", "parse_mode": "HTML"}, "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
    ],
)  # fmt: skip
async def test_another_file_is_checked(bot: BotClient, media: Any, expected: str) -> None:
    sent = await bot.result("sendMessage", chat_id=7, text="one")
    where = {"chat_id": 7, "message_id": sent["message_id"]}

    assert await bot.refusal("editMessageMedia", **where, media=media) == f"400 Bad Request: {expected}"


async def test_what_cannot_become_a_file_does_not(bot: BotClient) -> None:
    place = await bot.result("sendLocation", chat_id=7, latitude=1, longitude=2)
    photos = await bot.result("sendMediaGroup", chat_id=7, media=[PHOTO, PHOTO])

    async def refusal(message: dict[str, Any], kind: str) -> str:
        where = {"chat_id": 7, "message_id": message["message_id"]}
        return await bot.refusal("editMessageMedia", **where, media={**PHOTO, "type": kind})

    assert await refusal({"message_id": 99}, "photo") == "400 Bad Request: message to edit not found"
    assert await refusal(place, "photo") == "400 Bad Request: message media can't be edited"
    assert await refusal(photos[0], "document") == "400 Bad Request: can't change media type in the album"
    assert await refusal(photos[0], "animation") == "400 Bad Request: message content type can't be used in an album"
    video = {"chat_id": 7, "message_id": photos[0]["message_id"], "media": {**PHOTO, "type": "video"}}
    assert "video" in await bot.result("editMessageMedia", **video)


async def test_a_persons_message_cannot_be_edited_by_the_bot(telegram: TelegramSandbox, bot: BotClient) -> None:
    written = await telegram.write("mine", person=7)

    assert await bot.refusal("editMessageText", chat_id=7, message_id=written["message_id"], text="x") == (
        "400 Bad Request: message can't be edited"
    )


async def test_a_photo_goes_up_is_sent_again_by_its_id_and_comes_down(
    telegram: TelegramSandbox, bot: BotClient
) -> None:
    form = aiohttp.FormData({"chat_id": "7", "caption": "<i>Look</i>", "parse_mode": "HTML"})
    form.add_field("photo", PNG, filename="a.png", content_type="image/png")
    async with bot.session.post(f"{bot.base}/sendPhoto", data=form) as answer:
        sent = (await answer.json())["result"]
    photo = sent["photo"][-1]["file_id"]
    await bot.result("sendPhoto", chat_id=7, photo=photo)
    told = await bot.result("getFile", file_id=photo)
    async with bot.session.get(f"{telegram.url}/file/bot{telegram.token}/{told['file_path']}") as answer:
        content = await answer.read()

    assert (sent["caption"], sent["caption_entities"]) == ("Look", [{"type": "italic", "offset": 0, "length": 4}])
    assert (content, told["file_size"]) == (PNG, len(PNG))
    assert await bot.refusal("sendVideo", chat_id=7, video=photo) == (
        "400 Bad Request: can't use file of type Photo as Video"
    )


async def test_an_album_is_sent_whole(telegram: TelegramSandbox, bot: BotClient) -> None:
    form = aiohttp.FormData({"chat_id": "7"})
    media = [{"type": "photo", "media": "attach://one", "caption": "First"}, {"type": "photo", "media": "attach://two"}]
    form.add_field("media", json.dumps(media))
    for name in ("one", "two"):
        form.add_field(name, PNG, filename=f"{name}.png", content_type="image/png")
    async with bot.session.post(f"{bot.base}/sendMediaGroup", data=form) as answer:
        sent = (await answer.json())["result"]

    assert sent[0]["media_group_id"] == sent[1]["media_group_id"]
    assert telegram.texts(7) == ["First", ""]


async def test_a_file_that_is_too_big_cannot_be_fetched(telegram: TelegramSandbox, bot: BotClient) -> None:
    written = await telegram.attach(bytes(20 * 1024 * 1024 + 1), kind="document", name="big.bin", person=7)

    assert await bot.refusal("getFile", file_id=written["document"]["file_id"]) == "400 Bad Request: file is too big"


async def test_what_is_no_picture_is_no_photo(bot: BotClient) -> None:
    form = aiohttp.FormData({"chat_id": "7"})
    form.add_field("photo", b"text", filename="a.png", content_type="image/png")
    async with bot.session.post(f"{bot.base}/sendPhoto", data=form) as answer:
        assert (await answer.json())["description"] == "Bad Request: IMAGE_PROCESS_FAILED"


async def test_who_blocks_or_is_gone_is_not_written_to(telegram: TelegramSandbox, bot: BotClient) -> None:
    await telegram.block(person=7)
    blocked = await bot.refusal("sendMessage", chat_id=7, text="x")
    await telegram.unblock(person=7)
    await bot.result("sendMessage", chat_id=7, text="x")
    await telegram.deactivate(person=7)
    gone = await bot.refusal("sendMessage", chat_id=7, text="x")
    changes = [update["my_chat_member"]["new_chat_member"]["status"] for update in await bot.result("getUpdates")]

    assert blocked == "403 Forbidden: bot was blocked by the user"
    assert gone == "403 Forbidden: user is deactivated"
    assert changes == ["kicked", "member"]


async def test_a_group_that_moved_says_where_to(telegram: TelegramSandbox, bot: BotClient) -> None:
    telegram.group(-5, "Olives")
    await telegram.write("Hello all", person=7, chat=-5)
    new = await telegram.upgrade(-5)
    refused = await bot("sendMessage", chat_id=-5, text="x")
    said, _, came = [update["message"] for update in await bot.result("getUpdates")]

    assert refused["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert refused["parameters"] == {"migrate_to_chat_id": new}
    assert (said["text"], came["migrate_from_chat_id"]) == ("Hello all", -5)
    await bot.result("sendMessage", chat_id=new, text="x")
    await bot.result("leaveChat", chat_id=new)
    assert await bot.refusal("sendMessage", chat_id=new, text="x") == (
        "403 Forbidden: bot was kicked from the supergroup chat"
    )


async def test_a_press_is_answered_in_time_or_never(telegram: TelegramSandbox, bot: BotClient) -> None:
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    await bot.result("sendMessage", chat_id=7, text="Well?", reply_markup=markup)
    query = await telegram.press("Yes", person=7)
    await bot.result("answerCallbackQuery", callback_query_id=query.id, text="Noted")
    late = await telegram.press("yes", person=7)
    telegram.time.forward(151)

    assert (await query.answer)["text"] == "Noted"
    assert len(telegram.stats()["answered_after"]) == 1
    assert await bot.refusal("answerCallbackQuery", callback_query_id=late.id) == (
        "400 Bad Request: query is too old and response timeout expired or query ID is invalid"
    )
    with pytest.raises(CannotAct, match="there is no button 'No' in chat 7; there are Yes"):
        await telegram.press("No", person=7)


async def test_an_invoice_is_paid_after_the_bot_agreed(telegram: TelegramSandbox, bot: BotClient) -> None:
    invoice = {
        "title": "Soap", "description": "Olive soap", "payload": "order-7", "currency": "EUR", "provider_token": "t",
        "prices": [{"label": "Soap", "amount": 120}], "is_flexible": True,
    }  # fmt: skip
    await bot.result("sendInvoice", chat_id=7, **invoice)
    paying = asyncio.create_task(telegram.pay(person=7))
    [asked] = await bot.result("getUpdates", timeout=5)
    options = [{"id": "post", "title": "Post", "prices": [{"label": "Post", "amount": 5}]}]
    shipping = asked["shipping_query"]
    await bot.result("answerShippingQuery", shipping_query_id=shipping["id"], ok=True, shipping_options=options)
    [asked] = await bot.result("getUpdates", offset=asked["update_id"] + 1, timeout=5)
    checkout = asked["pre_checkout_query"]
    await bot.result("answerPreCheckoutQuery", pre_checkout_query_id=checkout["id"], ok=True)
    paid = await paying
    [told] = await bot.result("getUpdates", offset=asked["update_id"] + 1, timeout=5)

    assert (checkout["total_amount"], checkout["invoice_payload"]) == (120, "order-7")
    assert paid == {"paid": True, "reason": ""}
    assert told["message"]["successful_payment"]["invoice_payload"] == "order-7"


async def test_an_invoice_that_the_bot_refuses_is_not_paid(telegram: TelegramSandbox, bot: BotClient) -> None:
    invoice = {"title": "Soap", "description": "Olive soap", "payload": "p", "currency": "XTR"}
    await bot.result("sendInvoice", chat_id=7, **invoice, prices=[{"label": "Soap", "amount": 1}])
    paying = asyncio.create_task(telegram.pay(person=7))
    [asked] = await bot.result("getUpdates", timeout=5)
    which = asked["pre_checkout_query"]["id"]
    await bot.result("answerPreCheckoutQuery", pre_checkout_query_id=which, ok=False, error_message="sold out")

    assert await paying == {"paid": False, "reason": "sold out"}


async def test_copies_and_forwards(telegram: TelegramSandbox, bot: BotClient) -> None:
    written = await telegram.write("Look at this", person=7)
    telegram.person(8, started=True)
    source = {"from_chat_id": 7, "message_id": written["message_id"]}
    await bot.result("copyMessage", chat_id=8, **source)
    forwarded = await bot.result("forwardMessage", chat_id=8, **source)

    assert telegram.texts(8) == ["Look at this", "Look at this"]
    assert forwarded["forward_origin"]["sender_user"]["id"] == 7


async def test_commands_and_members_are_told(telegram: TelegramSandbox, bot: BotClient) -> None:
    commands = [{"command": "start", "description": "Begin"}]
    await bot.result("setMyCommands", commands=commands)
    telegram.group(-5, "Olives")
    await telegram.join(-5, person=7)

    assert await bot.result("getMyCommands") == commands
    assert (await bot.result("getChat", chat_id=-5))["title"] == "Olives"
    assert (await bot.result("getChatMember", chat_id=-5, user_id=7))["status"] == "member"
    await telegram.leave(-5, person=7)
    assert (await bot.result("getChatMember", chat_id=-5, user_id=7))["status"] == "left"


async def test_what_a_keyboard_asks_for_is_shown_as_choices(telegram: TelegramSandbox, bot: BotClient) -> None:
    keyboard = {"keyboard": [["Open?"], [{"text": "My number", "request_contact": True}]], "resize_keyboard": True}
    sent = await bot.result("sendMessage", chat_id=7, text="Well?", reply_markup=keyboard)
    await telegram.share_contact(person=7)
    await telegram.locate(40.4, -3.7, person=7)
    contact, place = [update["message"] for update in await bot.result("getUpdates")]

    assert "reply_markup" not in sent
    assert [(choice.kind, choice.label) for choice in telegram.talk.lines[0].choices] == [
        ("text", "Open?"), ("contact", "My number"),
    ]  # fmt: skip
    assert contact["contact"]["user_id"] == 7
    assert place["location"] == {"latitude": 40.4, "longitude": -3.7}
