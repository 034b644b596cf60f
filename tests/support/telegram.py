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

from aiohttp import ClientSession, web

from tests.support.local_server import LocalServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.sandbox.telegram.flood import Flood

TOKEN = "1234:made-up-token"
_CHANNEL = -100
"""stands for every `@name`"""
_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote"}


@dataclass(frozen=True)
class Sent:
    """A message that was sent, or what an edit made of it. `at` in seconds of the monotonic clock. `files` are the
    bytes that came along, by the name of their part: `(filename, type, bytes)`."""

    chat: int | str
    text: str
    at: float
    arguments: dict[str, Any]
    method: str = "sendMessage"
    files: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)


@dataclass
class Refusal:
    """How what is sent to a chat is refused, `times` times; None: for good. `status` 0: the connection is closed."""

    status: int
    description: str = "refused"
    parameters: dict[str, Any] = field(default_factory=dict)
    times: int | None = None


class FakeTelegram(LocalServer):
    """`async with FakeTelegram() as telegram`; the box's account has `api: telegram.url`, and the token `TOKEN`."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.sent: list[Sent] = []
        self.edits: list[Sent] = []
        self.acts: list[tuple[str, dict[str, Any]]] = []
        """what was called that is no message: `(method, arguments)`"""
        self.files: dict[str, tuple[str, bytes]] = {}
        """what `getFile` knows: the path and the bytes by the file's id"""
        self.answered: list[str] = []
        self.answers_presses_once = False
        """a press that was answered is too old to be answered again"""
        self.called: list[str] = []
        self.retry_after: str | None = None
        """what the webhook said last"""
        self.lost: set[str] = set()
        """paths that are not there though `getFile` gives them"""
        self.lies_about_sizes = False
        self.refusals: dict[int | str, Refusal] = {}
        self.trouble: Refusal | None = None
        """what `getUpdates` answers instead"""
        self.garbage: bytes | None = None
        """what every method answers instead"""
        self.webhook = ""
        self.flood: Flood | None = None
        """what is not taken to be sent, for it comes too fast"""
        self.latency = 0.0
        """seconds that it takes to send"""
        self.told_of_webhook: dict[str, Any] = {}
        """what `getWebhookInfo` adds"""
        self.hook: dict[str, Any] = {}
        """what `setWebhook` was told"""
        self._bodies: dict[tuple[int | str, int], str | None] = {}
        self._updates: list[dict[str, Any]] = []
        self._number = 0
        self._came = asyncio.Event()
        self._happened = asyncio.Event()
        self._polls = 0
        self._quiet = False

    def application(self) -> web.Application:
        application = web.Application(client_max_size=60_000_000)
        application.router.add_post("/bot{token}/{method}", self._called)
        application.router.add_get("/file/bot{token}/{path:.*}", self._file)
        return application

    # --- what people do

    def write(self, text: str, *, chat: int = 7, name: str = "Ana") -> int:
        """A private message; the number of its update."""
        person = {"id": chat, "is_bot": False, "first_name": name, "language_code": "en"}
        where = {"id": chat, "type": "private", "first_name": name}
        message = {"message_id": self._number + 1, "date": 1_790_000_000, "from": person, "chat": where, "text": text}
        return self.update(message=message)

    def press(self, data: str, *, chat: int = 7, message_id: int = 1) -> int:
        """A press of a button under an earlier message."""
        message = {"message_id": message_id, "date": 1_790_000_000, "chat": {"id": chat, "type": "private"}}
        press = {"id": f"press-{self._number + 1}", "from": {"id": chat}, "message": message, "data": data}
        return self.update(callback_query=press)

    def update(self, **parts: Any) -> int:
        """Any update; its number."""
        self._number += 1
        self._updates.append({"update_id": self._number, **parts})
        self._came.set()
        return self._number

    async def bring(self, *, forged: str | None = None) -> list[int]:
        """Posts the updates that wait to the webhook, each until it is taken or once if not; the statuses."""
        statuses = []
        headers = {"X-Telegram-Bot-Api-Secret-Token": forged or self.hook["secret_token"]}
        async with ClientSession() as session:
            for update in list(self._updates):
                async with session.post(self.webhook, json=update, headers=headers) as answer:
                    statuses.append(answer.status)
                    self.retry_after = answer.headers.get("Retry-After")
                    if answer.status == web.HTTPOk.status_code:
                        self._updates.remove(update)
        return statuses

    @property
    def pending(self) -> list[dict[str, Any]]:
        """The updates that were not confirmed."""
        return self._updates

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
        if request.match_info["token"] != self.token:
            return _no(401, "Unauthorized")
        asked, files = await _read(request)
        if method.startswith("send") and method != "sendChatAction":
            return await self._send(method, asked, files, request)
        if method.startswith("edit"):
            return self._edit(method, asked, files)
        methods: dict[str, Callable[[dict[str, Any]], Awaitable[web.Response]]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "answerCallbackQuery": self._answer_callback_query,
            "answerPreCheckoutQuery": self._answer_checkout,
            "answerShippingQuery": self._answer_checkout,
            "sendChatAction": self._answer_checkout,
            "getFile": self._get_file,
            "getWebhookInfo": self._get_webhook_info,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
        }
        if method not in methods:
            return _no(404, "Not Found")
        if method.startswith(("answer", "sendChat")):
            self.acts.append((method, asked))
        return await methods[method](asked)

    async def _get_me(self, _asked: dict[str, Any]) -> web.Response:
        return _yes({"id": 1234, "is_bot": True, "first_name": "Made Up", "username": "made_up_bot"})

    async def _get_updates(self, asked: dict[str, Any]) -> web.Response:
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

    async def _send(
        self, method: str, asked: dict[str, Any], files: dict[str, tuple[str, str, bytes]], request: web.Request
    ) -> web.Response:
        chat = asked["chat_id"]
        if (refused := self._refused(chat, request)) is not None:
            return refused
        await asyncio.sleep(self.latency)
        wait = (
            self.flood.refuses(1, chat if isinstance(chat, int) else _CHANNEL, time.monotonic()) if self.flood else None
        )
        if wait:
            return _no(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        album = asked.get("media") if method == "sendMediaGroup" else None
        worded: list[dict[str, Any]] = album if isinstance(album, list) else [asked]
        for one in worded:
            if fault := _fault_of(one, must_have_text=method == "sendMessage"):
                return _no(400, f"Bad Request: {fault}")
        text = worded[0].get("text", worded[0].get("caption", ""))
        self.sent.append(Sent(chat, text, time.monotonic(), asked, method, files))
        told = [self._kept(chat, one) for one in worded]
        return _yes(told if album is not None else told[0])

    def _kept(self, chat: int | str, one: dict[str, Any]) -> dict[str, Any]:
        number = len(self._bodies) + 1
        words = "text" if "text" in one else "caption"
        self._bodies[chat, number] = words
        where = {"id": chat, "type": "private" if isinstance(chat, int) and chat > 0 else "supergroup"}
        return {"message_id": number, "chat": where, "date": 1_790_000_000, words: one.get(words, "")}

    def _refused(self, chat: int | str, request: web.Request) -> web.Response | None:
        refusal = self.refusals.get(chat)
        if refusal is None or refusal.times == 0:
            return None
        if refusal.times is not None:
            refusal.times -= 1
        if not refusal.status:
            assert request.transport is not None
            request.transport.close()
        return self._refuse(refusal)

    def _edit(self, method: str, asked: dict[str, Any], files: dict[str, tuple[str, str, bytes]]) -> web.Response:
        key = (asked["chat_id"], asked["message_id"])
        if (refusal := self.refusals.get(asked["chat_id"])) is not None:
            return self._refuse(refusal)
        if key not in self._bodies:
            return _no(400, "Bad Request: message to edit not found")
        of_text = self._bodies[key] == "text"
        if method == "editMessageText" and not of_text:
            return _no(400, "Bad Request: there is no text in the message to edit")
        if method == "editMessageCaption" and of_text:
            return _no(400, "Bad Request: there is no caption in the message to edit")
        if fault := _fault_of(asked, must_have_text=method == "editMessageText"):
            return _no(400, f"Bad Request: {fault}")
        text = asked.get("text", asked.get("caption", ""))
        edit = Sent(asked["chat_id"], text, time.monotonic(), asked, method, files)
        if any(known.arguments == asked for known in self.edits):
            return _no(400, "Bad Request: message is not modified: specified new message content is the same")
        self.edits.append(edit)
        return _yes({"message_id": key[1]})

    def _refuse(self, refusal: Refusal) -> web.Response:
        return _no(refusal.status, refusal.description, refusal.parameters)

    async def _answer_callback_query(self, asked: dict[str, Any]) -> web.Response:
        if self.trouble is not None:
            return self._refuse(self.trouble)
        if self.answers_presses_once and asked["callback_query_id"] in self.answered:
            return _no(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.answered.append(asked["callback_query_id"])
        return _yes(result=True)

    async def _answer_checkout(self, _asked: dict[str, Any]) -> web.Response:
        return _yes(result=True) if self.trouble is None else self._refuse(self.trouble)

    async def _get_file(self, asked: dict[str, Any]) -> web.Response:
        if asked["file_id"] not in self.files:
            return _no(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        path, data = self.files[asked["file_id"]]
        size = 1 if self.lies_about_sizes else len(data)
        return _yes({"file_id": asked["file_id"], "file_size": size, "file_path": path})

    async def _file(self, request: web.Request) -> web.Response:
        found = [data for path, data in self.files.values() if path == request.match_info["path"]]
        found = [] if request.match_info["path"] in self.lost else found
        if request.match_info["token"] != self.token or not found:
            return _no(404, "Not Found")
        return web.Response(body=found[0], content_type="application/octet-stream")

    async def _get_webhook_info(self, _asked: dict[str, Any]) -> web.Response:
        told = {key: self.hook[key] for key in ("max_connections", "allowed_updates") if key in self.hook}
        return _yes({"url": self.webhook, "pending_update_count": self.waiting, **told, **self.told_of_webhook})

    async def _set_webhook(self, asked: dict[str, Any]) -> web.Response:
        if self.trouble is not None:
            return self._refuse(self.trouble)
        self.webhook, self.hook = asked["url"], asked
        return _yes(result=True)

    async def _delete_webhook(self, _asked: dict[str, Any]) -> web.Response:
        self.webhook, self.hook = "", {}
        return _yes(result=True)


async def _read(request: web.Request) -> tuple[dict[str, Any], dict[str, tuple[str, str, bytes]]]:
    """Arguments and files; in a form, what is no text is JSON."""
    if request.content_type == "application/json":
        return await request.json(), {}
    asked: dict[str, Any] = {}
    files: dict[str, tuple[str, str, bytes]] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = (value.filename, value.content_type, value.file.read())
        else:
            assert isinstance(value, str)
            asked[name] = _value(name, value)
    return asked, files


def _fault_of(asked: dict[str, Any], *, must_have_text: bool) -> str | None:
    """What Telegram finds wrong with the words of a message."""
    text = str(asked.get("text", asked.get("caption", "")))
    shown = text
    if asked.get("parse_mode") == "HTML":
        parsed = _Strict()
        if fault := parsed.fault_of(text):
            return f"can't parse entities: {fault}"
        shown = parsed.shown
    if must_have_text and not shown.strip():
        return "message text is empty"
    if len(shown.encode("utf-16-le")) // 2 > (4096 if "text" in asked else 1024):
        return "message is too long" if "text" in asked else "message caption is too long"
    return None


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
