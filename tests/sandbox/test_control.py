"""What tests and the page ask a sandbox for; and that nobody else may ask."""

from __future__ import annotations

import base64
import socket
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from tests.support.sandbox_client import BotClient

from onebox.sandbox.server import SandboxCannotListen
from onebox.sandbox.telegram.sandbox import TelegramSandbox
from onebox.sandbox.whatsapp.sandbox import WhatsAppSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Control:
    """The control API by plain HTTP."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def act(self, act: str, /, **given: Any) -> tuple[int, dict[str, Any]]:
        async with self.session.post(f"{self.url}/sandbox/{act}", json=given) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.session.get(self.url + path, headers=headers) as answer:
            return answer.status, await answer.json() if "json" in answer.content_type else await answer.text()


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(latency=0) as telegram:
        yield telegram


@pytest.fixture
async def tester(telegram: TelegramSandbox) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(telegram.url, session)


async def test_a_conversation_can_be_had_over_http_alone(telegram: TelegramSandbox, tester: Control) -> None:
    _, written = await tester.act("write", text="Hello", person="Bilal")
    async with BotClient(telegram) as bot:
        chat = written["result"]["chat"]["id"]
        markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
        await bot.result("sendMessage", chat_id=chat, text="Well?", reply_markup=markup)
    status, pressed = await tester.act("press", button="Yes", person="Bilal")
    _, sent = await tester.get(f"/sandbox/sent?chat={chat}")
    _, lines = await tester.get("/sandbox/lines")
    _, stats = await tester.get("/sandbox/stats")

    assert (status, set(pressed["result"])) == (200, {"id"})
    assert [one["message"]["text"] for one in sent] == ["Well?"]
    assert [(line["author"], line["text"]) for line in lines["lines"]] == [("Bilal", "Hello"), (None, "Well?")]
    assert (stats["calls"], stats["waiting"], stats["presses"]) == ({"sendMessage": 1}, 2, 1)


async def test_trouble_flood_time_and_reset_are_acts_too(telegram: TelegramSandbox, tester: Control) -> None:
    now = telegram.time.now()
    await tester.act("trouble", errors=1)
    await tester.act("flood", on=False)
    await tester.act("forward", seconds=86_400)
    await tester.act("write", text="Hello")
    await tester.act("reset")

    assert (telegram.trouble.errors, telegram.flood.on) == (1, False)
    assert telegram.time.now() >= now + 86_400
    assert (telegram.talk.lines, telegram.stats()["waiting"]) == ([], 0)


async def test_a_file_is_told_as_base64(telegram: TelegramSandbox, tester: Control) -> None:
    content = b"\x89PNG rest"
    await tester.act("attach", content=base64.b64encode(content).decode(), name="a.png", caption="Look")
    _, lines = await tester.get("/sandbox/lines")
    [line] = lines["lines"]
    async with tester.session.get(tester.url + line["media"]) as answer:
        served, kind, policy = await answer.read(), answer.content_type, answer.headers["Content-Security-Policy"]

    assert (line["media_kind"], line["text"], served, kind) == ("photo", "Look", content, "image/png")
    assert policy == "default-src 'none'; sandbox"


async def test_a_page_that_someone_sent_is_not_shown_as_a_page(telegram: TelegramSandbox, tester: Control) -> None:
    script = base64.b64encode(b"<script>alert(1)</script>").decode()
    await tester.act("attach", content=script, kind="document", name="a.html", mime="text/html")
    async with tester.session.get(tester.url + telegram.talk.lines[0].media) as answer:  # type: ignore[operator]
        assert answer.content_type == "application/octet-stream"


@pytest.mark.parametrize(
    ("act", "given", "error"),
    [
        ("wirte", {}, "there is no act 'wirte'; did you mean 'write'? there are attach, block,"),
        ("write", {}, "write: text: Missing required argument"),
        ("write", {"text": "x", "to": "y"}, "write: to: Unexpected keyword argument"),
        ("write", {"text": "x", "bot": 9}, "no bot with the id 9 asked the sandbox yet"),
        ("write", {"text": "x", "chat": -9}, "there is no group -9"),
        ("attach", {"content": "%"}, "content must be base64"),
        ("trouble", {"eror": 1}, "there is no trouble called 'eror'"),
        ("forward", {"seconds": -1}, "forward: seconds: Input should be greater than or equal to 0"),
        ("forward", {"seconds": 1e12}, "forward: seconds: Input should be less than or equal to 316224000"),
        ("pay", {}, "there is no invoice in the chat with Ana"),
    ],
)
async def test_what_cannot_be_done_is_told(tester: Control, act: str, given: dict[str, Any], error: str) -> None:
    status, told = await tester.act(act, **given)

    assert (status, told["ok"]) == (400, False)
    assert told["error"].startswith(error)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN"])
@pytest.mark.parametrize(
    ("act", "given"),
    [
        ("forward", '{"seconds": NUMBER}'),
        ("shut_out", '{"seconds": NUMBER}'),
        ("trouble", '{"slow_seconds": NUMBER}'),
        ("locate", '{"longitude": 1, "latitude": NUMBER}'),
    ],
)
async def test_what_is_no_finite_number_changes_nothing(
    telegram: TelegramSandbox, tester: Control, act: str, given: str, number: str
) -> None:
    body, kind = given.replace("NUMBER", number), {"Content-Type": "application/json"}
    async with tester.session.post(f"{tester.url}/sandbox/{act}", data=body, headers=kind) as answer:
        status, told = answer.status, await answer.json()

    assert (status, told["ok"]) == (400, False)
    assert abs(telegram.time.now() - time.time()) < 60
    assert (await tester.get("/sandbox/stats"))[0] == 200


@pytest.mark.parametrize("name", ["after", "wait"])
@pytest.mark.parametrize("number", ["9" * 400, "1e5", "-1", "", "inf", "\u0663"])
async def test_lines_are_asked_for_by_plain_numbers(tester: Control, name: str, number: str) -> None:
    status, told = await tester.get(f"/sandbox/lines?{name}={number}")

    assert status == 400
    assert told.startswith(f"{name} must be a number of at most 15 digits, and is ")
    assert len(told) < 120


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_picture_on_a_page_of_elsewhere_asks_for_nothing(
    telegram: TelegramSandbox, tester: Control, site: str
) -> None:
    telegram.person("Ana", started=True)
    image = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    link = {**image, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    send = f"/bot{telegram.token}/sendMessage?chat_id=1001&text=Gotcha"

    assert [(await tester.get(path, **image))[0] for path in (send, "/sandbox/lines", "/")] == [403] * 3
    assert [(await tester.get(path, **link))[0] for path in (send, "/sandbox/lines", "/")] == [403, 403, 200]
    assert telegram.sent == []
    for own in ("same-origin", "none"):
        assert (await tester.get("/sandbox/stats", **{"Sec-Fetch-Site": own}))[0] == 200


async def test_a_page_of_elsewhere_may_not_ask(tester: Control) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}):
        async with tester.session.post(f"{tester.url}/sandbox/write", json={"text": "x"}, headers=headers) as answer:
            assert answer.status == 403
        async with tester.session.get(f"{tester.url}/bot1:x/getMe", headers=headers) as answer:
            assert answer.status == 403
    async with tester.session.post(f"{tester.url}/sandbox/write", data='{"text": "x"}') as answer:
        assert answer.status == 400, "a form of a page can send no JSON"


async def test_the_page_runs_its_own_script_alone(tester: Control) -> None:
    async with tester.session.get(tester.url + "/") as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]

    assert "<title>Telegram sandbox</title>" in page
    assert '<script src="/sandbox/assets/chat.js" defer></script>' in page
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert [
        (await tester.get(f"/sandbox/assets/{name}"))[0] for name in ("chat.js", "chat.css", "page.py", "..%2fpage.py")
    ] == [200, 200, 404, 404]


async def test_it_listens_on_loopback_alone(telegram: TelegramSandbox) -> None:
    runner = telegram._runner
    assert runner is not None

    assert [address[0] for address in runner.addresses] == ["127.0.0.1"]


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SandboxCannotListen, match="cannot be used: address already in use"):
            async with TelegramSandbox(port=taken.getsockname()[1]):
                pass


async def test_both_sandboxes_have_the_same_control() -> None:
    async with WhatsAppSandbox(latency=0) as whatsapp, aiohttp.ClientSession() as session:
        tester = Control(whatsapp.url, session)
        _, written = await tester.act("write", text="Hello", person="Bilal")
        _, lines = await tester.get("/sandbox/lines")

        assert written["result"]["text"] == {"body": "Hello"}
        assert lines["lines"][0]["person"] == "Bilal"
        assert (await tester.get("/"))[1].count("WhatsApp sandbox") == 2
