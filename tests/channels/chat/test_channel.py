"""What the box writes into a web chat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.chat.site import ACCOUNT, NOON, PNG, chat_site

from onebox.channels.chat.content import LONGEST, parts
from onebox.kernel.ledger import StorageFull
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.message import Message

if TYPE_CHECKING:
    from pathlib import Path

    from tests.channels.chat.site import Program, Site


async def failure(site: Site, chat: str, **content: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await site.send(chat, **content)
    return failed.value


async def test_a_text_stands_in_the_chat_that_it_was_sent_to_and_in_no_other(site: Site, ana: Program) -> None:
    place = await site.send(ana.chat, text="*hi* <you> & me")
    await site.send("b" * 26, text="to somebody else")

    [entry] = await ana.entries()
    assert (entry["text"], entry["position"], entry["direction"]) == ("*hi* <you> & me", place, "out")
    assert "*hi* &lt;you&gt; &amp; me" in entry["html"]


async def test_a_message_that_is_handed_over_again_after_a_crash_is_shown_once(site: Site, ana: Program) -> None:
    first = await site.send(ana.chat, "m7", text="hi")
    await site.send(ana.chat, "m8", text="ho")
    again = await site.send(ana.chat, "m7", text="hi")

    assert first == again
    assert await ana.texts() == [("out", "hi"), ("out", "ho")]


async def test_markdown_is_shown_as_html_in_which_nothing_of_the_author_s_runs(site: Site, ana: Program) -> None:
    await site.send(ana.chat, markdown="**bold** <script>alert(1)</script> [x](javascript:alert(1))")

    [entry] = await ana.entries()
    assert "<strong>bold</strong> &lt;script&gt;" in entry["html"]
    assert "<script" not in entry["html"]
    assert "href" not in entry["html"]


async def test_up_to_twelve_choices_are_buttons_and_more_are_numbered_too(site: Site, ana: Program) -> None:
    await site.send(ana.chat, text="Few?", choices=[f"c{number}" for number in range(12)])
    await site.send(ana.chat, text="Many?", choices=[f"c{number}" for number in range(13)])

    few, many = await ana.entries()
    assert few["choices"][0] == {"id": "c0", "title": "c0"}
    assert (few["html"].count("<button"), "<ol" in few["html"]) == (12, False)
    assert (many["html"].count("<button"), "<ol" in many["html"]) == (13, True)


async def test_a_choice_that_opens_an_address_is_a_link(site: Site, ana: Program) -> None:
    await site.send(ana.chat, text="Pay", choices=[{"title": "Here", "url": "https://pay.example/?a=1&b=2"}])

    [entry] = await ana.entries()
    assert '<a href="https://pay.example/?a=1&amp;b=2" rel="noopener noreferrer"><bdi>Here</bdi></a>' in entry["html"]


async def test_an_edit_changes_the_entry_at_its_place(site: Site, ana: Program) -> None:
    place = await site.send(ana.chat, text="Sure?", choices=["Yes", "No"])
    await site.send(ana.chat, text="later")
    await ana.entries()

    assert await site.send(ana.chat, edit=place, text="You are sure.") == place

    [edited] = await ana.entries()
    assert (edited["position"], edited["text"], "choices" in edited) == (place, "You are sure.", False)
    ana.after = 0
    assert min(entry["position"] for entry in await ana.entries()) == place


async def test_a_message_is_edited_by_the_id_of_its_step_too(site: Site, ana: Program) -> None:
    place = await site.send(ana.chat, "01jxq0000000001a", text="one")

    assert await site.send(ana.chat, edit="01jxq0000000001a", text="two") == place


@pytest.mark.parametrize(("edit", "kind"), [(17, "refused"), ("nonsense", "invalid"), (None, "")])
async def test_what_cannot_be_edited_is_a_failure_for_good(site: Site, ana: Program, edit: Any, kind: str) -> None:
    if edit is None:  # what the visitor wrote themselves
        await ana.post(id="a", text="mine")
        edit, kind = (await ana.entries())[0]["position"], "refused"

    failed = await failure(site, ana.chat, edit=edit, text="x")

    assert (failed.kind, failed.permanent) == (kind, True)


async def test_a_picture_of_the_box_is_shown_and_another_file_is_a_link(site: Site, ana: Program) -> None:
    for name, content in (("e1/1", PNG), ("e1/2", b"%PDF-1.7"), ("e1/3", b"<svg onload=alert(1)>")):
        (site.files / name).parent.mkdir(parents=True, exist_ok=True)
        (site.files / name).write_bytes(content)
    pictures = [
        {"kind": "photo", "file": "e1/1", "name": "cut"},
        {"kind": "document", "file": "e1/2", "name": "prices.pdf"},
    ]
    place = await site.send(ana.chat, text="Look", media=[*pictures, {"kind": "photo", "file": "e1/3"}])

    [entry] = await ana.entries()
    assert [one["url"] for one in entry["media"]] == [f"/chat/main/files/{place}/{number}" for number in range(3)]
    assert entry["html"].count("<img") == 1
    shown, kept = await ana.get(f"/files/{place}/0"), await ana.get(f"/files/{place}/1")
    assert (shown[0], shown[1], shown[2]["Content-Type"]) == (200, PNG, "image/png")
    assert kept[2]["Content-Type"] == "application/octet-stream"
    assert kept[2]["Content-Disposition"] == "attachment; filename*=UTF-8''prices.pdf"


async def test_a_picture_of_the_web_is_shown_from_there(site: Site, ana: Program) -> None:
    await site.send(ana.chat, media={"kind": "photo", "url": "https://salon.example/cut.jpg"})

    [entry] = await ana.entries()
    assert (
        '<img src="https://salon.example/cut.jpg" alt="photo" loading="lazy" referrerpolicy="no-referrer">'
        in entry["html"]
    )


@pytest.mark.parametrize(
    ("medium", "said"),
    [
        ({"file": "../secrets.yaml"}, "'../secrets.yaml' is no file of the box"),
        ({"file": "e9/1"}, "the file e9/1 cannot be read: no such file or directory"),
        ({"id": "AgAC", "account": "telegram/main"}, "telegram/main knows what 'AgAC' is, and chat/main does not"),
    ],
)
async def test_a_file_that_is_not_there_fails_the_message(site: Site, ana: Program, medium: Any, said: str) -> None:
    failed = await failure(site, ana.chat, media={"kind": "document", **medium})

    assert failed.message == f"send: media: {said}"
    assert (failed.kind, failed.permanent) == ("invalid", True)


async def test_typing_is_shown_until_the_message_comes(site: Site, ana: Program) -> None:
    waiting = asyncio.create_task(ana.news(wait=20))
    await site.until_looked_at()
    action = {"action": "typing", "chat": ana.chat}
    assert await site.channel.deliver(Message("t1", ACCOUNT, f"typing:{ana.chat}", action, NOON)) == {}

    assert (await waiting)["typing"] > 0
    await site.send(ana.chat, text="there")
    assert (await ana.news())["typing"] == 0


async def test_a_press_needs_no_answer_of_its_own(site: Site) -> None:
    answer = {"action": "answer_press", "press": "1", "text": None, "alert": False, "at": NOON.isoformat()}

    assert await site.channel.deliver(Message("p1", ACCOUNT, "press:1", answer, NOON)) == {}


async def test_who_is_no_chat_is_told_what_one_is(site: Site) -> None:
    failed = await failure(site, "ana@example.org", text="hi")

    assert (failed.message, failed.hint) == (
        "send: to must be a chat, got 'ana@example.org'",
        "such as ${event.sender}",
    )


async def test_a_full_disk_is_tried_again(site: Site, ana: Program) -> None:
    site.ledger.refusal = StorageFull("there is no room")

    failed = await failure(site, ana.chat, text="hi")

    assert (failed.permanent, failed.retry_after, failed.kind) == (False, 10, "busy")


async def test_what_a_visitor_sent_can_be_fetched(site: Site, tmp_path: Path) -> None:
    (site.files / "e1").mkdir(parents=True)
    (site.files / "e1/1").write_bytes(PNG)

    assert await site.channel.fetch("e1/1") == (PNG, "image/png")
    with pytest.raises(DeliveryFailed, match="cannot be read"):
        await site.channel.fetch("e1/2")


def test_a_long_text_becomes_several_with_the_picture_first_and_the_choices_last() -> None:
    media, choices = {"kind": "photo", "url": "https://salon.example/a.png"}, ["Yes"]

    first, last = parts({"text": f"{'a' * LONGEST}\nb", "media": media, "choices": choices, "to": "x"})

    assert (first["media"], "choices" in first, last) == (media, False, {"text": "b", "choices": choices, "to": "x"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "text is missing"),
        ({"text": " "}, "text is empty"),
        ({"text": "a", "markdown": "b"}, "text and markdown exclude each other"),
        ({"text": "a", "choises": ["b"]}, "there is no 'choises'; did you mean 'choices'?"),
        ({"text": "a", "choices": []}, "choices must be a list of 1 to 100, got []"),
        ({"text": "a" * 10_001, "edit": 1}, "an edited entry has at most 10000 characters"),
        ({"text": "a", "to": ["x"]}, "to is a list, and the web chat takes one chat at a time"),
    ],
)
def test_what_the_chat_can_make_nothing_of_is_found_in_the_step(content: dict[str, Any], said: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        parts(content)

    assert (failed.value.message, failed.value.kind) == (f"send: {said}", "invalid")


async def test_nobody_waits_for_a_channel_that_closes(tmp_path: Path) -> None:
    async with chat_site(tmp_path) as site:
        with site.rooms.look("a" * 26) as look:
            await site.channel.close()
            await look.news(20)
