"""Messages to WhatsApp: the window, templates, files, and what Meta refuses."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.messages import NOW, message
from tests.support.whatsapp import ANA, TOKEN, FakeWhatsapp, Fault, Uploaded

from onebox.channels.whatsapp.contents import parts
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.chat import LastHeard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.channels.whatsapp.conftest import Heard

    from onebox.channels.whatsapp.channel import WhatsappChannel

REMINDER = {"name": "reminder", "language": "en_US", "values": ["Ana", "3 pm"]}


async def failure(channel: WhatsappChannel, recipient: str = ANA, **content: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message(recipient, **(content or {"text": "hi"})))
    assert TOKEN not in "".join(traceback.format_exception(failed.value))
    return failed.value


async def test_the_receipt_has_the_id_by_which_statuses_come(channel: WhatsappChannel) -> None:
    assert await channel.deliver(message(ANA, text="hi")) == {"message_id": "wamid.1", "recipient": ANA}


async def test_an_answer_names_what_it_answers(channel: WhatsappChannel, whatsapp: FakeWhatsapp) -> None:
    await channel.deliver(message(ANA, text="hi", reply_to="wamid.in.1"))

    assert whatsapp.sent[0]["context"] == {"message_id": "wamid.in.1"}


async def test_an_edit_is_a_new_message(channel: WhatsappChannel, whatsapp: FakeWhatsapp) -> None:
    [part] = parts({"text": "better", "edit": "wamid.1"})
    await channel.deliver(message(ANA, **part))

    assert whatsapp.sent[0]["text"]["body"] == "better"


async def test_a_press_needs_no_answer(channel: WhatsappChannel, whatsapp: FakeWhatsapp) -> None:
    content = {"action": "answer_press", "press": "7", "text": None, "alert": False, "at": NOW.isoformat()}

    assert parts(content) == [content]
    assert await channel.deliver(message("press:7", **content)) == {}
    assert whatsapp.sent == []


# --- the window


@pytest.mark.parametrize("last", [None, LastHeard(NOW - timedelta(hours=24))])
async def test_outside_the_window_a_message_is_refused_at_once(
    last: LastHeard | None, channel: WhatsappChannel, whatsapp: FakeWhatsapp, heard: Heard
) -> None:
    heard.at[ANA] = last
    failed = await failure(channel, "+49 170 0000001")

    assert (failed.permanent, failed.kind, whatsapp.seen_tokens) == (True, "closed", [])
    assert failed.message == (
        "491700000001 has not written to whatsapp/main in the last 24 hours, so WhatsApp takes no message to them but "
        "a template; give the message a message_template, or wait until they write"
    )


async def test_within_the_window_the_text_is_sent_and_not_the_template(
    channel: WhatsappChannel, whatsapp: FakeWhatsapp, heard: Heard
) -> None:
    heard.at[ANA] = LastHeard(NOW - timedelta(hours=23, minutes=58))
    await channel.deliver(message(ANA, text="hi", message_template=REMINDER))

    assert whatsapp.sent[0]["type"] == "text"


async def test_outside_the_window_the_template_is_sent_once(
    channel: WhatsappChannel, whatsapp: FakeWhatsapp, heard: Heard
) -> None:
    heard.at[ANA] = None
    pieces = parts({"text": "word " * 2000, "message_template": REMINDER})
    receipts = [await channel.deliver(message(ANA, **piece)) for piece in pieces]

    [sent] = whatsapp.sent
    assert sent["template"] == {
        "name": "reminder",
        "language": {"code": "en_US"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "3 pm"}]}
        ],
    }
    assert receipts == [
        {"message_id": "wamid.1", "recipient": ANA, "template": "reminder"},
        *[{"message_id": None, "template": "reminder"}] * (len(pieces) - 1),
    ]


async def test_a_template_alone_asks_nobody_when_they_wrote(
    channel: WhatsappChannel, whatsapp: FakeWhatsapp, heard: Heard
) -> None:
    await channel.deliver(message(ANA, message_template={"name": "hello", "language": "de"}))

    assert (whatsapp.sent[0]["type"], heard.asked) == ("template", [])


async def test_where_meta_says_that_it_is_closed_the_template_is_sent(
    channel: WhatsappChannel, whatsapp: FakeWhatsapp
) -> None:
    whatsapp.faults[ANA] = Fault(400, 131047)
    failed = await failure(channel)
    assert (failed.permanent, failed.kind) == (True, "closed")

    del whatsapp.faults[ANA]
    whatsapp.closed.add(ANA)
    receipt = await channel.deliver(message(ANA, text="hi", message_template=REMINDER))
    assert receipt["template"] == "reminder"


async def test_values_of_a_template_are_one_line_and_may_have_names(
    channel: WhatsappChannel, whatsapp: FakeWhatsapp
) -> None:
    values = {"who": "Ana\n Bo", "when": 15}
    await channel.deliver(message(ANA, message_template={**REMINDER, "values": values}))

    [component] = whatsapp.sent[0]["template"]["components"]
    assert component["parameters"] == [
        {"type": "text", "parameter_name": "who", "text": "Ana Bo"},
        {"type": "text", "parameter_name": "when", "text": "15"},
    ]


# --- typing


async def test_typing_is_shown_under_the_last_message(channel: WhatsappChannel, whatsapp: FakeWhatsapp) -> None:
    assert await channel.deliver(message(f"typing:{ANA}", action="typing", chat=ANA)) == {}
    assert whatsapp.sent == [
        {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.in.1",
            "typing_indicator": {"type": "text"},
        }
    ]


async def test_nobody_types_to_who_never_wrote(channel: WhatsappChannel, whatsapp: FakeWhatsapp, heard: Heard) -> None:
    heard.at[ANA] = None
    await channel.deliver(message(f"typing:{ANA}", action="typing", chat=ANA))

    assert whatsapp.sent == []


async def test_typing_is_not_tried_again(open_channel: Callable[..., WhatsappChannel]) -> None:
    failed = await failure(open_channel(api="http://127.0.0.1:1"), action="typing", chat=ANA)

    assert (failed.permanent, failed.kind) == (True, "unreachable")


# --- files


async def test_a_file_of_the_box_is_given_to_meta_first(
    channel: WhatsappChannel, whatsapp: FakeWhatsapp, tmp_path: Path
) -> None:
    (tmp_path / "e1").mkdir()
    (tmp_path / "e1/price-list.pdf").write_bytes(b"%PDF")
    await channel.deliver(message(ANA, text="Prices", media={"kind": "document", "file": "e1/price-list.pdf"}))

    assert whatsapp.files == {"media1": Uploaded(b"%PDF", "application/pdf", "price-list.pdf")}
    assert whatsapp.sent[0]["document"] == {"id": "media1", "filename": "price-list.pdf", "caption": "Prices"}


async def test_what_somebody_sent_is_sent_on_by_its_id(channel: WhatsappChannel, whatsapp: FakeWhatsapp) -> None:
    await channel.deliver(message(ANA, media={"kind": "voice", "id": "m7", "account": "whatsapp/main"}))

    assert whatsapp.sent[0]["audio"] == {"id": "m7", "voice": True}


@pytest.mark.parametrize(
    ("media", "fault"),
    [
        ({"kind": "photo", "id": "m7", "account": "telegram/main"}, "the id is one of telegram/main"),
        ({"kind": "photo", "file": "../box.yaml"}, "'../box.yaml' is no file of the box"),
        ({"kind": "photo", "file": "e1/gone.png"}, "the file e1/gone.png cannot be read: no such file"),
        (
            {"kind": "photo", "file": "large.png"},
            "large.png has 5,000,001 bytes, and WhatsApp takes 5,000,000 of kind photo",
        ),
        ({"kind": "document", "file": "unknown"}, "type is missing, and 'unknown' does not tell it"),
    ],
)
async def test_a_file_that_cannot_be_sent_is_refused_for_good(
    media: dict[str, Any], fault: str, channel: WhatsappChannel, tmp_path: Path
) -> None:
    (tmp_path / "large.png").write_bytes(b"x" * 5_000_001)
    (tmp_path / "unknown").write_bytes(b"x")
    failed = await failure(channel, media=media)

    assert fault in failed.message
    assert (failed.permanent, failed.kind) == (True, "invalid")


async def test_what_people_sent_is_fetched(channel: WhatsappChannel, whatsapp: FakeWhatsapp) -> None:
    whatsapp.files["m1"] = Uploaded(b"jpeg", "image/jpeg")

    assert await channel.fetch("m1") == (b"jpeg", "image/jpeg")
    assert whatsapp.seen_tokens == [f"Bearer {TOKEN}"] * 2


async def test_the_token_goes_to_no_stranger(channel: WhatsappChannel, whatsapp: FakeWhatsapp) -> None:
    async with FakeWhatsapp() as stranger:
        for url in (f"{stranger.url}/bytes/m1", "http://lookaside.fbsbx.com/m1", "https://fbsbx.com.evil.example/m1"):
            whatsapp.files["m1"], whatsapp.media_url = Uploaded(b"jpeg", "image/jpeg"), url
            with pytest.raises(DeliveryFailed, match=r"is no server of Meta's") as failed:
                await channel.fetch("m1")
            assert (failed.value.permanent, failed.value.kind) == (True, "refused")
        assert stranger.seen_tokens == []


@pytest.mark.parametrize(
    ("id", "fault"),
    [
        ("gone", "Object does not exist; WhatsApp keeps what people send for 7 days"),
        ("../me", "is no id of a file"),
        ("large", "it is larger than 20 MB"),
    ],
)
async def test_what_cannot_be_fetched_says_why(
    id: str, fault: str, channel: WhatsappChannel, whatsapp: FakeWhatsapp
) -> None:
    whatsapp.files["large"] = Uploaded(bytes(20_000_001), "video/mp4")
    with pytest.raises(DeliveryFailed, match=fault) as failed:
        await channel.fetch(id)

    assert (failed.value.permanent, failed.value.kind) == (True, "refused")


async def test_a_size_that_is_kept_back_saves_no_one_from_the_limit(
    channel: WhatsappChannel, whatsapp: FakeWhatsapp
) -> None:
    whatsapp.files["large"] = Uploaded(bytes(20_000_001), "video/mp4")
    whatsapp.tells_size = False
    with pytest.raises(DeliveryFailed, match="it is larger than 20 MB"):
        await channel.fetch("large")


# --- what Meta refuses


@pytest.mark.parametrize(
    ("fault", "kind", "lasting", "advice"),
    [
        (Fault(401, 190), "misconfigured", False, "accounts.whatsapp/main.token"),
        (Fault(403, 10), "misconfigured", False, "accounts.whatsapp/main.token"),
        (Fault(403, 230), "misconfigured", False, "accounts.whatsapp/main.token"),
        (Fault(400, 100, subcode=33), "misconfigured", False, "accounts.whatsapp/main.number"),
        (Fault(400, 133010), "misconfigured", False, "register the phone number"),
        (Fault(400, 131042), "misconfigured", False, "add a way to pay"),
        (Fault(400, 130429), "too_many", False, ""),
        (Fault(400, 80007), "too_many", False, ""),
        (Fault(429), "too_many", False, ""),
        (Fault(400, 131047), "closed", True, "message_template"),
        (Fault(400, 131026), "bounced", True, "has no WhatsApp"),
        (Fault(400, 131048), "refused", True, "write less"),
        (Fault(403, 131031), "refused", True, "Account quality"),
        (Fault(403, 368), "refused", True, "Account quality"),
        (Fault(400, 100), "invalid", True, "names what it cannot read"),
        (Fault(400, 131008), "invalid", True, "is missing"),
        (Fault(400, 131053), "invalid", True, "its type and its size"),
        (Fault(400, 131062), "invalid", True, "a phone number alone"),
        (Fault(400, 132001), "invalid", True, "no approved template"),
        (Fault(400, 132999), "invalid", True, "Message templates"),
        (Fault(500, 131000), "busy", False, "metastatus.com"),
        (Fault(503, 2), "busy", False, "metastatus.com"),
        (Fault(500, 987654), "busy", False, ""),
        (Fault(400, 987654), "refused", True, ""),
        (Fault(404, body=b""), "refused", True, ""),
    ],
    ids=lambda fault: f"{fault.status}-{fault.code}" if isinstance(fault, Fault) else "",
)
async def test_error_codes_are_told_apart(
    fault: Fault, kind: str, advice: str, channel: WhatsappChannel, whatsapp: FakeWhatsapp, *, lasting: bool
) -> None:
    whatsapp.faults[ANA] = fault
    failed = await failure(channel)

    assert (failed.kind, failed.permanent, failed.uncertain) == (kind, lasting, fault.status >= 500)
    assert advice in failed.message


async def test_what_is_kept_of_a_refusal_has_its_code_its_words_and_what_to_do(channel: WhatsappChannel) -> None:
    failed = await failure(channel, message_template={**REMINDER, "values": ["Ana"]})

    assert failed.message == (
        "WhatsApp refused the message (132000): (#132000) Made up: Number of parameters does not match; "
        "message_template.values must be as many as the template has; "
        "see the template in the WhatsApp Manager, under Message templates"
    )


async def test_a_pair_that_is_too_fast_waits_longer_each_time(channel: WhatsappChannel, whatsapp: FakeWhatsapp) -> None:
    whatsapp.faults[ANA] = Fault(400, 131056)
    waits = []
    for attempts in range(6):
        tried = message(ANA, text="hi")
        tried.attempts = attempts
        with pytest.raises(DeliveryFailed) as failed:
            await channel.deliver(tried)
        waits.append((failed.value.kind, failed.value.retry_after))

    assert waits == [("too_many", seconds) for seconds in (6.0, 6.0, 16.0, 64.0, 256.0, 300.0)]


async def test_a_wrong_token_is_told_and_not_shown(open_channel: Callable[..., WhatsappChannel]) -> None:
    failed = await failure(open_channel(token="EAAother"))

    assert (failed.permanent, failed.kind) == (False, "misconfigured")
    assert "EAAother" not in failed.message


@pytest.mark.parametrize("fault", [Fault(0), Fault(502, body=b"<html>"), Fault(200, body=b"[]"), Fault(301, body=b"")])
async def test_whether_a_message_went_out_may_not_be_known(
    fault: Fault, channel: WhatsappChannel, whatsapp: FakeWhatsapp
) -> None:
    whatsapp.faults[ANA] = fault
    failed = await failure(channel)

    assert (failed.permanent, failed.kind, failed.uncertain) == (False, "unreachable", True)


async def test_a_server_that_is_not_there_got_nothing(open_channel: Callable[..., WhatsappChannel]) -> None:
    failed = await failure(open_channel(api="http://127.0.0.1:1/v25.0"))

    assert (failed.permanent, failed.kind, failed.uncertain) == (False, "unreachable", False)


async def test_a_file_that_could_not_be_given_was_not_sent(
    open_channel: Callable[..., WhatsappChannel], tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    failed = await failure(open_channel(api="http://127.0.0.1:1/v25.0"), media={"kind": "photo", "file": "a.png"})

    assert (failed.permanent, failed.kind, failed.uncertain) == (False, "unreachable", False)
