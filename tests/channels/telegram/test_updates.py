"""Updates of every kind, and of none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from onebox.channels.telegram.trigger import telegram_trigger
from onebox.channels.telegram.updates import EVENT_NAMES, KINDS, post_of, unreadable
from onebox.kernel.encoding import dump, load

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ANA = {"id": 7, "is_bot": False, "first_name": "Ana", "last_name": "Lima", "username": "ana", "language_code": "pt"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Ana"}
GROUP = {"id": -100, "type": "supergroup", "title": "Desk"}
MESSAGE = {"message_id": 5, "date": 1_790_000_000, "from": ANA, "chat": PRIVATE}


def post(update: Any) -> Any:
    return post_of(update, "telegram/main", NOON)


def event(**update: Any) -> dict[str, Any]:
    return dict(post({"update_id": 1, **update}).data)


def message(**parts: Any) -> dict[str, Any]:
    return event(message={**MESSAGE, **parts})


def test_of_a_picture_the_largest_size_comes_with_its_words() -> None:
    sizes = [
        {"file_id": "S", "width": 90, "height": 60, "file_size": 1000},
        {"file_id": "L", "width": 1280, "height": 853, "file_size": 90_000},
        {"file_id": "M", "width": 320, "height": 213},
    ]

    seen = message(photo=sizes, caption="My hair")

    assert seen["text"] == "My hair"
    assert seen["media"] == [
        {"kind": "photo", "id": "L", "account": "telegram/main", "name": None, "type": "image/jpeg", "size": 90_000}
    ]


@pytest.mark.parametrize(
    ("field", "file", "kind", "type_"),
    [
        ("document", {"file_name": "cv.pdf", "mime_type": "application/pdf"}, "document", "application/pdf"),
        ("video", {}, "video", "video/mp4"),
        ("audio", {"mime_type": "audio/flac"}, "audio", "audio/flac"),
        ("voice", {}, "voice", "audio/ogg"),
        ("video_note", {}, "video", "video/mp4"),
        ("sticker", {}, "document", "image/webp"),
    ],
)
def test_files_are_media(field: str, file: dict[str, Any], kind: str, type_: str) -> None:
    [seen] = message(**{field: {"file_id": "F", "file_size": 5, **file}})["media"]

    assert (seen["kind"], seen["type"], seen["name"], seen["size"]) == (kind, type_, file.get("file_name"), 5)


def test_what_moves_is_one_document() -> None:
    moving = {"file_id": "F", "mime_type": "video/mp4"}

    assert [one["kind"] for one in message(animation=moving, document=moving)["media"]] == ["document"]


def test_places_and_their_names() -> None:
    point = {"latitude": 52.5, "longitude": 13}

    assert message(location=point)["location"] == {**point, "name": None, "address": None}
    assert message(venue={"location": point, "title": "Salon", "address": "1 Main St"}, location=point)["location"] == {
        **point,
        "name": "Salon",
        "address": "1 Main St",
    }


def test_a_number_is_the_senders_own_only_if_telegram_says_so() -> None:
    own = message(contact={"phone_number": "+4930123", "first_name": "Ana", "user_id": 7})
    of_another = message(contact={"phone_number": "+4930999", "first_name": "Bo", "user_id": 8})

    assert own["contact"] == {"name": "Ana", "phone": "+4930123", "user_id": 7}
    assert (own["sender"]["phone"], of_another["sender"]["phone"]) == ("+4930123", None)
    assert of_another["contact"]["phone"] == "+4930999"


def test_a_payment_is_a_message_that_is_never_dropped() -> None:
    paid = {
        "currency": "EUR",
        "total_amount": 1250,
        "invoice_payload": "booking-17",
        "telegram_payment_charge_id": "t1",
        "provider_payment_charge_id": "p1",
    }
    made = post({"update_id": 1, "message": {**MESSAGE, "successful_payment": paid}})

    assert made.protected
    assert made.data["kind"] == "message"
    assert made.data["payment"] == {
        "payload": "booking-17",
        "currency": "EUR",
        "amount": 1250,
        "id": "t1",
        "provider_id": "p1",
        "refunded": False,
        "order": None,
    }
    assert message(refunded_payment=paid)["payment"]["refunded"] is True


@pytest.mark.parametrize("kind", ["pre_checkout_query", "shipping_query"])
def test_what_must_be_answered_for_a_payment_has_its_number(kind: str) -> None:
    made = post({"update_id": 1, kind: {"id": "q1", "from": ANA, "invoice_payload": "booking-17"}})

    assert (made.data["checkout"], made.data["payment"]["payload"]) == ("q1", "booking-17")
    assert (made.chat, made.sender, made.protected, made.press) == ("7", "7", True, None)
    assert made.data["sender"]["id"] == 7


def test_a_press_brings_the_choice() -> None:
    press = {"id": "c1", "from": ANA, "message": {"message_id": 4, "date": 1, "chat": GROUP}, "data": "yes"}

    made = post({"update_id": 1, "callback_query": press})

    seen = made.data
    assert (seen["choice"], seen["pressed"], seen["data"], seen["text"]) == ("yes", True, "yes", "yes")
    assert (seen["message_id"], seen["callback_id"], seen["at"]) == (4, "c1", NOON)
    assert (made.chat, made.sender, made.press, made.protected) == ("-100", "7", "c1", True)


def test_an_answer_says_to_what() -> None:
    seen = message(text="Yes", reply_to_message={"message_id": 3, "date": 1, "chat": PRIVATE})

    assert (seen["reply_to"], seen["choice"], seen["pressed"]) == (3, None, False)
    assert (seen["sender"]["name"], seen["sender"]["language"], seen["chat"]["type"]) == ("Ana Lima", "pt", "private")


def test_a_changed_message_is_of_when_it_was_changed() -> None:
    seen = event(edited_message={**MESSAGE, "text": "Yes!", "edit_date": 1_790_000_060})

    assert (seen["kind"], seen["text"], seen["at"].timestamp()) == ("edited_message", "Yes!", 1_790_000_060)


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        ({"status": "kicked"}, True),
        ({"status": "left"}, True),
        ({"status": "member"}, False),
        ({"status": "administrator"}, False),
        ({"status": "restricted", "is_member": False}, True),
        ({"status": "restricted", "is_member": True}, False),
        ({}, None),
    ],
)
def test_who_blocks_the_bot_is_gone(status: dict[str, Any], gone: bool | None) -> None:  # noqa: FBT001
    change = {"chat": GROUP, "from": ANA, "date": 1, "new_chat_member": {"user": {"id": 99}, **status}}

    made = post({"update_id": 1, "my_chat_member": change})

    assert (made.gone, made.chat, made.protected) == (gone, "-100", True)
    assert made.sender == ("7" if gone is None else "-100")  # Ana took it out, and is not gone


@pytest.mark.parametrize(
    ("kind", "part", "chat", "text"),
    [
        (
            "channel_post",
            {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "channel"}, "text": "news"},
            "-1",
            "news",
        ),
        ("inline_query", {"id": "1", "from": ANA, "query": "cut"}, "7", "cut"),
        ("poll", {"id": "1", "question": "When?", "options": []}, "poll", "When?"),
        ("poll_answer", {"poll_id": "1", "user": ANA, "option_ids": [0]}, "7", ""),
        ("chat_member", {"chat": GROUP, "from": ANA, "date": 1, "new_chat_member": {"status": "left"}}, "-100", ""),
        ("chat_join_request", {"chat": GROUP, "from": ANA, "date": 1}, "-100", ""),
        (
            "message_reaction",
            {
                "chat": GROUP,
                "user": ANA,
                "message_id": 4,
                "date": 1,
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            },
            "-100",
            "👍",
        ),
        ("message_reaction_count", {"chat": GROUP, "message_id": 4, "date": 1}, "-100", ""),
        ("chat_boost", {"chat": GROUP, "boost": {}}, "-100", ""),
    ],
)
def test_every_other_kind_is_one_event(kind: str, part: dict[str, Any], chat: str, text: str) -> None:
    made = post({"update_id": 1, kind: part})

    assert (made.data["kind"], made.chat, made.data["text"], made.gone) == (kind, chat, text, None)


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (None, "it has no update_id"),
        ([], "it has no update_id"),
        ({"update_id": "1", "message": MESSAGE}, "it has no update_id"),
        ({"update_id": True, "message": MESSAGE}, "it has no update_id"),
        ({"update_id": 2**63, "message": MESSAGE}, "it has no update_id"),
        ({"update_id": 1}, "it has none of the parts that this box knows, but nothing"),
        ({"update_id": 1, "stars": {}}, "it has none of the parts that this box knows, but stars"),
        ({"update_id": 1, "message": "hi"}, "its message is no object"),
        ({"update_id": 1, "message": {"from": ANA, "chat": {"id": "7"}}}, "the chat of its message has no id that is"),
        ({"update_id": 1, "message": {"from": {"id": 7.5}, "chat": PRIVATE}}, "the person of its message has no id"),
        ({"update_id": 1, "callback_query": {"from": ANA, "data": "x"}}, "its callback_query has no id by which"),
        ({"update_id": 1, "callback_query": {"id": "c1"}}, "its callback_query does not say whose it is"),
        ({"update_id": 1, "pre_checkout_query": {"id": 4, "from": ANA}}, "its pre_checkout_query has no id by which"),
    ],
)
def test_what_cannot_be_read_is_kept_with_the_reason(update: Any, reason: str) -> None:
    made, again = post(update), post(update)

    assert made.data["kind"] == "unusable"
    assert made.data["reason"].startswith(reason)
    assert made.key == again.key
    assert made.data["update"] == (update if isinstance(update, dict) else {"raw": "null" if update is None else "[]"})
    assert (made.sender, made.press, made.gone) == (None, None, None)


def test_a_body_that_is_no_json_is_kept_once() -> None:
    made = [unreadable(body, "telegram/main", NOON, "invalid JSON") for body in (b"\xff{", b"\xff{", b"{")]

    assert made[0].key == made[1].key != made[2].key
    assert made[0].data["update"] == {"raw": "\ufffd{"}


def test_an_example_of_a_press_may_be_said_as_a_choice() -> None:
    kind = telegram_trigger()

    made = kind.example(kind.settings.model_validate({}), {"choice": "yes"}, NOON)

    assert (made["kind"], made["choice"], made["data"], made["pressed"]) == ("callback_query", "yes", "yes", True)


# --- whatever comes

ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NUMBER = some.integers(-(2**65), 2**65)


def perhaps(**fields: some.SearchStrategy[Any]) -> some.SearchStrategy[dict[str, Any]]:
    """A mapping in which each field is there or not, and is now and then something else."""
    return some.fixed_dictionaries({}, optional={name: one | ANYTHING for name, one in fields.items()})


PEOPLE = perhaps(id=NUMBER, first_name=some.text(), last_name=some.text(), username=some.text())
CHATS = perhaps(id=NUMBER, type=some.sampled_from(["private", "group", "supergroup", "channel"]), title=some.text())
FILES = perhaps(file_id=some.text(), file_size=NUMBER, mime_type=some.text(), width=NUMBER, height=NUMBER)
POINTS = perhaps(latitude=some.floats(), longitude=some.floats())
MONEY = perhaps(currency=some.text(), total_amount=NUMBER, invoice_payload=some.text(), order_info=ANYTHING)
MESSAGES = perhaps(
    **{"from": PEOPLE},
    message_id=NUMBER,
    date=NUMBER,
    edit_date=some.integers(),
    chat=CHATS,
    text=some.text(),
    caption=some.text(),
    photo=some.lists(FILES, max_size=3),
    document=FILES,
    voice=FILES,
    location=POINTS,
    venue=perhaps(location=POINTS, title=some.text()),
    contact=perhaps(phone_number=some.text(), user_id=NUMBER, first_name=some.text()),
    reply_to_message=perhaps(message_id=NUMBER),
    successful_payment=MONEY,
    new_chat_member=perhaps(status=some.text(), is_member=some.booleans()),
    new_reaction=some.lists(perhaps(emoji=some.text()), max_size=3),
    user=PEOPLE,
)
QUERIES = perhaps(**{"from": PEOPLE}, id=some.text(), data=some.text(), message=MESSAGES, invoice_payload=some.text())
PARTS = some.one_of(MESSAGES, QUERIES, ANYTHING)
UPDATES = some.builds(
    lambda number, parts: {"update_id": number, **parts},
    NUMBER | ANYTHING,
    some.dictionaries(some.sampled_from([*KINDS, "news"]), PARTS, max_size=2),
)


@settings(max_examples=120, deadline=None)
@given(UPDATES | ANYTHING)
def test_whatever_comes_is_an_event_that_can_be_kept(update: Any) -> None:
    made = post(update)

    data = dict(made.data)
    assert load(dump(data)) == data
    assert data.keys() | {"conversation"} == set(EVENT_NAMES)
    assert (data["reason"] is None) == (data["kind"] in KINDS)
    assert isinstance(made.chat, str)
    assert isinstance(made.key, str)
    assert isinstance(made.sender, str | None)
    assert isinstance(data["text"], str)
    for number in (data["sender"]["id"], data["chat"]["id"], data["message_id"], data["reply_to"]):
        assert number is None or -(2**63) <= number < 2**63
    if data["kind"] == "callback_query":
        assert (made.press, made.protected) == (data["callback_id"], True)
