"""What visitors send to a web chat and are served by it, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from tests.channels.chat.site import ACCOUNT, PNG, Page, browser, chat_site, program

from onebox.channels.chat.incoming import LARGEST_FILE
from onebox.channels.chat.rooms import MOST_OF_ONE
from onebox.channels.chat.showing import Look
from onebox.messaging.inbox import BacklogFull

if TYPE_CHECKING:
    from pathlib import Path

    from tests.channels.chat.site import Browser, Program, Site


def files(**more: Any) -> aiohttp.FormData:
    form = aiohttp.FormData({"id": "a", "text": "look"}, quote_fields=False)
    form.add_field(
        "file", BytesIO(more.get("content", PNG)), filename=more.get("name", "cut.png"), content_type="image/png"
    )
    return form


# --- what is sent ---


async def test_a_text_becomes_an_event_and_an_entry_once(site: Site, ana: Program) -> None:
    answers = [await ana.post(id="a", text=" Hello\r\nthere ") for _ in range(2)]

    assert answers == [(202, {"id": "a"})] * 2
    assert await ana.texts() == [("in", "Hello\nthere")]
    post = site.post
    assert (post.account, post.chat, post.sender, post.key) == (ACCOUNT, ana.chat, ana.chat, f"{ana.chat}:a")
    assert {name: post.data[name] for name in ("kind", "text", "choice", "pressed", "message_id")} == {
        "kind": "message",
        "text": "Hello\nthere",
        "choice": None,
        "pressed": False,
        "message_id": "a",
    }
    assert post.data["sender"]["id"] == post.data["chat"]["id"] == ana.chat
    assert post.data["sender"]["account"] == ACCOUNT


@pytest.mark.parametrize(
    ("header", "language"), [("pt-BR,pt;q=0.9", "pt-BR"), ("*", None), ("", None), ("Salón", "Sal")]
)
async def test_the_language_is_the_one_that_the_browser_asks_for_first(
    site: Site, bo: Browser, header: str, language: str | None
) -> None:
    headers = {"Accept-Language": header, "Origin": site.url}
    answer = await bo.session.post(f"{site.url}/chat/main/messages", json={"id": "a", "text": "hi"}, headers=headers)

    assert (answer.status, site.post.data["sender"]["language"]) == (202, language)


async def test_a_press_tells_the_choice_and_which_message_it_was_of(site: Site, ana: Program) -> None:
    place = await site.send(ana.chat, text="Sure?", choices=[{"id": "y", "title": "Yes"}])

    assert await ana.post(id="a", choice="y", message=place) == (202, {"id": "a"})

    data = site.post.data
    assert (data["kind"], data["text"], data["choice"], data["pressed"]) == ("press", "Yes", "y", True)
    assert data["message_id"] == place
    assert await ana.texts() == [("out", "Sure?"), ("in", "Yes")]


async def test_only_what_is_offered_in_the_own_chat_can_be_chosen(site: Site, ana: Program) -> None:
    place = await site.send(
        ana.chat, text="Sure?", choices=["Yes", {"id": "u", "title": "Web", "url": "https://a.example"}]
    )
    elsewhere = await site.send("b" * 26, text="Admin?", choices=["Open"])

    for choice, message in (("No", place), ("u", place), ("Open", elsewhere), ("Yes", 7)):
        status, told = await ana.post(id="a", choice=choice, message=message)
        assert (status, told["error"]) == (409, "no_such_choice")
    await site.send(ana.chat, edit=place, text="Too late")
    assert (await ana.post(id="a", choice="Yes", message=place))[0] == 409
    assert site.reception.posts == []


async def test_a_press_that_comes_again_after_its_buttons_went_was_taken(site: Site, ana: Program) -> None:
    place = await site.send(ana.chat, text="Sure?", choices=["Yes"])
    await ana.post(id="a", choice="Yes", message=place)
    await site.send(ana.chat, edit=place, text="Done")

    assert await ana.post(id="a", choice="Yes", message=place) == (202, {"id": "a"})
    assert (await ana.post(id="b", choice="Yes", message=place))[0] == 409
    assert len(site.reception.posts) == 1


async def test_a_picture_comes_with_its_event_and_is_shown_to_its_sender(site: Site, ana: Program) -> None:
    assert (await ana.post(data=files(name="c:\\pictures/cut.png")))[0] == 202

    [medium] = site.post.data["media"]
    kept = {"kind": "photo", "id": "event1/1", "name": "cut.png", "type": "image/png", "size": len(PNG)}
    assert medium == {**kept, "account": ACCOUNT}
    assert site.post.event_id == "event1"
    assert await site.channel.fetch(medium["id"]) == (PNG, "image/png")
    [entry] = await ana.entries()
    assert (entry["text"], (await ana.get(entry["media"][0]["url"].removeprefix("/chat/main")))[1]) == ("look", PNG)


async def test_a_file_is_a_document_whatever_its_sender_says_that_it_is(site: Site, ana: Program) -> None:
    await ana.post(data=files(content=b"<svg onload=alert(1)>"))

    assert site.post.data["media"][0]["kind"] == "document"
    [entry] = await ana.entries()
    _, _, headers = await ana.get(entry["media"][0]["url"].removeprefix("/chat/main"))
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_a_file_of_a_message_that_came_twice_or_was_not_stored_is_not_kept(site: Site, ana: Program) -> None:
    await ana.post(data=files())
    await ana.post(data=files())
    site.reception.refusal = BacklogFull("100 runs are waiting")
    with pytest.raises(aiohttp.ContentTypeError):  # the web room, which stands before, makes 503 of it
        await ana.post(data=files())

    assert [folder.name for folder in site.files.iterdir()] == ["event1"]


async def test_a_location_comes_as_it_was_sent(site: Site, ana: Program) -> None:
    assert (await ana.post(id="a", location={"latitude": 38.7, "longitude": -9.1, "name": "Here"}))[0] == 202

    assert site.post.data["location"] == {"latitude": 38.7, "longitude": -9.1, "name": "Here", "address": None}
    assert "Here (38.70000, -9.10000)" in (await ana.entries())[0]["html"]


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        ({"text": "hi"}, 422, "id_invalid"),
        ({"id": "a b", "text": "hi"}, 422, "id_invalid"),
        ({"id": "a"}, 422, "message_invalid"),
        ({"id": "a", "text": " \x00 "}, 422, "message_invalid"),
        ({"id": "a", "text": 7}, 422, "message_invalid"),
        ({"id": "a", "text": "hi", "choice": "y", "message": 1}, 422, "message_invalid"),
        ({"id": "a", "choice": "y"}, 422, "message_invalid"),
        ({"id": "a", "choice": "y", "message": 10**15}, 422, "message_invalid"),
        ({"id": "a", "location": {"latitude": 91, "longitude": 0}}, 422, "message_invalid"),
        ({"id": "a", "location": {"latitude": True, "longitude": 0}}, 422, "message_invalid"),
        ({"id": "a", "text": "a" * 4097}, 422, "text_too_long"),
        ([], 400, "json_invalid"),
    ],
)
async def test_what_cannot_be_a_message_is_refused(
    site: Site, ana: Program, sent: Any, status: int, error: str
) -> None:
    refused = await ana.post(sent)

    assert (refused[0], refused[1]["error"]) == (status, error)
    assert site.reception.posts == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"id": "a", "text": "\\ud800"}', "application/json", 400),
        (b"hi", "text/plain", 415),
        (b"hi", "multipart/form-data", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"&".join(b"a=1" for _ in range(21)), "application/x-www-form-urlencoded", 400),
        (b" " * (LARGEST_FILE + 100_001), "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    site: Site, ana: Program, body: bytes, kind: str, status: int
) -> None:
    headers = {**ana._headers, "Content-Type": kind}
    async with aiohttp.ClientSession(headers=headers) as session:
        answer = await session.post(f"{site.url}/chat/main/messages", data=BytesIO(body))
    assert answer.status == status
    assert site.reception.posts == []


async def test_a_file_that_is_too_large_is_refused(site: Site, ana: Program) -> None:
    status, told = await ana.post(data=files(content=b"a" * (LARGEST_FILE + 1)))

    assert (status, told["message"]) == (413, "a file may have up to 10 MB")
    assert not site.files.exists()


# --- what is new ---


async def test_who_waits_is_told_at_once(site: Site, ana: Program) -> None:
    waiting = asyncio.create_task(ana.entries(wait=20))
    await site.until_looked_at()
    await site.send(ana.chat, text="news")

    assert [entry["text"] for entry in await asyncio.wait_for(waiting, 5)] == ["news"]
    assert site.rooms._looks == {}


async def test_a_message_of_another_page_of_the_same_visitor_is_told_too(site: Site, ana: Program) -> None:
    waiting = asyncio.create_task(ana.entries(wait=20))
    await site.until_looked_at()
    await ana.post(id="a", text="mine")

    assert [entry["text"] for entry in await asyncio.wait_for(waiting, 5)] == ["mine"]


async def test_of_one_chat_only_some_pages_may_wait(site: Site, ana: Program) -> None:
    waiting = [asyncio.create_task(ana.news(wait=20)) for _ in range(MOST_OF_ONE)]
    await site.until_looked_at(MOST_OF_ONE)

    assert (await asyncio.wait_for(ana.news(wait=20), 5))["pause"] == 5
    await site.send(ana.chat, text="news")
    assert [len(told["entries"]) for told in await asyncio.gather(*waiting)] == [1] * MOST_OF_ONE


async def test_nothing_new_within_the_time_is_no_entries(ana: Program) -> None:
    told = await ana.news(wait=0.05)

    assert (told["entries"], told["after"], told["pause"]) == ([], 0, 0)


@pytest.mark.parametrize("query", ["after=x", "after=-1", "wait=nan", "after=1e9"])
async def test_a_question_that_is_none_is_refused(ana: Program, query: str) -> None:
    status, told, _ = await ana.get(f"/messages?{query}")

    assert (status, json.loads(told)["error"]) == (400, "query_invalid")


# --- who may what ---


async def test_nobody_sees_another_s_chat_or_files(site: Site, ana: Program) -> None:
    await ana.post(data=files())
    [entry] = await ana.entries()
    address = entry["media"][0]["url"]
    async with program(site.url) as other, aiohttp.ClientSession() as nobody:
        assert await other.entries() == []
        assert (await other.get(address.removeprefix("/chat/main")))[0] == 404
        for path in (address, "/chat/main/messages"):
            for headers in ({}, {"Authorization": f"Bearer {ana.chat}"}, {"Cookie": f"onebox_chat_main={ana.chat}"}):
                async with nobody.get(f"{site.url}{path}", headers=headers) as answer:
                    assert (answer.status, (await answer.json())["error"]) == (401, "visitor_unknown")


@pytest.mark.parametrize("rest", ["", "1", "1/0", "x/0", "1/x", f"{10**16}/0", "²/0", "../../etc/passwd/0"])
async def test_a_file_that_is_none_is_not_found(ana: Program, rest: str) -> None:
    assert (await ana.get(f"/files/{rest}"))[0] == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://bad.example"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://bad.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://[bad"}, 403),
        ({"Origin": "https://salon.example", "X-Forwarded-Host": "salon.example"}, 202),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://salon.example"}, 202),
        ({}, 202),
    ],
)
async def test_pages_of_other_sites_cannot_write_for_a_visitor(
    site: Site, bo: Browser, headers: dict[str, str], status: int
) -> None:
    await bo.open()
    async with bo.session.post(f"{site.url}/chat/main/messages", json={"id": "a", "text": "hi"}, headers=headers) as it:
        assert it.status == status
    assert len(site.reception.posts) == (status == 202)


async def test_the_cookie_is_the_visitor_s_own_secret(site: Site) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        answers = [await session.get(f"{site.url}/chat/main") for _ in range(2)]
        first, second = (answer.headers["Set-Cookie"] for answer in answers)

    name, _, rest = first.partition("=")
    secret, _, attributes = rest.partition("; ")
    assert (name, len(secret)) == ("onebox_chat_main", 43)
    assert attributes == "Path=/chat/main; Max-Age=15552000; HttpOnly; SameSite=Lax"
    assert first != second


@pytest.mark.parametrize(
    ("origins", "where"), [((), "SameSite=Lax"), (["https://salon.example"], "SameSite=None; Partitioned")]
)
async def test_by_https_the_cookie_is_secure_and_none_of_another_host_s(
    tmp_path: Path, origins: list[str], where: str
) -> None:
    async with chat_site(tmp_path, Look(allow_origins=origins)) as site, aiohttp.ClientSession() as session:
        answer = await session.get(f"{site.url}/chat/main", headers={"X-Forwarded-Proto": "https"})

    assert answer.headers["Set-Cookie"].startswith("__Host-onebox_chat_main=")
    assert answer.headers["Set-Cookie"].endswith(f"; Path=/; Secure; Max-Age=15552000; HttpOnly; {where}")


# --- the page ---


async def test_the_page_loads_nothing_but_its_own_files(site: Site, bo: Browser) -> None:
    async with bo.session.get(f"{site.url}/chat/main") as answer:
        policy, page = answer.headers["Content-Security-Policy"], await answer.text()

    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )
    assert Page(page).scripts == ["/chat/main/chat.js"]
    assert "style=" not in page
    for name, kind in (("chat.js", "text/javascript"), ("chat.css", "text/css"), ("widget.js", "text/javascript")):
        async with bo.session.get(f"{site.url}/chat/main/{name}") as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")


async def test_a_conversation_needs_no_script(site: Site, bo: Browser) -> None:
    page = await bo.write("Hello")
    assert page.text[-8:-6] == ["Hello", page.text[-7]]
    await site.send(site.post.chat, text="When?", choices=[{"id": "t", "title": "Today"}, "Later"])

    page = await bo.press("Today")

    assert [said for said in page.text if said in {"Hello", "When?", "Today"}] == ["Hello", "When?", "Today", "Today"]
    assert [(post.data["text"], post.data["choice"]) for post in site.reception.posts] == [
        ("Hello", None),
        ("Today", "t"),
    ]


async def test_a_refusal_is_a_page_for_who_has_no_script(site: Site, bo: Browser) -> None:
    await bo.open()
    async with bo.session.post(
        f"{site.url}/chat/main/messages", data={"id": "a"}, headers={"Accept": "text/html"}
    ) as it:
        page = Page(await it.text())

    assert it.status == 422
    assert page.text == ["This was not sent.", "This was not sent.", "There is nothing in it.", "Back to the chat"]


async def test_what_people_write_is_never_markup(site: Site, bo: Browser) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    await bo.write(evil)
    await site.send(site.post.chat, text=evil, choices=[{"id": evil[:40], "title": evil}])

    page = await bo.open()

    assert page.text.count(evil) == 3
    assert (page.pictures, len(page.scripts)) == ([], 1)


async def test_the_page_speaks_the_language_of_its_account(tmp_path: Path) -> None:
    look = Look(title="صالون", greeting="أهلًا <b>", language="ar", allow_origins="any")
    async with chat_site(tmp_path, look) as site, aiohttp.ClientSession() as session:
        answer = await session.get(f"{site.url}/chat/main")
        page = await answer.text()

    assert '<html lang="ar" dir="rtl">' in page
    assert '<p class="greeting" dir="auto">أهلًا &lt;b&gt;</p>' in page
    assert "<button>إرسال</button>" in page
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors *")


async def test_the_sites_that_are_named_may_show_it(tmp_path: Path) -> None:
    async with chat_site(tmp_path, Look(allow_origins=["https://salon.example"])) as site, browser(site.url) as guest:
        answer = await guest.session.get(f"{site.url}/chat/main")

    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'self' https://salon.example")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/", 405),
        ("DELETE", "/messages", 405),
        ("GET", "/visitors", 405),
        ("GET", "/", 200),
        ("GET", "/page/chat.js", 404),
        ("HEAD", "", 200),
    ],
)
async def test_addresses_take_what_they_take(site: Site, method: str, path: str, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, f"{site.url}/chat/main{path}") as answer:
        assert answer.status == status
        assert ("Allow" in answer.headers) == (status == 405)


async def test_a_token_that_is_none_is_refused_and_nothing_is_kept(site: Site) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer short"}) as session:
        answer = await session.post(f"{site.url}/chat/main/messages", json={"id": "a", "text": "hi"})
    assert answer.status == 401
    assert site.ledger.commits == []


async def test_who_writes_without_a_cookie_gets_one(site: Site) -> None:
    async with browser(site.url) as guest:
        async with guest.session.post(f"{site.url}/chat/main/messages", json={"id": "a", "text": "hi"}) as answer:
            assert answer.status == 202
        assert "hi" in (await guest.open()).text
