"""What the Graph API of the sandbox takes and refuses, and what becomes of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from onebox.sandbox.acting import CannotAct
from onebox.sandbox.whatsapp.limits import Limits
from onebox.sandbox.whatsapp.sandbox import WhatsAppSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Business:
    """A business by plain HTTP."""

    def __init__(self, whatsapp: WhatsAppSandbox, session: aiohttp.ClientSession) -> None:
        self.whatsapp = whatsapp
        self.session = session

    async def post(self, body: Any, *, to: str = "15550001001") -> tuple[int, dict[str, Any]]:
        """The status and the answer for one message."""
        account = self.whatsapp.account
        whole = {"messaging_product": "whatsapp", "to": to, **body} if isinstance(body, dict) else body
        where = f"{self.whatsapp.url}/v23.0/{account.phone_number_id}/messages"
        async with self.session.post(where, json=whole) as answer:
            return answer.status, await answer.json()

    async def sends(self, body: dict[str, Any], *, to: str = "15550001001") -> str:
        """The id of a message that must be taken."""
        status, told = await self.post(body, to=to)
        assert status == 200, told
        return str(told["messages"][0]["id"])

    async def refused(self, body: Any, *, to: str = "15550001001") -> tuple[int, int, str]:
        """Status, code and details of a refusal."""
        status, told = await self.post(body, to=to)
        error = told["error"]
        return status, error["code"], error.get("error_data", {}).get("details", error["message"])


@pytest.fixture
async def whatsapp() -> AsyncIterator[WhatsAppSandbox]:
    async with WhatsAppSandbox(latency=0) as whatsapp:
        whatsapp.person("Ana", has_written=True)
        yield whatsapp


@pytest.fixture
async def business(whatsapp: WhatsAppSandbox) -> AsyncIterator[Business]:
    headers = {"Authorization": f"Bearer {whatsapp.account.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield Business(whatsapp, session)


def text(body: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": body}}


def buttons(*replies: dict[str, Any], body: str = "Well?") -> dict[str, Any]:
    action = {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}
    return {"type": "interactive", "interactive": {"type": "button", "body": {"text": body}, "action": action}}


def rows(count: int, **row: str) -> dict[str, Any]:
    given = [{"id": f"r{number}", "title": f"Row {number}", **row} for number in range(count)]
    action = {"button": "Choose", "sections": [{"rows": given}]}
    return {"type": "interactive", "interactive": {"type": "list", "body": {"text": "Which?"}, "action": action}}


async def test_a_text_is_taken_and_answered_as_by_meta(whatsapp: WhatsAppSandbox, business: Business) -> None:
    status, told = await business.post(text("Hello"), to="+1 555-000-1001")

    assert status == 200
    assert told["contacts"] == [
        {"input": "+1 555-000-1001", "wa_id": "15550001001", "user_id": "US.134900015550001001"}
    ]
    assert told["messages"][0]["id"].startswith("wamid.")
    assert whatsapp.texts("Ana") == ["Hello"]
    assert whatsapp.stats()["statuses"] == {"sent": 1, "delivered": 1, "read": 1}


async def test_a_wrong_token_is_refused(whatsapp: WhatsAppSandbox) -> None:
    where = f"{whatsapp.url}/v23.0/{whatsapp.account.phone_number_id}/messages"
    wrong = {"Authorization": "Bearer wrong"}
    async with aiohttp.ClientSession() as session, session.post(where, json={}, headers=wrong) as answer:
        status, told = answer.status, await answer.json()

    assert status == 401
    assert told["error"].pop("fbtrace_id")
    assert told["error"] == {
        "message": "Invalid OAuth access token - Cannot parse access token", "type": "OAuthException", "code": 190,
    }  # fmt: skip


async def test_what_is_not_there_is_refused_as_by_meta(whatsapp: WhatsAppSandbox, business: Business) -> None:
    async with business.session.post(f"{whatsapp.url}/v23.0/42/messages", json={}) as answer:
        told = (await answer.json())["error"]

    assert (answer.status, told["code"], told["error_subcode"], told["type"]) == (400, 100, 33, "GraphMethodException")
    assert told["message"].startswith("Unsupported post request. Object with ID '42' does not exist")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (text(""), (400, 131008, "Parameter 'text.body' is missing")),
        (text("x" * 4097), (400, 100, "Param text.body must be at most 4096 characters long.")),
        ({"type": "text"}, (400, 131008, "Parameter 'text' is missing")),
        ({"type": "text", "text": "x"}, (400, 100, "Param text must be a JSON object.")),
        ({"type": "poll", "poll": {}}, (400, 131051, "Message type 'poll' is not supported")),
        ({"messaging_product": "sms"}, (400, 100, "Param messaging_product must be one of {WHATSAPP}")),
        ([], (400, 100, "The body of the request must be a JSON object.")),
        (buttons(), (400, 131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")),
        (
            buttons(*({"id": str(number), "title": str(number)} for number in range(4))),
            (400, 131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"),
        ),
        (
            buttons({"id": "a", "title": "x" * 21}),
            (400, 100, "Param interactive.action.buttons[0].reply.title must be at most 20 characters long."),
        ),
        (
            buttons({"id": "a", "title": "Yes"}, {"id": "a", "title": "No"}),
            (400, 131009, "interactive.action.buttons[1]: ids and titles of buttons must be unique"),
        ),
        (
            buttons({"id": "a", "title": "Yes"}, body="x" * 1025),
            (400, 100, "Param interactive.body.text must be at most 1024 characters long."),
        ),
        (rows(11), (400, 131009, "Total row count exceed max allowed count: 10")),
        (
            rows(1, title="x" * 25),
            (400, 100, "Param interactive.action.sections.rows.title must be at most 24 characters long."),
        ),
        (
            {"type": "image", "image": {"id": "9"}},
            (400, 131009, "image.id '9' is no uploaded medium"),
        ),
        (
            {"type": "template", "template": {"name": "gone", "language": {"code": "en"}}},
            (404, 132001, "template name (gone) does not exist in en"),
        ),
        ({"status": "read", "message_id": "wamid.x"}, (400, 131009, 'message_id "wamid.x" is no message of a person')),
    ],
)
async def test_what_is_wrong_is_refused_with_its_code(
    business: Business, body: Any, expected: tuple[int, int, str]
) -> None:
    assert await business.refused(body) == expected


async def test_outside_the_window_a_text_fails_and_a_template_arrives(
    whatsapp: WhatsAppSandbox, business: Business
) -> None:
    whatsapp.template("reminder", "Hello {{1}}, tomorrow at {{2}}", buttons=["Confirm"])
    whatsapp.time.forward(24 * 3600)
    await business.sends(text("Hello"))
    parameters = [{"type": "text", "text": "Ana"}, {"type": "text", "text": "10:00"}]
    template = {"name": "reminder", "language": {"code": "en_US"}}
    body = {"type": "template", "template": {**template, "components": [{"type": "body", "parameters": parameters}]}}
    await business.sends(body)
    body["template"]["components"] = []  # type: ignore[index]

    assert whatsapp.stats()["statuses"] == {"failed": 1, "sent": 1, "delivered": 1, "read": 1}
    assert whatsapp.talk.lines[0].note.startswith("failed: Message failed to send because more than 24 hours")
    assert whatsapp.texts("Ana")[1] == "Hello Ana, tomorrow at 10:00"
    assert await business.refused(body) == (
        400, 132000, "body: number of localizable_params (0) does not match the expected number of params (2)",
    )  # fmt: skip


async def test_outside_the_window_a_text_can_be_refused_at_once() -> None:
    async with WhatsAppSandbox(latency=0, when_closed="refuse") as whatsapp:
        whatsapp.person("Ana")
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {whatsapp.account.token}"}) as session:
            business = Business(whatsapp, session)
            status, code, _ = await business.refused(text("Hello"))
            await whatsapp.write("Hi", person="Ana")
            await business.sends(text("Hello"))

    assert (status, code) == (400, 131047)


async def test_someone_without_whatsapp_gets_nothing(whatsapp: WhatsAppSandbox, business: Business) -> None:
    await business.sends(text("Hello"), to="4915900000000")

    assert whatsapp.stats()["statuses"] == {"failed": 1}
    assert whatsapp.sent == []


async def test_a_blocked_business_learns_only_that_it_was_sent(whatsapp: WhatsAppSandbox, business: Business) -> None:
    await whatsapp.block()
    await business.sends(text("Hello"))

    assert whatsapp.stats()["statuses"] == {"sent": 1}


async def test_one_person_is_not_written_to_too_often(business: Business) -> None:
    for number in range(45):
        await business.sends(text(str(number)))
    status, code, _ = await business.refused(text("one too many"))

    assert (status, code) == (429, 131056)
    business.whatsapp.time.forward(6.5)
    await business.sends(text("now"))
    assert business.whatsapp.stats()["refused_by_flood"] == {"pair": 1}


async def test_throughput_has_its_limit() -> None:
    async with WhatsAppSandbox(latency=0, flood=Limits(per_second=0.1, burst=1)) as whatsapp:
        whatsapp.person("Ana", has_written=True)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {whatsapp.account.token}"}) as session:
            business = Business(whatsapp, session)
            await business.sends(text("Hello"))

            assert (await business.refused(text("Hello")))[:2] == (429, 130429)


async def test_any_refusal_can_be_asked_for(whatsapp: WhatsAppSandbox, business: Business) -> None:
    whatsapp.refuse(131048, times=1)
    whatsapp.refuse(133010, person="Ana")

    assert (await business.refused(text("Hello")))[:2] == (429, 131048)
    assert (await business.refused(text("Hello")))[:2] == (400, 133010)
    await business.sends(text("Hello"))
    with pytest.raises(CannotAct, match="7 is no code that the sandbox knows"):
        whatsapp.refuse(7)


async def test_media_go_up_and_come_down(whatsapp: WhatsAppSandbox, business: Business) -> None:
    base = f"{whatsapp.url}/v23.0"
    form = aiohttp.FormData({"messaging_product": "whatsapp", "type": "image/png"})
    form.add_field("file", b"\x89PNG rest", filename="a.png", content_type="image/png")
    async with business.session.post(f"{base}/{whatsapp.account.phone_number_id}/media", data=form) as answer:
        number = (await answer.json())["id"]
    await business.sends({"type": "image", "image": {"id": number, "caption": "Our shop"}})
    async with business.session.get(f"{base}/{number}") as answer:
        told = await answer.json()
    async with business.session.get(told["url"]) as answer:
        content = await answer.read()
    async with aiohttp.ClientSession() as stranger, stranger.get(told["url"]) as answer:
        without_token = answer.status
    whatsapp.time.forward(301)
    async with business.session.get(told["url"]) as answer:
        too_late = answer.status
    async with business.session.delete(f"{base}/{number}") as answer:
        deleted = await answer.json()
    async with business.session.get(f"{base}/{number}") as answer:
        gone = answer.status

    assert (told["mime_type"], told["file_size"], content) == ("image/png", 9, b"\x89PNG rest")
    assert (without_token, too_late, deleted, gone) == (401, 404, {"success": True}, 400)
    assert whatsapp.texts("Ana") == ["Our shop"]


async def test_a_message_is_marked_as_read(whatsapp: WhatsAppSandbox, business: Business) -> None:
    came = await whatsapp.write("Are you open?")
    status, told = await business.post(
        {"status": "read", "message_id": came["id"], "typing_indicator": {"type": "text"}}
    )

    assert (status, told) == (200, {"success": True})
    assert whatsapp.talk.lines[-1].note == "read, and an answer is being written"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"type": "location", "location": {"latitude": 1.5, "longitude": 2, "name": "Shop"}}, "location 1.5, 2: Shop"),
        ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Bilal"}}]}, "contact Bilal"),
        ({"type": "document", "document": {"link": "https://a.example/x.pdf"}}, "https://a.example/x.pdf"),
        (
            {"type": "interactive", "interactive": {
                "type": "cta_url", "body": {"text": "Book"}, "footer": {"text": "soon"},
                "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://a.example"}},
            }},
            "Book\nsoon",
        ),
    ],
)  # fmt: skip
async def test_every_kind_is_shown(
    whatsapp: WhatsAppSandbox, business: Business, body: dict[str, Any], shown: str
) -> None:
    await business.sends(body)

    assert whatsapp.texts("Ana") == [shown]
