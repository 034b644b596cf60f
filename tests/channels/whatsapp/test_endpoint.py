"""What Meta calls with: all of it is stored, once, or refused; nothing of it breaks anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.channels.messages import NOW, StoppedClock
from tests.channels.whatsapp.conftest import ACCOUNT
from tests.support.whatsapp import (
    ANA,
    ANA_ID,
    APP_SECRET,
    NUMBER,
    VERIFY_TOKEN,
    body,
    call,
    message,
    signature,
    status,
    value,
)

from onebox.channels.whatsapp.endpoint import WhatsappEndpoint
from onebox.kernel.encoding import dump, load
from onebox.kernel.ledger import StorageFull
from onebox.messaging.endpoint import Called, Reply
from onebox.messaging.message import NoteStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.kernel.ledger import Change
    from onebox.messaging.chat import Post
    from onebox.messaging.event import Stored


class Desk:
    """Keeps what is handed in, a post of one key once."""

    def __init__(self) -> None:
        self.posts: dict[str | None, Post] = {}
        self.statuses: list[Any] = []
        self.units = 0
        self.full = False

    async def receive(self, posts: Sequence[Post], then: Sequence[Change[Any]] = ()) -> list[Stored]:
        if self.full:
            raise StorageFull("the disk is full")
        self.units += 1
        self.statuses += then
        for post in posts:
            self.posts.setdefault(post.key, post)
        return []

    @property
    def events(self) -> list[Mapping[str, Any]]:
        return [post.data for post in self.posts.values()]

    @property
    def event(self) -> Mapping[str, Any]:
        [event] = self.events
        return event


def endpoint_of(desk: Desk, **more: Any) -> WhatsappEndpoint:
    known = {"account": ACCOUNT, "numbers": {NUMBER: ACCOUNT}, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
    return WhatsappEndpoint(**{**known, "reception": desk, "clock": StoppedClock(), **more})


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def endpoint(desk: Desk) -> WhatsappEndpoint:
    return endpoint_of(desk)


async def told(desk: Desk, *parts: Any, **more: Any) -> Mapping[str, Any]:
    """The event of one message."""
    assert (await endpoint_of(desk)(call(body(value(messages=list(parts), **more))))).status == 200
    return desk.event


# --- the first call


def asked(query: str) -> Called:
    return Called("GET", "", query, {}, b"", "203.0.113.7")


async def test_meta_is_given_its_challenge_back(endpoint: WhatsappEndpoint) -> None:
    query = f"hub.mode=subscribe&hub.challenge=11%3C58&hub.verify_token={VERIFY_TOKEN}"
    reply = await endpoint(asked(query))

    assert (reply.status, reply.body) == (200, b"11<58")
    assert reply.headers == {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1158",
        "hub.mode=subscribe&hub.challenge=1158&hub.verify_token=other",
        "hub.mode=subscribe&hub.challenge=1158&hub.verify_token=%ff%00",
        f"hub.mode=unsubscribe&hub.challenge=1158&hub.verify_token={VERIFY_TOKEN}",
        f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}",
        f"hub.mode=subscribe&hub.challenge=1158&hub.verify_token={VERIFY_TOKEN}&hub.verify_token={VERIFY_TOKEN}",
        f"hub.mode=subscribe&hub.challenge=1158&hub.verify_token={VERIFY_TOKEN}" + "&a=b" * 30,
    ],
)
async def test_who_does_not_know_the_word_is_refused(query: str, endpoint: WhatsappEndpoint) -> None:
    reply = await endpoint(asked(query))

    assert (reply.status, b"1158" in reply.body) == (403, False)


async def test_other_methods_are_told_which_there_are(endpoint: WhatsappEndpoint) -> None:
    reply = await endpoint(Called("PUT", "", "", {}, b"", "203.0.113.7"))

    assert (reply.status, reply.headers["Allow"]) == (405, "GET, POST")


# --- signatures


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha1=" + "0" * 40,
        signature(b"other"),
        signature(json.dumps(body()).encode(), "another secret"),
        signature(json.dumps(body()).encode()).upper(),
        signature(json.dumps(body()).encode()).removeprefix("sha256="),
        f"{signature(json.dumps(body()).encode())}, {signature(json.dumps(body()).encode())}",
        " " + signature(json.dumps(body()).encode()),
        "sha256=é",
    ],
)
async def test_a_forged_call_is_refused_and_leaves_nothing(signed: str, desk: Desk) -> None:
    reply = await endpoint_of(desk)(call(body(), signed=signed))

    assert (reply.status, desk.units) == (401, 0)


async def test_the_signature_is_of_the_very_bytes(desk: Desk) -> None:
    """Meta escapes what is not ASCII in its own way."""
    raw = json.dumps(body(value(messages=[message(part={"body": "Grüße 🙂"})]))).replace("/", r"\/").encode()
    assert (await endpoint_of(desk)(call(raw))).status == 200
    assert desk.event["text"] == "Grüße 🙂"

    assert (await endpoint_of(desk)(call(raw + b" ", signed=signature(raw)))).status == 401


async def test_half_a_character_spoils_nothing(endpoint: WhatsappEndpoint, desk: Desk) -> None:
    """A name that was cut may end with one; what only looks like it stays."""
    cut = message(part={"body": "cut \ud83d, whole 🙂, \\ud83d"})
    await endpoint(call(body(value(messages=[cut, message(id="wamid.2")]))))

    assert [event["text"] for event in desk.events] == ["cut \ufffd, whole 🙂, \\ud83d", "Hello"]


async def test_a_call_that_comes_again_is_stored_once(endpoint: WhatsappEndpoint, desk: Desk) -> None:
    content = body(value(messages=[message(), "junk"], statuses=[status("sent")]))
    for _ in range(3):
        assert (await endpoint(call(content))).status == 200

    assert len(desk.posts) == 2


async def test_what_cannot_be_stored_is_not_acknowledged(endpoint: WhatsappEndpoint, desk: Desk) -> None:
    desk.full = True
    with pytest.raises(StorageFull):
        await endpoint(call(body(value(messages=[message()]))))


# --- bodies


async def test_every_entry_message_and_status_of_a_body_is_kept_in_one_unit(
    endpoint: WhatsappEndpoint, desk: Desk
) -> None:
    first = body(
        value(messages=[message(id="wamid.a"), message(id="wamid.b")]),
        value(messages=[message(id="wamid.c")], statuses=[status("sent"), status("read")]),
    )
    second = body(value(messages=[message(id="wamid.d")]), value(statuses=[status("failed", "wamid.2")]))
    both = {**first, "entry": first["entry"] + second["entry"]}

    assert await endpoint(call(both)) == Reply(200, b"", (await endpoint(call(body()))).headers)
    assert list(desk.posts) == ["wamid.a", "wamid.b", "wamid.c", "wamid.d"]
    assert [(one.message_id, one.status) for one in desk.statuses] == [
        ("wamid.1", "sent"),
        ("wamid.1", "read"),
        ("wamid.2", "failed"),
    ]
    assert desk.units == 1


async def test_a_status_tells_of_which_message_and_when(endpoint: WhatsappEndpoint, desk: Desk) -> None:
    errors = [{"code": 131026, "title": "Message undeliverable", "error_data": {"details": "Not on WhatsApp."}}]
    content = body(value(statuses=[status("delivered"), status("played"), status("failed", errors=errors)]))
    await endpoint(call(content))

    at = datetime.fromtimestamp(1790000001, UTC)
    why = (
        "WhatsApp tells of a failure (131026): Message undeliverable: Not on WhatsApp.; "
        "the number has no WhatsApp, an old one, or blocked the business"
    )
    assert desk.statuses == [
        NoteStatus(ACCOUNT, "wamid.1", "delivered", at),
        NoteStatus(ACCOUNT, "wamid.1", "read", at),
        NoteStatus(ACCOUNT, "wamid.1", "failed", at, why),
    ]


async def test_what_is_for_another_number_is_answered_and_told_once_an_hour(desk: Desk) -> None:
    class Clock(StoppedClock):
        at = NOW

        def now(self) -> datetime:
            return self.at

    clock = Clock()
    endpoint = endpoint_of(desk, clock=clock)
    content = body(value(messages=[message()], number="55555"), value(messages=[message(id="wamid.mine")]))
    with capture_logs() as logs:
        for _ in range(3):
            assert (await endpoint(call(content))).status == 200
        clock.at += timedelta(hours=1)
        await endpoint(call(content))

    assert list(desk.posts) == ["wamid.mine"]
    assert [line["event"] for line in logs] == ["for_another_number"] * 2


async def test_numbers_of_one_app_share_an_address(desk: Desk) -> None:
    endpoint = endpoint_of(desk, numbers={NUMBER: ACCOUNT, "55555": "whatsapp/second"})
    other = value(messages=[message(id="wamid.b"), 7], statuses=[status("sent")], number="55555")
    await endpoint(call(body(value(messages=[message(id="wamid.a")]), other)))

    assert [(post.account, post.data["sender"]["account"]) for post in desk.posts.values()] == [
        (ACCOUNT, ACCOUNT),
        ("whatsapp/second", "whatsapp/second"),
        (ACCOUNT, ACCOUNT),
    ]
    assert [one.account for one in desk.statuses] == ["whatsapp/second"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "invalid JSON"),
        (b"{", "invalid JSON"),
        (b"\xff", "invalid JSON"),
        (b"[" * 5000, "invalid JSON"),
        (b"[]", "it is no webhook of a WhatsApp business account"),
        (b'{"object": "page", "entry": []}', "it is no webhook of a WhatsApp business account"),
        (b'{"object": "whatsapp_business_account"}', "entry is no list"),
    ],
)
async def test_a_body_that_is_none_is_kept_with_its_reason(raw: bytes, reason: str, desk: Desk) -> None:
    assert (await endpoint_of(desk)(call(raw))).status == 200
    assert desk.event["kind"] == "unusable"
    assert reason in desk.event["reason"]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (None, "what stands in messages is no mapping"),
        ({}, "a message needs an id"),
        (message(id="x" * 257), "a message needs an id"),
        (message(id="a\0b"), "a message needs an id"),
        ({**message(), "type": None}, "a message needs a type"),
        ({**message(), "text": None}, "text is missing"),
        (message(part={"body": 7}), "text needs body"),
        (message("image", {"caption": "x"}), "image needs id"),
        (message("location", {"latitude": True, "longitude": 1}), "location needs latitude and longitude"),
        (message("contacts", []), "contacts holds nobody"),
        (message("reaction", {"emoji": "👍"}), "reaction needs message_id"),
        (message("edit", {"original_message_id": "wamid.0"}), "message is missing"),
        (message("interactive", {"button_reply": {"title": "Yes"}}), "button_reply needs id"),
        (message("interactive", {"nfm_reply": {"response_json": "{"}}), "nfm_reply.response_json is invalid JSON"),
        (message("interactive", {"nfm_reply": {"response_json": "[]"}}), "nfm_reply.response_json is no mapping"),
    ],
)
async def test_a_malformed_part_is_kept_with_its_reason_and_the_good_ones_too(
    part: Any, reason: str, desk: Desk
) -> None:
    good = message(id="wamid.good")
    await endpoint_of(desk)(call(body(value(messages=[part, good]))))

    bad, kept = desk.events
    assert (bad["kind"], kept["message_id"]) == ("unusable", "wamid.good")
    assert reason in bad["reason"]
    assert bad["update"] == {"part": part}


async def test_a_message_of_nobody_is_kept_with_its_reason(desk: Desk) -> None:
    sent = {key: part for key, part in message().items() if not key.startswith("from")}

    assert (await told(desk, sent, contacts=[]))["reason"] == (
        "a message needs the phone number or the user id of who wrote it"
    )


async def test_what_meta_says_of_the_account_is_told(endpoint: WhatsappEndpoint, desk: Desk) -> None:
    with capture_logs() as logs:
        await endpoint(call(body(value(errors=[{"code": 131031, "title": "Account locked"}]))))

    [line] = logs
    assert (line["event"], line["log_level"], desk.units) == ("account_troubled", "warning", 0)
    assert "(131031): Account locked; Meta locked the account" in line["why"]


async def test_other_fields_are_for_nobody_here(endpoint: WhatsappEndpoint, desk: Desk) -> None:
    content = body()
    content["entry"][0]["changes"] = [{"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}}]

    assert (await endpoint(call(content))).status == 200
    assert desk.units == 0


# --- messages


async def test_a_text_is_an_event_of_who_wrote_it(desk: Desk) -> None:
    event = await told(desk, message(context={"id": "wamid.1", "from": "1"}))
    sender = {
        "id": ANA,
        "user_id": ANA_ID,
        "name": "Ana",
        "username": "ana.example",
        "language": None,
        "phone": f"+{ANA}",
        "account": ACCOUNT,
    }

    assert {name: event[name] for name in ("kind", "type", "text", "message_id", "reply_to", "sender", "at")} == {
        "kind": "message",
        "type": "text",
        "text": "Hello",
        "message_id": "wamid.in.1",
        "reply_to": "wamid.1",
        "sender": sender,
        "at": datetime.fromtimestamp(1790000000, UTC),
    }
    [post] = desk.posts.values()
    assert (post.account, post.chat, post.sender, post.key) == (ACCOUNT, ANA, ANA_ID, "wamid.in.1")


@pytest.mark.parametrize(
    ("sent", "contact", "recipient", "person"),
    [
        ({"from": ANA}, {"wa_id": ANA}, ANA, ANA),
        ({"from": ANA}, {"wa_id": ANA, "user_id": ANA_ID}, ANA, ANA_ID),
        ({"from": ANA}, {"user_id": ANA_ID}, ANA, ANA_ID),
        ({"from_user_id": ANA_ID}, {"user_id": ANA_ID}, ANA_ID, ANA_ID),
        ({"from": ANA_ID}, {}, ANA_ID, ANA_ID),
        ({}, {"user_id": ANA_ID}, ANA_ID, ANA_ID),
        ({"from": ANA}, {"wa_id": "491700000002", "user_id": "DE.2"}, ANA, ANA),
    ],
)
async def test_a_person_is_known_by_the_user_id_and_answered_at_the_phone(
    sent: dict[str, str], contact: dict[str, str], recipient: str, person: str, desk: Desk
) -> None:
    """Either may be missing, and a contact that is somebody else's says nothing."""
    bare = {key: part for key, part in message().items() if not key.startswith("from")}
    await told(desk, {**bare, **sent}, contacts=[contact])

    [post] = desk.posts.values()
    assert (post.chat, post.sender) == (recipient, person)


