"""What people of the sandbox do, as the business's webhook is told of it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from tests.support.sandbox_client import Receiver

from onebox.sandbox.acting import CannotAct
from onebox.sandbox.retrying import RetryPace
from onebox.sandbox.trouble import Trouble
from onebox.sandbox.whatsapp.sandbox import WhatsAppSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class BusinessWebhook(Receiver):
    """Knows the token `right`."""

    def application(self) -> web.Application:
        application = super().application()
        application.router.add_get("/hook", self._prove)
        return application

    async def _prove(self, request: web.Request) -> web.Response:
        if request.query["hub.mode"] == "subscribe" and request.query["hub.verify_token"] == "right":
            return web.Response(text=request.query["hub.challenge"])
        return web.Response(status=403)

    @property
    def values(self) -> list[dict[str, Any]]:
        """What each change holds, in the order in which it came."""
        return [change["value"] for one in self.brought for entry in one.body["entry"] for change in entry["changes"]]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for value in self.values for message in value.get("messages", ())]

    @property
    def statuses(self) -> list[dict[str, Any]]:
        return [status for value in self.values for status in value.get("statuses", ())]


@pytest.fixture
async def webhook() -> AsyncIterator[BusinessWebhook]:
    async with BusinessWebhook() as webhook:
        yield webhook


@pytest.fixture
async def whatsapp(webhook: BusinessWebhook) -> AsyncIterator[WhatsAppSandbox]:
    async with WhatsAppSandbox(latency=0, retry_pace=RetryPace(first=0.05)) as whatsapp:
        await whatsapp.point_to(f"{webhook.url}/hook", "right")
        yield whatsapp


async def send(whatsapp: WhatsAppSandbox, body: dict[str, Any], to: str = "Ana") -> str:
    account = whatsapp.account
    person = whatsapp.person(to, has_written=True, hides_number=whatsapp.world.person(to).hides_number)
    address = {"recipient": person.user_id} if person.hides_number else {"to": person.wa_id}
    headers = {"Authorization": f"Bearer {account.token}"}
    where = f"{whatsapp.url}/{account.phone_number_id}/messages"
    whole = {"messaging_product": "whatsapp", **address, **body}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(where, json=whole) as answer:
        told = await answer.json()
        assert answer.status == 200, told
        return str(told["messages"][0]["id"])


async def test_a_message_comes_signed_over_its_raw_body(whatsapp: WhatsAppSandbox, webhook: BusinessWebhook) -> None:
    told = await whatsapp.write("Hello")
    await webhook.until(1)
    [brought] = webhook.brought
    expected = hmac.new(whatsapp.account.app_secret.encode(), brought.raw, hashlib.sha256).hexdigest()

    assert brought.headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert webhook.values == [
        {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000001", "phone_number_id": "100000000000001"},
            "contacts": [{"profile": {"name": "Ana"}, "user_id": told["from_user_id"], "wa_id": "15550001001"}],
            "messages": [told],
        }
    ]
    assert (told["from"], told["type"], told["text"]) == ("15550001001", "text", {"body": "Hello"})


async def test_a_webhook_that_does_not_prove_itself_is_not_taken(
    whatsapp: WhatsAppSandbox, webhook: BusinessWebhook
) -> None:
    with pytest.raises(CannotAct, match="did not prove that it knows the verify token: it answered 403 ''"):
        await whatsapp.point_to(f"{webhook.url}/hook", "wrong")
    with pytest.raises(CannotAct, match="could not be asked: ClientConnectorError"):
        await whatsapp.point_to("http://127.0.0.1:9/hook", "right")


async def test_what_is_not_taken_is_brought_again(whatsapp: WhatsAppSandbox, webhook: BusinessWebhook) -> None:
    webhook.answer = lambda _: (500 if len(webhook.brought) < 3 else 200, {}, None)
    await whatsapp.write("Hello")
    await webhook.until(3)
    await whatsapp.until(lambda: whatsapp.stats()["webhooks"] == {"failed": 2, "taken": 1})

    assert webhook.brought[0].raw == webhook.brought[2].raw


async def test_one_body_may_hold_several_entries_messages_and_statuses(webhook: BusinessWebhook) -> None:
    async with WhatsAppSandbox(latency=0, gather=0.1) as whatsapp:
        await whatsapp.point_to(f"{webhook.url}/hook", "right")
        await whatsapp.write("Hello", person="Ana")
        await whatsapp.write("Hello", person="Bilal")
        await send(whatsapp, {"type": "text", "text": {"body": "Hi"}})
        await webhook.until(1)

    [brought] = webhook.brought
    assert len(brought.body["entry"]) == 2
    assert [contact["profile"]["name"] for contact in webhook.values[0]["contacts"]] == ["Ana", "Bilal"]
    assert (len(webhook.messages), [one["status"] for one in webhook.statuses]) == (2, ["sent", "delivered", "read"])


async def test_what_comes_may_be_doubled_and_late(webhook: BusinessWebhook) -> None:
    trouble = Trouble(duplicates=1.0, late=0.5, late_seconds=0.1, seed=4)
    async with WhatsAppSandbox(latency=0, trouble=trouble) as whatsapp:
        await whatsapp.point_to(f"{webhook.url}/hook", "right")
        for _ in range(4):
            await send(whatsapp, {"type": "text", "text": {"body": "Hi"}})
        await whatsapp.until(lambda: len(webhook.statuses) == 24)

    by_message = [[one["status"] for one in webhook.statuses if one["id"] == sent.id] for sent in whatsapp.sent]
    assert all(sorted(states) == sorted(["sent", "delivered", "read"] * 2) for states in by_message)
    assert any(states[0] != "sent" for states in by_message)


async def test_someone_with_a_username_has_no_number(whatsapp: WhatsAppSandbox, webhook: BusinessWebhook) -> None:
    ana = whatsapp.person("Ana", username="ana.olives", hides_number=True)
    await whatsapp.write("Hello")
    await webhook.until(1)
    await send(whatsapp, {"type": "text", "text": {"body": "Hello, Ana"}})
    await whatsapp.until(lambda: len(webhook.statuses) == 3)

    assert webhook.values[0]["contacts"] == [
        {"profile": {"name": "Ana", "username": "ana.olives"}, "user_id": ana.user_id}
    ]
    assert "from" not in webhook.messages[0]
    assert [set(status) for status in webhook.statuses] == [{"id", "status", "timestamp", "recipient_user_id"}] * 3
    assert whatsapp.texts("Ana") == ["Hello, Ana"]


async def test_buttons_rows_and_quick_replies_are_pressed(whatsapp: WhatsAppSandbox, webhook: BusinessWebhook) -> None:
    whatsapp.template("reminder", "Tomorrow", buttons=["Confirm"])
    question = {
        "type": "button",
        "body": {"text": "Well?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
    }
    choice = {
        "type": "list",
        "body": {"text": "Which?"},
        "action": {"button": "Choose", "sections": [{"rows": [{"id": "r", "title": "Row", "description": "First"}]}]},
    }
    first = await send(whatsapp, {"type": "interactive", "interactive": question})
    await send(whatsapp, {"type": "interactive", "interactive": choice})
    await send(whatsapp, {"type": "template", "template": {"name": "reminder", "language": {"code": "en_US"}}})
    for button in ("Yes", "r", "Confirm"):
        await whatsapp.press(button)
    await whatsapp.until(lambda: len(webhook.messages) == 3)
    told = {message["type"]: message for message in webhook.messages}
    pressed = [message["interactive"] for message in webhook.messages if message["type"] == "interactive"]

    assert told["button"]["button"] == {"payload": "Confirm", "text": "Confirm"}
    assert {"type": "button_reply", "button_reply": {"id": "y", "title": "Yes"}} in pressed
    assert {"type": "list_reply", "list_reply": {"id": "r", "title": "Row", "description": "First"}} in pressed
    assert first in {message["context"]["id"] for message in webhook.messages}
    with pytest.raises(CannotAct, match="there is no button 'No' in the chat with Ana; there are Confirm, Row, Yes"):
        await whatsapp.press("No")


async def test_all_other_kinds_come_as_from_meta(whatsapp: WhatsAppSandbox, webhook: BusinessWebhook) -> None:
    sent = await send(whatsapp, {"type": "text", "text": {"body": "Hi"}})
    await whatsapp.attach(b"\xff\xd8\xff rest", caption="Look")
    await whatsapp.attach(b"ogg", kind="voice", name="v.ogg", mime="audio/ogg")
    await whatsapp.locate(1.5, 2.5)
    await whatsapp.share_contact(name="Bilal", phone="15550009")
    await whatsapp.react(sent, "👍")
    await whatsapp.send_unsupported()
    await whatsapp.change_number("15550007777")
    await whatsapp.until(lambda: len(webhook.messages) == 7)
    told = {message["type"]: message for message in webhook.messages}

    assert set(told["image"]["image"]) == {"id", "mime_type", "sha256", "caption"}
    assert told["audio"]["audio"]["voice"] is True
    assert told["location"]["location"] == {"latitude": 1.5, "longitude": 2.5}
    assert told["contacts"]["contacts"][0]["phones"][0]["wa_id"] == "15550009"
    assert told["reaction"]["reaction"] == {"message_id": sent, "emoji": "👍"}
    assert told["unsupported"]["errors"][0]["code"] == 131051
    assert told["system"]["system"] == {
        "body": "User Ana changed from 15550001001 to 15550007777", "wa_id": "15550007777", "type": "user_changed_number",
    }  # fmt: skip
