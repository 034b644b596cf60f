"""A web chat behind a real server on loopback, over a ledger in memory; and those who visit it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import count
from secrets import token_bytes
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from tests.support.memory_ledger import MemoryLedger

from onebox.channels.chat.channel import ChatChannel
from onebox.channels.chat.endpoint import ChatEndpoint
from onebox.channels.chat.rooms import Rooms
from onebox.channels.chat.showing import Look
from onebox.channels.chat.taking import Parts
from onebox.flows.definition.fields import Rate
from onebox.kernel.encoding import dump
from onebox.messaging.endpoint import Called
from onebox.messaging.event import Event, Stored, StoreEvent
from onebox.messaging.message import Message
from onebox.storage.files import FilesFolder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from onebox.kernel.ledger import Change
    from onebox.messaging.chat import Post

ACCOUNT = "chat/main"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANY = Rate(10_000, timedelta(minutes=1))
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24


class Clock:
    """Goes on by a second each time that it is asked."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class StandIn:
    """A reception without throttle and conversations: it stores, or raises `refusal`."""

    ledger: MemoryLedger
    posts: list[Post] = field(default_factory=list)
    refusal: Exception | None = None

    async def receive(self, posts: Sequence[Post], then: Sequence[Change[Any]] = ()) -> list[Stored]:
        if self.refusal is not None:
            raise self.refusal
        stores = [StoreEvent(self._event(post), post.ends) for post in posts]
        outcomes: list[Stored] = (await self.ledger.commit([*stores, *then]))[: len(stores)]
        self.posts += [post for post, outcome in zip(posts, outcomes, strict=True) if not outcome.duplicate]
        return outcomes

    @staticmethod
    def _event(post: Post) -> Event:
        topic = post.account.replace("/", ".")
        return Event(
            post.event_id or uuid4().hex,
            topic,
            topic,
            NOON,
            post.data,
            dump(post.data),
            key=post.key,
            sender=post.sender,
        )


@dataclass
class Site:
    """What is served at `url`, and what is behind it."""

    url: str
    ledger: MemoryLedger
    reception: StandIn
    channel: ChatChannel
    rooms: Rooms
    files: Path
    receipts: dict[str, Mapping[str, Any]]
    _numbers: Any = field(default_factory=lambda: count(1))

    async def send(self, chat: str, id: str | None = None, **content: Any) -> int:
        """Its place in the chat."""
        message = Message(id or f"m{next(self._numbers)}", ACCOUNT, chat, content, NOON)
        receipt = self.receipts[message.id] = await self.channel.deliver(message)
        return int(receipt["message_id"])

    async def until_looked_at(self, pages: int = 1) -> None:
        """So many pages wait for what is new."""
        while sum(map(len, self.rooms._looks.values())) < pages:  # noqa: ASYNC110 - nobody is told of this
            await asyncio.sleep(0)

    @property
    def post(self) -> Post:
        """The one that was taken."""
        [post] = self.reception.posts
        return post


@asynccontextmanager
async def chat_site(
    folder: Path, look: Look | None = None, *, posts: Rate = MANY, files: Rate = MANY
) -> AsyncIterator[Site]:
    ledger, clock, receipts = MemoryLedger(), Clock(), {}  # type: ignore[var-annotated]
    reception, rooms, ids = StandIn(ledger), Rooms(clock), count(1)

    async def receipt(id: str) -> Mapping[str, Any] | None:
        return receipts.get(id)

    channel = ChatChannel(account=ACCOUNT, ledger=ledger, rooms=rooms, files=folder, receipts=receipt, clock=clock)
    parts = Parts(
        reception=reception,
        transcripts=ledger,
        rooms=rooms,
        files=FilesFolder(folder),
        folder=folder,
        clock=clock,
        new_id=lambda: f"event{next(ids)}",
        entropy=token_bytes,
    )
    endpoint = ChatEndpoint(account=ACCOUNT, look=look or Look(), parts=parts, posts=posts, files=files)
    runner = web.AppRunner(_served(endpoint), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield Site(url, ledger, reception, channel, rooms, folder, receipts)
    finally:
        await channel.close()
        await runner.cleanup()
        ledger.close()


def _served(endpoint: ChatEndpoint) -> web.Application:
    async def handle(request: web.Request) -> web.Response:
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        called = Called(request.method, path.removeprefix("/chat/main"), query, headers, body, request.remote or "")
        reply = await endpoint(called)
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))

    app = web.Application(client_max_size=20_000_000)
    app.router.add_route("*", "/chat/main{path:.*}", handle)
    return app


