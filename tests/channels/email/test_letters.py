"""What is sent, as a real server takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.channels.email.conftest import letter
from tests.channels.email.servers import Postbox, mail_server, read

from onebox.channels.email.addresses import AddressInvalid, read_mailbox, read_mailboxes
from onebox.channels.email.composing import compose
from onebox.channels.email.letter import MOST, checked, read_letter
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from onebox.channels.email.channel import EmailChannel


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    async with mail_server(Postbox(), enable_SMTPUTF8=True) as postbox:
        yield postbox


@pytest.fixture
def channel(postbox: Postbox, make_channel: Callable[..., EmailChannel]) -> EmailChannel:
    return make_channel(postbox.port, reply_to="Team <team@example.org>")


async def test_a_text_goes_out_with_its_headers(channel: EmailChannel, postbox: Postbox) -> None:
    assert await channel.deliver(letter("Ana <ana@example.org>", text="Grüße, Ana.")) == {"said": "queued as 42"}
    [envelope], [sent] = postbox.taken, postbox.letters

    assert (envelope.mail_from, envelope.rcpt_tos) == ("desk@example.org", ["ana@example.org"])
    assert {name: str(value) for name, value in sent.items()} == {
        "From": "Salon <desk@example.org>",
        "To": "Ana <ana@example.org>",
        "Reply-To": "Team <team@example.org>",
        "Subject": "Hello",
        "Date": "Sun, 01 Mar 2026 12:00:00 +0000",
        "Message-ID": "<m-1@example.org>",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "base64",
    }
    assert sent.get_content() == "Grüße, Ana.\r\n"


async def test_what_is_sent_again_is_the_same(channel: EmailChannel, postbox: Postbox) -> None:
    await channel.deliver(letter())
    await channel.deliver(letter())

    first, again = postbox.taken
    assert first.content == again.content


async def test_markdown_goes_as_text_and_as_html(channel: EmailChannel, postbox: Postbox) -> None:
    await channel.deliver(letter(text=None, markdown="**Hi** [you](https://example.org) <b>"))
    text, page = list(postbox.letters[0].iter_parts())

    assert postbox.letters[0].get_content_type() == "multipart/alternative"
    assert text.get_content().strip() == "Hi you (https://example.org) <b>"
    assert '<p><strong>Hi</strong> <a href="https://example.org">you</a> &lt;b&gt;</p>' in page.get_content()


async def test_html_of_one_s_own_stands_beside_the_text(channel: EmailChannel, postbox: Postbox) -> None:
    await channel.deliver(letter(html="<h1>Hi</h1>"))

    assert [part.get_content().strip() for part in postbox.letters[0].iter_parts()] == ["Hi", "<h1>Hi</h1>"]


async def test_copies_go_to_all_and_blind_ones_are_not_shown(channel: EmailChannel, postbox: Postbox) -> None:
    to = ["Bilal <bilal@example.org>", "ana@example.org"]
    await channel.deliver(letter("x", to=to, cc="chen@example.org", bcc=["dana@example.org", "ana@example.org"]))

    assert postbox.taken[0].rcpt_tos == ["bilal@example.org", "ana@example.org", "chen@example.org", "dana@example.org"]
    assert b"dana" not in bytes(postbox.letters[0])
    assert postbox.letters[0]["To"] == "Bilal <bilal@example.org>, ana@example.org"


async def test_a_person_whom_an_event_brought_is_written_to(channel: EmailChannel, postbox: Postbox) -> None:
    await channel.deliver(letter("x", to={"id": "ana@example.org", "name": "Ana, the first"}))

    assert postbox.letters[0]["To"] == '"Ana, the first" <ana@example.org>'


async def test_attachments_of_each_kind_arrive(channel: EmailChannel, postbox: Postbox, tmp_path: Path) -> None:
    (tmp_path / "files/e1").mkdir(parents=True)
    (tmp_path / "files/e1/1").write_bytes(b"\0\xff" * 1000)
    attachments = [
        {"filename": "Preisliste März.csv", "text": "Wäsche;9\n"},
        {"filename": "a/b/photo.jpg", "bytes": b"\xff\xd8"},
        {"filename": "scan.pdf", "content_type": "application/pdf; x=y", "file": "e1/1", "size": 2000},
        {"content_type": "message/rfc822", "text": "From: x"},
    ]
    await channel.deliver(letter(attachments=attachments))

    arrived = [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in postbox.letters[0].iter_attachments()
    ]
    assert arrived == [
        ("Preisliste März.csv", "text/csv", "Wäsche;9\n".encode()),
        ("photo.jpg", "image/jpeg", b"\xff\xd8"),
        ("scan.pdf", "application/pdf", b"\0\xff" * 1000),
        ("attachment", "application/octet-stream", b"From: x"),
    ]


async def test_a_line_that_is_a_full_stop_ends_nothing(channel: EmailChannel, postbox: Postbox) -> None:
    await channel.deliver(letter(text="one\n.\n..two\nRSET"))

    assert postbox.letters[0].get_content() == "one\r\n.\r\n..two\r\nRSET\r\n"


async def test_a_domain_beyond_ascii_goes_by_its_other_name(channel: EmailChannel, postbox: Postbox) -> None:
    await channel.deliver(letter("Jürgen <j@straße.example>"))

    assert postbox.taken[0].rcpt_tos == ["j@xn--strae-oqa.example"]
    assert postbox.letters[0]["To"] == "Jürgen <j@xn--strae-oqa.example>"


async def test_an_address_beyond_ascii_goes_where_the_server_can(
    channel: EmailChannel, postbox: Postbox, make_channel: Callable[..., EmailChannel]
) -> None:
    await channel.deliver(letter("jürgen@example.org"))
    async with mail_server(Postbox(), enable_SMTPUTF8=False) as plain:
        with pytest.raises(
            DeliveryFailed, match=r"jürgen@example.org has a letter beyond ASCII before the @"
        ) as failed:
            await make_channel(plain.port).deliver(letter("jürgen@example.org"))

    assert postbox.taken[0].rcpt_tos == ["jürgen@example.org"]
    assert (failed.value.permanent, failed.value.kind) == (True, "invalid")


LINE_BREAK = "x\r\nBcc: eve@example.org"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"subject": None}, "subject is missing"),
        ({"subject": "  "}, "subject is missing"),
        ({"subject": LINE_BREAK}, "subject holds a line break"),
        ({"subject": "x\u2028y"}, "subject holds a line break"),
        ({"subject": "x" * 1001}, "subject has 1001 characters"),
        ({"subject": 7}, "subject must be a text, got 7"),
        ({"cc": LINE_BREAK}, "cc: an address holds a line break"),
        ({"reply_to": [f"ana@example.org {LINE_BREAK}"]}, "reply_to: an address holds a line break"),
        ({"to": {"id": "a@b.example", "name": "x\ny"}, "bcc": "ana"}, "bcc: no address such as"),
        ({"text": None}, "text is missing"),
        ({"markdown": "x"}, "text and markdown exclude each other"),
        ({"text": 7}, "text must be a text, got 7"),
        ({"text": None, "markdown": "x", "html": "x"}, "html is a text that stands beside text"),
        ({"text": None, "markdown": "x" * 500_001}, "markdown has 500001 characters"),
        ({"attachment": []}, "there is no 'attachment'; did you mean 'attachments'?"),
        ({"attachments": {}}, "attachments must be a list"),
        ({"attachments": ["x"]}, r"attachments\[0\] must be a mapping"),
        ({"attachments": [{"filename": "x"}]}, r"attachments\[0\] needs one of text, bytes and file, and has none"),
        ({"attachments": [{"text": "x", "file": "y"}]}, "and has text and file"),
        ({"attachments": [{"bytes": "x"}]}, "bytes must be bytes, got 'x'"),
        ({"attachments": [{"filename": LINE_BREAK, "text": ""}]}, "filename holds a line break"),
        ({"attachments": [{"content_type": LINE_BREAK, "text": ""}]}, "content_type must be one such as"),
        ({"bcc": [f"r{number}@example.org" for number in range(101)]}, "101 recipients of one e-mail"),
    ],
)
def test_what_is_wrong_with_a_letter_is_found_in_the_step(content: dict[str, Any], said: str) -> None:
    with pytest.raises(DeliveryFailed, match=said) as failed:
        checked(letter(**content).content)
    assert (failed.value.permanent, failed.value.kind) == (True, "invalid")


@pytest.mark.parametrize(
    "name", ["e1/2", "../secret", "e1/../../secret", "/etc/passwd", "", "e1//1", ".", "e1/.", "link", "e1/1\n", "e1"]
)
async def test_no_file_but_the_box_s_own_is_attached(channel: EmailChannel, tmp_path: Path, name: str) -> None:
    (tmp_path / "files/e1").mkdir(parents=True)
    (tmp_path / "files/e1/1").write_bytes(b"")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "files/link").symlink_to(tmp_path / "secret")
    with pytest.raises(DeliveryFailed, match=r"is no file of the box|cannot be read: ") as failed:
        await channel.deliver(letter(attachments=[{"file": name}]))
    assert failed.value.permanent


async def test_a_missing_file_is_named(channel: EmailChannel) -> None:
    with pytest.raises(DeliveryFailed, match="the file e1/2 cannot be read: no such file or directory"):
        await channel.deliver(letter(attachments=[{"file": "e1/2"}]))


@pytest.mark.parametrize("kind", ["text", "bytes", "file"])
async def test_what_is_too_large_is_refused(channel: EmailChannel, tmp_path: Path, kind: str) -> None:
    (tmp_path / "files").mkdir()
    with (tmp_path / "files/large").open("wb") as large:
        large.truncate(MOST)
    given: Any = {"text": "x" * MOST, "bytes": b"x" * MOST, "file": "large"}[kind]
    with pytest.raises(DeliveryFailed, match="larger than 20 MB"):
        await channel.deliver(letter(attachments=[{kind: given}]))


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("ana@example.org", "ana@example.org"),
        (" Ana  B. <ana@example.org> ", "ana@example.org"),
        ("ana+salon@mail.example.org", "ana+salon@mail.example.org"),
        ("<ana@localhost>", "ana@localhost"),
    ],
)
def test_addresses_are_read_as_people_write_them(written: str, address: str) -> None:
    assert read_mailbox(written).address == address


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "ana",
            "@example.org",
            "ana@",
            "ana b@example.org",
            "ana@exa mple.org",
            "ana@-x.example",
            "a@b@c.example",
        ),
        *("ana@example..org", "ana@example.org, bo@example.org", "<>", "Ana <ana@example.org", "ana@" + "x" * 260),
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(AddressInvalid):
        read_mailbox(written)


@given(st.text(min_size=1, max_size=200), st.text(max_size=300), st.text(max_size=40))
def test_whatever_strangers_write_no_header_comes_of_it(subject: str, text: str, name: str) -> None:
    message = letter("x", subject=f"s{subject}", text=text, to={"id": "ana@example.org", "name": name})
    try:
        made = read_letter(message.content)
    except DeliveryFailed:
        return
    from pathlib import Path

    sent = compose(made, message, read_mailbox("desk@example.org"), [], Path())

    assert sent.isascii()
    expected = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]
    assert [header for header in read(sent).keys() if not header.startswith("Content-")] == expected  # noqa: SIM118
    assert max(map(len, sent.split(b"\r\n"))) <= 998
    assert [found.addr_spec for found in read(sent)["To"].addresses] == ["ana@example.org"]


def test_several_addresses_may_stand_in_one_text() -> None:
    assert [str(found) for found in read_mailboxes("Ana <ana@example.org>, bo@example.org")] == [
        "Ana <ana@example.org>",
        "bo@example.org",
    ]
