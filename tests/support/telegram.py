"""A Bot API of our own: it speaks the protocol, keeps the limits of texts, and has the faults that a test asks for.

An update that was given is given again until a higher offset confirms it; of two who ask, the older gets
409, as from Telegram.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.support.local_server import LocalServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.flood import Flood

TOKEN = "1234:made-up-token"
_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote"}


@dataclass(frozen=True)
class Sent:
    """A message that was sent. `at` in seconds of the monotonic clock."""

    chat: int | str
    text: str
    at: float
    arguments: dict[str, Any]


@dataclass
class Refusal:
    """How `sendMessage` to a chat is refused, `times` times; None: for good. `status` 0: the connection is closed."""

    status: int
    description: str = "refused"
    parameters: dict[str, Any] = field(default_factory=dict)
    times: int | None = None


class FakeTelegram(LocalServer):
    """`async with FakeTelegram() as telegram`; the box's account has `api: telegram.url`, and the token `TOKEN`."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.answered: list[str] = []
        self.called: list[str] = []
        self.refusals: dict[int | str, Refusal] = {}
        self.trouble: Refusal | None = None
        """what `getUpdates` answers instead"""
        self.garbage: bytes | None = None
        """what every method answers instead"""
        self.webhook = ""
        self.flood: Flood | None = None
        """what `sendMessage` does not take, for it comes too fast"""
        self.latency = 0.0
        """seconds that `sendMessage` takes"""
        self._updates: list[dict[str, Any]] = []
        self._number = 0
        self._came = asyncio.Event()
        self._happened = asyncio.Event()
        self._polls = 0
        self._quiet = False

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/bot{token}/{method}", self._called)
        return application

    # --- what people do

    def write(self, text: str, *, chat: int = 7, name: str = "Ana") -> int:
        """A private message; the number of its update."""
        person = {"id": chat, "is_bot": False, "first_name": name, "language_code": "en"}
        where = {"id": chat, "type": "private", "first_name": name}
        message = {"message_id": self._number + 1, "date": 1_790_000_000, "from": person, "chat": where, "text": text}
        return self.update(message=message)

    def press(self, data: str, *, chat: int = 7) -> int:
        """A press of a button under an earlier message."""
        message = {"message_id": 1, "date": 1_790_000_000, "chat": {"id": chat, "type": "private"}}
        press = {"id": f"press-{self._number + 1}", "from": {"id": chat}, "message": message, "data": data}
        return self.update(callback_query=press)

    def update(self, **parts: Any) -> int:
        """Any update; its number."""
        self._number += 1
        self._updates.append({"update_id": self._number, **parts})
        self._came.set()
        return self._number

    @property
    def waiting(self) -> int:
        """How many updates were not confirmed."""
        return len(self._updates)

    def texts(self, chat: int | str) -> list[str]:
        """What was sent to a chat, in order."""
        return [message.text for message in self.sent if message.chat == chat]

    async def until(self, holds: Callable[[], bool], *, within: float = 10.0) -> None:
        """Waits until something holds of what was called and sent."""
        async with asyncio.timeout(within):
            while not holds():
                self._happened.clear()
                await self._happened.wait()

    # --- the server

    async def _called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.called.append(method)
        try:
            return await self._answer(request, method)
        finally:
            self._happened.set()

    async def _answer(self, request: web.Request, method: str) -> web.StreamResponse:
        self._happened.set()
        if self.garbage is not None:
            return web.Response(body=self.garbage)
        if request.match_info["token"] != TOKEN:
            return _no(401, "Unauthorized")
        methods: dict[str, Callable[[dict[str, Any], web.Request], Awaitable[web.Response]]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "sendMessage": self._send_message,
            "answerCallbackQuery": self._answer_callback_query,
            "getWebhookInfo": self._get_webhook_info,
            "deleteWebhook": self._delete_webhook,
        }
        if method not in methods:
            return _no(404, "Not Found")
        return await methods[method](await _arguments(request), request)

    async def _get_me(self, _asked: dict[str, Any], _request: web.Request) -> web.Response:
        return _yes({"id": 1234, "is_bot": True, "first_name": "Made Up", "username": "made_up_bot"})

    async def _get_updates(self, asked: dict[str, Any], _request: web.Request) -> web.Response:
        if self.trouble is not None:
            return self._refuse(self.trouble)
        if self.webhook:
            return _no(409, "Conflict: can't use getUpdates method while webhook is active")
        self._polls += 1
        mine = self._polls
        self._came.set()
        found = await self._wait_for_updates(asked, mine)
        return _yes(found) if mine == self._polls else _no(409, "Conflict: terminated by other getUpdates request")

    async def _wait_for_updates(self, asked: dict[str, Any], mine: int) -> list[dict[str, Any]]:
        offset, kinds = asked.get("offset", 0), asked.get("allowed_updates") or []
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        self._happened.set()
        ends = time.monotonic() + asked.get("timeout", 0)
        self._quiet = False
        while True:
            self._came.clear()
            later = [update for update in self._updates if update["update_id"] >= offset]
            found = [update for update in later if not kinds or any(kind in update for kind in kinds)]
            if found or time.monotonic() >= ends or self.trouble is not None or self._quiet or mine != self._polls:
                return found[: asked.get("limit", 100)]
            try:
                async with asyncio.timeout(ends - time.monotonic()):
                    await self._came.wait()
            except TimeoutError:
                pass

    def quiet(self) -> None:
        """Answers a question that is open as if its time were over."""
        self._quiet = True
        self._came.set()

    def wake(self) -> None:
        """Lets a question that is open be answered at once, as a change of `trouble` wants it."""
        self._came.set()

    async def _send_message(self, asked: dict[str, Any], request: web.Request) -> web.Response:
        chat, text = asked["chat_id"], asked["text"]
        refusal = self.refusals.get(chat)
        if refusal is not None and refusal.times != 0:
            if refusal.times is not None:
                refusal.times -= 1
            if not refusal.status:
                assert request.transport is not None
                request.transport.close()
            return self._refuse(refusal)
        await asyncio.sleep(self.latency)
        wait = self.flood.refuses(chat, time.monotonic()) if self.flood else None
        if wait:
            return _no(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        shown = text
        if asked.get("parse_mode") == "HTML":
            parsed = _Strict()
            if fault := parsed.fault_of(text):
                return _no(400, f"Bad Request: can't parse entities: {fault}")
            shown = parsed.shown
        if not shown.strip():
            return _no(400, "Bad Request: message text is empty")
        if len(shown.encode("utf-16-le")) // 2 > 4096:
            return _no(400, "Bad Request: message is too long")
        self.sent.append(Sent(chat, text, time.monotonic(), asked))
        where = {"id": chat, "type": "private" if isinstance(chat, int) and chat > 0 else "supergroup"}
        return _yes({"message_id": len(self.sent), "chat": where, "date": 1_790_000_000, "text": shown})

    def _refuse(self, refusal: Refusal) -> web.Response:
        return _no(refusal.status, refusal.description, refusal.parameters)

    async def _answer_callback_query(self, asked: dict[str, Any], _request: web.Request) -> web.Response:
        self.answered.append(asked["callback_query_id"])
        return _yes(result=True)

    async def _get_webhook_info(self, _asked: dict[str, Any], _request: web.Request) -> web.Response:
        return _yes({"url": self.webhook, "pending_update_count": self.waiting})

    async def _delete_webhook(self, _asked: dict[str, Any], _request: web.Request) -> web.Response:
        self.webhook = ""
        return _yes(result=True)


async def _arguments(request: web.Request) -> dict[str, Any]:
    """As JSON, or as a form whose values are JSON but for texts."""
    if request.content_type == "application/json":
        asked: dict[str, Any] = await request.json()
        return asked
    return {name: _value(name, str(value)) for name, value in (await request.post()).items()}


def _value(name: str, value: str) -> Any:
    try:
        return value if name in {"text", "callback_query_id"} else json.loads(value)
    except ValueError:
        return value


def _yes(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _no(status: int, description: str, parameters: dict[str, Any] | None = None) -> web.Response:
    told = {"ok": False, "error_code": status, "description": description}
    return web.json_response({**told, "parameters": parameters} if parameters else told, status=status or 500)


class _Strict(HTMLParser):
    """Takes what Telegram takes: its own tags, closed in order, and nothing of `<` or `&` that is not escaped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown = ""
        self._open: list[str] = []
        self._fault: str | None = None

    def fault_of(self, text: str) -> str | None:
        self.feed(text)
        self.close()
        if self._fault is None and self._open:
            self._fault = f"tag {self._open[-1]} is not closed"
        return self._fault

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self._fault = self._fault or f"unsupported start tag {tag!r}"
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self._fault = self._fault or f"unexpected end tag {tag!r}"

    def handle_data(self, data: str) -> None:
        self.shown += data