async def test_of_several_people_each_has_what_is_theirs(endpoint: WhatsappEndpoint, desk: Desk) -> None:
    bo = message(id="wamid.bo", **{"from": "491700000002", "from_user_id": "DE.2"})
    await endpoint(call(body(value(messages=[message(), bo]))))

    assert [event["sender"]["name"] for event in desk.events] == ["Ana", None]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            message("image", {"id": "m1", "mime_type": "image/jpeg", "caption": "Look"}),
            {"kind": "message", "text": "Look", "media": ("photo", "m1", "image/jpeg", None)},
        ),
        (
            message("document", {"id": "m1", "mime_type": "application/pdf", "filename": "a.pdf"}),
            {"text": "", "media": ("document", "m1", "application/pdf", "a.pdf")},
        ),
        (message("audio", {"id": "m1", "voice": True}), {"media": ("voice", "m1", None, None)}),
        (message("audio", {"id": "m1", "voice": False}), {"media": ("audio", "m1", None, None)}),
        (message("video", {"id": "m1"}), {"media": ("video", "m1", None, None)}),
        (message("sticker", {"id": "m1", "animated": True}), {"media": ("photo", "m1", None, None)}),
        (
            message("location", {"latitude": 52.5, "longitude": 13, "name": "Salon"}),
            {"location": {"latitude": 52.5, "longitude": 13, "name": "Salon", "address": None}},
        ),
        (
            message("contacts", [{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+49 1", "wa_id": "491"}]}]),
            {"contact": {"name": "Bo", "phone": "+49 1", "user_id": "491"}},
        ),
        (
            message("interactive", {"type": "button_reply", "button_reply": {"id": "y", "title": "Yes"}}),
            {"kind": "press", "choice": "y", "text": "Yes", "pressed": True},
        ),
        (
            message("interactive", {"type": "list_reply", "list_reply": {"id": "9", "title": "9:00"}}),
            {"kind": "press", "choice": "9", "text": "9:00", "pressed": True},
        ),
        (
            message("interactive", {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": '{"a": 1}'}}),
            {"kind": "message", "form": {"a": 1}, "text": "Sent", "choice": None},
        ),
        (message("interactive", {"type": "new"}), {"kind": "unsupported"}),
        (
            message("button", {"payload": "stop", "text": "Stop"}),
            {"kind": "press", "choice": "stop", "text": "Stop", "pressed": True},
        ),
        (
            message("reaction", {"message_id": "wamid.1", "emoji": "👍"}),
            {"kind": "reaction", "text": "👍", "reply_to": "wamid.1"},
        ),
        (message("order", {"text": "Two", "product_items": []}), {"kind": "message", "type": "order", "text": "Two"}),
        (message("system", {"body": "Ana changed", "type": "user_changed_number"}), {"kind": "system"}),
        (message("request_welcome", {}), {"kind": "system"}),
        (message("unsupported", {}, errors=[{"code": 131051}]), {"kind": "unsupported", "type": "unsupported"}),
        (message("hologram", {"id": 7}), {"kind": "unsupported", "type": "hologram"}),
        (message(group_id="g1"), {"kind": "unsupported"}),
        (
            message("edit", {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "Hi"}}}),
            {"kind": "edit", "text": "Hi", "reply_to": "wamid.0"},
        ),
        (
            message("revoke", {"original_message_id": "wamid.0"}),
            {"kind": "deletion", "text": "", "reply_to": "wamid.0"},
        ),
    ],
    ids=lambda one: one.get("type") if isinstance(one, dict) and "from" in one else "",
)
async def test_what_people_send_is_told_by_its_sort(sent: dict[str, Any], expected: dict[str, Any], desk: Desk) -> None:
    event = await told(desk, sent)
    known = {name: event[name] for name in expected}
    if "media" in expected:
        [media] = event["media"]
        assert media["account"] == ACCOUNT
        known["media"] = tuple(media[name] for name in ("kind", "id", "type", "name"))

    assert known == expected
    assert event["update"] == sent


async def test_a_time_that_is_none_is_now(desk: Desk) -> None:
    assert (await told(desk, {**message(), "timestamp": "soon"}))["at"] == NOW


# --- whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def perhaps(usual: Any) -> st.SearchStrategy[Any]:
    return st.just(usual) | JSON


def mapping(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A mapping with some of its parts, each perhaps anything; or no mapping at all."""
    return st.fixed_dictionaries({}, optional=parts) | JSON


TYPES: tuple[str, ...] = (
    "text",
    "image",
    "audio",
    "location",
    "contacts",
    "interactive",
    "button",
    "reaction",
    "order",
    "system",
)
TYPES += ("edit", "revoke", "unsupported", "hologram")
PARTS = {
    "text": mapping(body=perhaps("Hi")),
    "image": mapping(id=perhaps("m1"), caption=perhaps("Hi"), mime_type=perhaps("image/png")),
    "audio": mapping(id=perhaps("m1"), voice=JSON),
    "location": mapping(latitude=perhaps(1.5), longitude=perhaps(2), name=perhaps("Salon")),
    "contacts": st.lists(mapping(name=mapping(formatted_name=perhaps("Bo")), phones=perhaps([{}])), max_size=2) | JSON,
    "interactive": mapping(
        button_reply=mapping(id=perhaps("y"), title=perhaps("Yes")), nfm_reply=mapping(response_json=perhaps("{}"))
    ),
    "button": mapping(payload=perhaps("y"), text=perhaps("Yes")),
    "reaction": mapping(message_id=perhaps("wamid.1"), emoji=perhaps("👍")),
    "edit": mapping(message=mapping(type=perhaps("text"), text=mapping(body=perhaps("Hi")))),
    "revoke": mapping(original_message_id=perhaps("wamid.1")),
}
ANY_MESSAGE = mapping(
    id=perhaps("wamid.1"),
    type=st.sampled_from(TYPES) | JSON,
    timestamp=perhaps("1790000000"),
    context=mapping(id=perhaps("wamid.0")),
    **{"from": perhaps(ANA), "from_user_id": perhaps(ANA_ID)},
    **PARTS,
)
ANY_STATUS = mapping(
    id=perhaps("wamid.1"),
    status=st.sampled_from(["sent", "read", "failed"]) | JSON,
    timestamp=perhaps("1790000000"),
    errors=st.lists(mapping(code=perhaps(131026), title=perhaps("Gone"), error_data=JSON), max_size=2) | JSON,
)
ANY_VALUE = mapping(
    metadata=st.just({"phone_number_id": NUMBER}) | mapping(phone_number_id=perhaps(NUMBER)),
    contacts=st.lists(mapping(wa_id=perhaps(ANA), user_id=perhaps(ANA_ID), profile=JSON), max_size=2) | JSON,
    messages=st.lists(ANY_MESSAGE, max_size=3) | JSON,
    statuses=st.lists(ANY_STATUS, max_size=3) | JSON,
)
CHANGE = mapping(field=perhaps("messages"), value=ANY_VALUE)
ANY_BODY = mapping(
    object=perhaps("whatsapp_business_account"),
    entry=st.lists(mapping(changes=st.lists(CHANGE, max_size=2) | JSON), max_size=2) | JSON,
)


@given(ANY_BODY)
async def test_whatever_is_signed_is_read_or_kept_with_a_reason(content: Any) -> None:
    desk = Desk()
    endpoint = endpoint_of(desk)

    assert (await endpoint(call(content))).status == 200
    for post in desk.posts.values():
        assert load(dump(post.data)) == post.data
        assert post.data["kind"] == "unusable" or (post.chat and post.sender and post.key)
        assert (post.data["reason"] is None) == (post.data["kind"] != "unusable")
    for one in desk.statuses:
        assert one.status in {"sent", "delivered", "read", "failed"}
        assert (one.error is None) == (one.status != "failed")

    before = list(desk.posts)
    await endpoint(call(content))
    assert list(desk.posts) == before


@given(st.lists(ANY_MESSAGE, max_size=4), st.integers(0, 4))
async def test_a_good_message_is_kept_whatever_stands_beside_it(others: list[Any], place: int) -> None:
    desk = Desk()
    good = message(id="wamid.good")
    others.insert(place, good)
    await endpoint_of(desk)(call(body(value(messages=others), *others)))

    assert desk.posts["wamid.good"].data["text"] == "Hello"


@given(st.binary(max_size=200), st.text(max_size=100) | st.binary(max_size=64).map(lambda raw: "sha256=" + raw.hex()))
async def test_nothing_that_is_not_signed_gets_in(raw: bytes, signed: str) -> None:
    desk = Desk()

    assert (await endpoint_of(desk)(call(raw, signed=signed or "none"))).status == 401
    assert desk.units == 0


@given(st.binary(max_size=200))
async def test_bytes_that_are_signed_are_kept(raw: bytes) -> None:
    desk = Desk()

    assert (await endpoint_of(desk)(call(raw))).status == 200
    assert desk.event["reason"]
