"""The channel and the receivers against the sandbox's Bot API, whose people write, press, pay and block."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.messages import StoppedClock, message
from tests.support.reception import PlainReception

from onebox.app.catalogue import catalogue
from onebox.channels.telegram.api import BotApi
from onebox.channels.telegram.channel import TelegramChannel
from onebox.channels.telegram.parts import parts
from onebox.channels.telegram.receiver import TelegramReceiver
from onebox.flows.book import FlowBook
from onebox.flows.definition import FlowLoader
from onebox.sandbox.telegram.flood import Flood
from onebox.sandbox.telegram.sandbox import TelegramSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FLOW = """\
flow: desk
on:
  telegram: {updates: [message, edited_message, callback_query, pre_checkout_query, message_reaction]}
steps:
  - do: log
    with: {text: "${event.kind}"}
"""
PNG = b"\x89PNG\r\n\x1a\n"


class Desk:
    """A bot that Ana has started to write to."""

    def __init__(self, sandbox: TelegramSandbox, files: Path) -> None:
        self.sandbox = sandbox
        self.ana = sandbox.person("Ana", started=True)
        self.channel = TelegramChannel(
            account="telegram/main", api=BotApi(sandbox.url, sandbox.token), clock=StoppedClock(), files=files
        )
        self.reception = PlainReception()
        book = FlowBook()
        book.replace(FlowLoader(catalogue()).load({"flows/desk.yaml": FLOW}).flows)
        self.receiver = TelegramReceiver(
            account="telegram/main",
            api=BotApi(sandbox.url, sandbox.token),
            book=book,
            reception=self.reception,
            clock=StoppedClock(),
            pause=lambda _: asyncio.sleep(0.01),
        )

    async def deliver(self, **content: Any) -> list[dict[str, Any]]:
        return [dict(await self.channel.deliver(message(str(self.ana.id), **piece))) for piece in parts(content)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with TelegramSandbox(latency=0, flood=Flood(on=False)) as sandbox:
        made = Desk(sandbox, tmp_path)
        running = asyncio.create_task(made.receiver.run())
        await sandbox.until(
            lambda: sandbox.stats()["calls"].get("getUpdates")
        )  # with it come the kinds that are wanted
        yield made
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.gather(made.channel.close(), made.receiver.close())


async def test_what_people_do_comes_in(desk: Desk) -> None:
    sandbox = desk.sandbox
    [asked] = await desk.deliver(text="Coming?", choices=["Yes", {"id": "n", "title": "No"}])
    said = await sandbox.write("Hello", reply_to=asked["message_id"])
    await sandbox.edit(said["message_id"], "Hello!")
    await sandbox.attach(PNG, name="hair.png", caption="My hair")
    await sandbox.attach(b"%PDF", kind="document", name="cv.pdf")
    await sandbox.locate(52.5, 13.4)
    await sandbox.share_contact(phone="+4930123456")
    await sandbox.press("No")
    await sandbox.react(said["message_id"], "👍")
    await sandbox.block()

    events = await desk.reception.until(9)

    kinds = ["message", "edited_message", *["message"] * 4, "callback_query", "message_reaction", "my_chat_member"]
    assert [event["kind"] for event in sorted(events, key=lambda event: event["update"]["update_id"])] == kinds
    assert [event["reason"] for event in events] == [None] * 9
    by_text = {event["text"]: event for event in events}
    assert by_text["Hello"]["reply_to"] == asked["message_id"]
    assert by_text["My hair"]["media"][0]["kind"] == "photo"
    assert by_text["n"]["choice"] == "n"
    assert [event["sender"]["phone"] for event in events if event["contact"]] == ["+4930123456"]
    assert [post.gone for post in desk.reception.posts if post.gone is not None] == [True]


async def test_a_picture_comes_back_as_it_was(desk: Desk) -> None:
    await desk.sandbox.attach(PNG, name="hair.png")
    [event] = await desk.reception.until(1)
    [photo] = event["media"]

    data, _ = await desk.channel.fetch(photo["id"])
    await desk.deliver(media=photo, text="Yours")

    assert data == PNG
    assert desk.sandbox.sent[-1].method == "sendPhoto"


async def test_a_press_is_answered(desk: Desk) -> None:
    await desk.deliver(text="Coming?", choices=["Yes"])
    query = await desk.sandbox.press("Yes")
    [event] = await desk.reception.until(1)

    content = {"action": "answer_press", "press": event["callback_id"], "text": "See you", "alert": True}
    receipts = [dict(await desk.channel.deliver(message("press:1", **content))) for _ in range(2)]

    assert receipts[0] == {"answered": True}
    assert (await query.answer)["text"] == "See you"


async def test_messages_of_every_sort_are_taken(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"%PDF")
    own = {"file": "list", "name": "prices.pdf", "kind": "document"}
    photo = {"url": "https://salon.example/1.jpg", "kind": "photo"}
    await desk.deliver(
        markdown="**Hello** <you> & `me`\n\n> [there](https://salon.example)\n\n- one", choices=["A", "B"]
    )
    await desk.deliver(text="🙂 word & <b>\n" * 700)
    await desk.deliver(media=own, markdown="*Prices*", choices=["Book"])
    await desk.deliver(media=[photo, photo], text="Both")
    await desk.deliver(location={"latitude": 52.5, "longitude": 13.4, "name": "Salon", "address": "1 Main Street"})
    [plain] = await desk.deliver(markup="<b>17 < 18")
    await desk.deliver(text="Your number?", request="contact")

    assert plain["plain"] is True
    assert [sent.method for sent in desk.sandbox.sent][-6:] == [
        "sendDocument",
        *["sendMediaGroup"] * 2,
        "sendVenue",
        *["sendMessage"] * 2,
    ]
    assert desk.sandbox.texts("Ana")[0] == "Hello <you> & me\n\nthere\n\n• one"
    assert sum(text.count("🙂") for text in desk.sandbox.texts("Ana")) == 700


async def test_messages_are_changed(desk: Desk) -> None:
    [text] = await desk.deliver(text="Coming?", choices=["Yes"])
    [photo] = await desk.deliver(media={"url": "https://salon.example/1.jpg", "kind": "photo"}, text="New")

    changed = [
        *await desk.deliver(edit=text["message_id"], markdown="**Thanks**"),
        *await desk.deliver(edit=text["message_id"], markdown="**Thanks**"),
        *await desk.deliver(edit=photo["message_id"], text="Old"),
        *await desk.deliver(edit=photo["message_id"], choices=["More"]),
    ]
    [anew] = await desk.deliver(edit=7, text="Hello")

    assert [receipt["edited"] for receipt in changed] == [True] * 4
    assert "edited" not in anew
    assert desk.sandbox.texts("Ana")[-1] == "Hello"


async def test_a_text_and_a_picture_are_changed_into_files(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"%PDF")
    (tmp_path / "cut").write_bytes(PNG)
    [text] = await desk.deliver(text="One moment", choices=["Stop"])

    changed = [
        *await desk.deliver(edit=text["message_id"], media={"file": "cut", "name": "cut.png", "kind": "photo"}),
        *await desk.deliver(edit=text["message_id"], media={"file": "list", "kind": "document"}, markup="<b>open"),
    ]
    picture, document = desk.sandbox.sent[-2:]

    assert [receipt["edited"] for receipt in changed] == [True, True]
    assert [receipt.get("plain", False) for receipt in changed] == [False, True]
    assert (picture.method, set(picture.message) & {"text", "photo", "reply_markup"}) == ("editMessageMedia", {"photo"})
    assert (document.text, document.message["document"]["file_name"]) == ("open", "list")
    assert desk.sandbox.texts("Ana") == ["One moment"], "nothing is sent anew"


async def test_what_cannot_be_changed_into_a_file_is_sent_anew(desk: Desk) -> None:
    photo = {"url": "https://salon.example/1.jpg", "kind": "photo"}
    [place] = await desk.deliver(location={"latitude": 52.5, "longitude": 13.4})
    [album] = await desk.deliver(media=[photo, photo])
    [text] = await desk.deliver(text="One moment")

    anew = [
        *await desk.deliver(edit=place["message_id"], media=photo),
        *await desk.deliver(edit=album["message_id"], media={**photo, "kind": "document"}),
        *await desk.deliver(edit=text["message_id"], media={"url": "https://salon.example/1.ogg", "kind": "voice"}),
    ]

    assert ["edited" in receipt for receipt in anew] == [False] * 3
    assert [sent.method for sent in desk.sandbox.sent[-3:]] == ["sendPhoto", "sendDocument", "sendVoice"]


async def test_a_box_takes_what_is_written_after_the_sandbox_was_started_anew(desk: Desk) -> None:
    await desk.sandbox.write("start 0")
    await desk.reception.until(1)
    [sent] = await desk.deliver(text="Coming?")
    await desk.sandbox.__aexit__(None, None, None)
    for start in range(1, 7):
        async with TelegramSandbox(port=desk.sandbox.port, latency=0, flood=Flood(on=False)) as sandbox:
            await sandbox.write(f"start {start}")
            await desk.reception.until(1 + start)
            [anew] = await desk.deliver(edit=sent["message_id"], text="Thanks")

    assert [event["text"] for event in desk.reception.events] == [f"start {start}" for start in range(7)]
    assert "edited" not in anew, "the message of another start is not this one's"


async def test_stars_are_paid(desk: Desk) -> None:
    prices = [{"label": "Tip", "amount": 5}]
    invoice = {"title": "Tip", "description": "Thanks", "payload": "tip-1", "currency": "XTR", "prices": prices}
    await desk.deliver(invoice=invoice)
    paying = asyncio.create_task(desk.sandbox.pay())
    [query] = await desk.reception.until(1)

    content = {"action": "answer_checkout", "checkout": query["checkout"], "ok": True}
    await desk.channel.deliver(message(f"checkout:{query['checkout']}", **content))

    assert (await paying)["paid"] is True
    paid = (await desk.reception.until(2))[-1]["payment"]
    assert (paid["payload"], paid["currency"], paid["amount"]) == ("tip-1", "XTR", 5)
