"""A server that behaves as Telegram's Bot API does, as far as the box uses it."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

TOKEN = "123456:AAE_synthetic-token-of-the-tests"
_LONGEST = 4096
_MOST_UPDATES = 100
_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote"}
_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|#[0-9]+|#x[0-9a-fA-F]+);)")
_STRAY = re.compile(r"<(?!/?[a-zA-Z]+(?:\s[^<>]*)?>)")


@dataclass
class Sent:
    """A message that the bot sent. `at`: CLOCK_MONOTONIC, seconds."""

    chat: int | str
    text: str
    parse_mode: str | None
    at: float
    asked: dict[str, Any] = field(default_factory=dict)


class FakeTelegram:
    """`async with FakeTelegram() as telegram`. What people do comes by `write` and `press`; what the bot did is in
    `sent`, `answered` (presses), and `polls` (what getUpdates was asked). `calls` has every method's name in order.
    """

    def __init__(self) -> None:
        self.url = ""
        self.token = TOKEN
        self.sent: list[Sent] = []
        self.answered: list[str] = []
        self.polls: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.webhook = False
        self.blocked: set[int | str] = set()
        self.moved: dict[int | str, int] = {}
        self.waiting: list[dict[str, Any]] = []
        self.happened = asyncio.Event()
        self._allowed: set[str] = set()
        self._number = 1000
        self._message_id = 0
        self._faults: dict[str, deque[Callable[[web.Request], Awaitable[web.Response]]]] = defaultdict(deque)
        self._poll: asyncio.Event | None = None
        self._new = asyncio.Event()
        self._closing = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._take)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self.quiet()
        await self._runner.cleanup()

    # --- what people do

    def write(self, text: str, chat: int = 7, name: str = "Ana") -> int:
        """A person writes; the update's number."""
        return self.give({"message": {**self._message(chat, name), "from": _person(chat, name), "text": text}})

    def press(self, data: str, chat: int = 7, name: str = "Ana") -> int:
        """A person presses a button under a message of the bot's."""
        press = {"id": f"press-{self._number}", "from": _person(chat, name), "data": data}
        return self.give({"callback_query": {**press, "message": self._message(chat, name)}})

    def give(self, update: dict[str, Any]) -> int:
        """Any update; it gets the next number unless it has one. One of a kind that the bot did not ask for is lost."""
        self._number += 1
        if not self._allowed or self._allowed & update.keys():
            self.waiting.append({"update_id": self._number, **update})
            self._new.set()
        return self._number

    def quiet(self) -> None:
        """Ends the poll that is held, as if its time were over."""
        if self._poll is not None:
            self._poll.set()

    # --- what goes wrong, once for each call

    def refuse(self, method: str, status: int, description: str, **parameters: Any) -> None:
        """Answers the next call like this."""

        async def answer(_request: web.Request) -> web.Response:
            return _refusal(status, description, **parameters)

        self._faults[method].append(answer)

    def garble(self, method: str, body: bytes = b"<html>captive portal</html>", status: int = 200) -> None:
        """Answers the next call with this, which is not of Telegram's making."""

        async def answer(_request: web.Request) -> web.Response:
            return web.Response(body=body, status=status)

        self._faults[method].append(answer)

    def drop(self, method: str) -> None:
        """Breaks the connection of the next call."""

        async def answer(request: web.Request) -> web.Response:
            assert request.transport is not None
            request.transport.close()
            return web.Response()

        self._faults[method].append(answer)

    def hang(self, method: str) -> None:
        """Never answers the next call."""

        async def answer(_request: web.Request) -> web.Response:
            await self._closing.wait()
            return web.Response(status=500)

        self._faults[method].append(answer)

    # --- what a test waits for

    async def until(self, condition: Callable[[], bool], *, within: float = 20.0) -> None:
        """Waits until this holds, looking whenever the bot does something. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not condition():
                self.happened.clear()
                await self.happened.wait()

    # --- the server

    async def _take(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return _refusal(401, "Unauthorized")
        asked = await request.json()
        self.calls.append(method)
        try:
            if self._faults[method]:
                return await self._faults[method].popleft()(request)
            answer = getattr(self, f"_do_{method.lower()}", None)
            return _refusal(404, "Not Found") if answer is None else await answer(asked)
        finally:
            self.happened.set()

    async def _do_getme(self, _asked: dict[str, Any]) -> web.Response:
        return _result({"id": 123456, "is_bot": True, "first_name": "Salon", "username": "salon_bot"})

    async def _do_deletewebhook(self, _asked: dict[str, Any]) -> web.Response:
        self.webhook = False
        return _done()

    async def _do_answercallbackquery(self, asked: dict[str, Any]) -> web.Response:
        self.answered.append(asked["callback_query_id"])
        return _done()

    async def _do_getupdates(self, asked: dict[str, Any]) -> web.Response:
        if self.webhook:
            return _refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        self.polls.append(asked)
        self.happened.set()
        self.quiet()  # the newer request takes the older one's place
        mine = self._poll = asyncio.Event()
        self._allowed = set(asked.get("allowed_updates", self._allowed))
        self.waiting = [update for update in self.waiting if update["update_id"] >= asked.get("offset", 0)]
        deadline = time.monotonic() + min(asked.get("timeout", 0), 50)
        while not self.waiting and not mine.is_set() and (left := deadline - time.monotonic()) > 0:
            self._new.clear()
            waits = [asyncio.ensure_future(one.wait()) for one in (self._new, mine)]
            await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        if self._poll is not mine:
            return _refusal(409, "Conflict: terminated by other getUpdates request")
        return _result(self.waiting[: min(asked.get("limit", _MOST_UPDATES), _MOST_UPDATES)])

    async def _do_sendmessage(self, asked: dict[str, Any]) -> web.Response:
        chat, text, mode = asked["chat_id"], asked["text"], asked.get("parse_mode")
        if chat in self.moved:
            moved = "Bad Request: group chat was upgraded to a supergroup chat"
            return _refusal(400, moved, migrate_to_chat_id=self.moved[chat])
        if chat in self.blocked:
            return _refusal(403, "Forbidden: bot was blocked by the user")
        try:
            shown = _shown(text) if mode == "HTML" else text
        except ValueError as error:
            return _refusal(400, f"Bad Request: can't parse entities: {error}")
        if not shown.strip():
            return _refusal(400, "Bad Request: message text is empty")
        if len(shown.strip().encode("utf-16-le")) // 2 > _LONGEST:
            return _refusal(400, "Bad Request: message is too long")
        self.sent.append(Sent(chat, text, mode, time.monotonic(), asked))
        self._message_id += 1
        place = {"id": chat if isinstance(chat, int) else -1001, "type": "private"}
        return _result({"message_id": self._message_id, "date": int(time.time()), "chat": place, "text": shown})

    def _message(self, chat: int, name: str) -> dict[str, Any]:
        self._message_id += 1
        place = {"id": chat, "type": "private" if chat > 0 else "group"}
        place |= {"first_name": name} if chat > 0 else {"title": "Salon"}
        return {"message_id": self._message_id, "date": int(time.time()), "chat": place}


def _person(number: int, name: str) -> dict[str, Any]:
    return {
        "id": abs(number), "is_bot": False, "first_name": name, "username": name.lower(), "language_code": "en"
    }  # fmt: skip


def _done() -> web.Response:
    return web.json_response({"ok": True, "result": True})


def _result(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _refusal(status: int, description: str, **parameters: Any) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=status)


class _Strict(HTMLParser):
    """Takes the tags that Telegram takes, closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.shown: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            message = f'Unsupported start tag "{tag}"'
            raise ValueError(message)
        allowed = {"a": {"href"}, "code": {"class"}, "blockquote": {"expandable"}}.get(tag, set())
        if {name for name, _ in attrs} - allowed:
            message = f'Unexpected attribute in the tag "{tag}"'
            raise ValueError(message)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            message = f'Unexpected end tag "{tag}"'
            raise ValueError(message)

    def handle_data(self, data: str) -> None:
        self.shown.append(data)


def _shown(text: str) -> str:
    if found := _ENTITY.search(text) or _STRAY.search(text):
        message = f"{found[0]!r} at {found.start()} begins nothing"
        raise ValueError(message)
    parser = _Strict()
    parser.feed(text)
    parser.close()
    if parser.open:
        message = f'Can\'t find end tag corresponding to start tag "{parser.open[-1]}"'
        raise ValueError(message)
    return "".join(parser.shown)