class Program:
    """A visitor that is a program: known by a token."""

    def __init__(self, url: str, session: aiohttp.ClientSession, token: str, chat: str) -> None:
        self._url = f"{url}/chat/main"
        self._session = session
        self._headers = {"Authorization": f"Bearer {token}"}
        self.chat = chat
        self.after = 0

    async def post(self, sent: Any = None, **more: Any) -> tuple[int, Any]:
        address = f"{self._url}/messages"
        given = {"data": more["data"]} if "data" in more else {"json": sent if sent is not None else more}
        async with self._session.post(address, headers=self._headers, **given) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> tuple[int, bytes, Mapping[str, str]]:
        async with self._session.get(f"{self._url}{path}", headers=self._headers) as answer:
            return answer.status, await answer.read(), answer.headers

    async def news(self, wait: float = 0) -> dict[str, Any]:
        """What came since the last time."""
        address = f"{self._url}/messages?after={self.after}&wait={wait}"
        async with self._session.get(address, headers=self._headers) as answer:
            assert answer.status == 200
            told: dict[str, Any] = await answer.json()
        self.after = told["after"]
        return told

    async def entries(self, wait: float = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.news(wait))["entries"]
        return found

    async def texts(self) -> list[tuple[str, str]]:
        return [(entry["direction"], entry.get("text", "")) for entry in await self.entries()]


@asynccontextmanager
async def program(url: str) -> AsyncIterator[Program]:
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}/chat/main/visitors") as answer:
            assert answer.status == 201
            known = await answer.json()
        yield Program(url, session, known["token"], known["chat"])


class Page(HTMLParser):
    """A page as a browser without scripts has it: its text, its pictures, its forms with what they would send."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.pictures: list[str] = []
        self.links: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.buttons: dict[str, tuple[int, str]] = {}
        self.scripts: list[str] = []
        self._button: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif tag in {"input", "textarea"} and self.forms and given.get("type") != "file":
            self.forms[-1][given["name"]] = given.get("value", "")
        elif tag == "img":
            self.pictures.append(given["src"])
        elif tag == "a":
            self.links.append(given["href"])
        elif tag == "script":
            self.scripts.append(given["src"])
        if tag == "button":
            self._button = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self.buttons[data.strip()] = (len(self.forms) - 1, self._button)
            self._button = None
        if data.strip():
            self.text.append(data.strip())


class Browser:
    """A visitor whose browser runs no script, and keeps cookies."""

    def __init__(self, site_url: str, session: aiohttp.ClientSession, page: str = "/chat/main") -> None:
        self._url = site_url
        self._page = page
        self.session = session

    async def open(self) -> Page:
        async with self.session.get(f"{self._url}{self._page}", headers={"Accept": "text/html"}) as answer:
            assert answer.status == 200
            return Page(await answer.text())

    async def write(self, text: str) -> Page:
        page = await self.open()
        return await self._submit({**page.forms[-1], "text": text})

    async def press(self, title: str) -> Page:
        page = await self.open()
        form, value = page.buttons[title]
        return await self._submit({**page.forms[form], "choice": value})

    async def _submit(self, fields: dict[str, str]) -> Page:
        """The browser follows the answer to the page, and shows it."""
        headers = {"Accept": "text/html", "Origin": self._url, "Sec-Fetch-Site": "same-origin"}
        address = f"{self._url}{self._page}/messages"
        async with self.session.post(address, data=fields, headers=headers, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, f"{self._page}#write")
        return await self.open()


@asynccontextmanager
async def browser(site_url: str, page: str = "/chat/main") -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(site_url, session, page)
