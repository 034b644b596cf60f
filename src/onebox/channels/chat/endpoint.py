"""What the web chat serves: the page, what is new in a chat, what people send, and the files of their chat."""

from __future__ import annotations

import asyncio
import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from onebox.channels.chat.files import picture_type, read_file
from onebox.channels.chat.incoming import LARGEST_BODY, NotTaken, read
from onebox.channels.chat.limits import Limits
from onebox.channels.chat.showing import Showing
from onebox.channels.chat.taking import Taking
from onebox.channels.chat.visitors import Visitors, is_own_page
from onebox.kernel.encoding import to_json
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.endpoint import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.channels.chat.showing import Look
    from onebox.channels.chat.taking import Parts
    from onebox.channels.chat.visitors import Visitor
    from onebox.flows.definition.fields import Rate
    from onebox.messaging.endpoint import Called
    from onebox.messaging.transcripts import ChatEntry

LONGEST_WAIT = 25.0
"""seconds that a question for news may wait"""
PAUSE = 5.0
"""seconds after which a page that may not wait asks again"""
_SHOWN = 100
"""entries of a page"""
_ASSETS = {"/chat.js": "text/javascript", "/chat.css": "text/css", "/widget.js": "text/javascript"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")
_PLAIN = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_FRESH = {**_PLAIN, "Cache-Control": "no-store"}


class ChatEndpoint:
    """Serves one account's chat at `/chat/NAME`. `posts` and `files` are what one address may send."""

    body_limit = LARGEST_BODY

    def __init__(self, *, account: str, look: Look, parts: Parts, posts: Rate, files: Rate) -> None:
        name = account.partition("/")[2]
        self._account = account
        self._parts = parts
        self._look = look
        self._base = f"/chat/{name}"
        self._limits = Limits(posts, files, look.words)
        self._taking = Taking(account, parts)
        self._showing = Showing(base=self._base, look=look, new_id=self._id)
        self._visitors = Visitors(base=self._base, name=name, embedded=bool(look.allow_origins), entropy=parts.entropy)

    async def __call__(self, called: Called) -> Reply:
        """Raises BacklogFull, StorageFull and StorageClosed: then nothing was stored."""
        try:
            return await self._answer(called)
        except NotTaken as refused:
            return self._refusal(called, refused)

    async def _answer(self, called: Called) -> Reply:
        path = called.path.rstrip("/")
        reads = called.method in {"GET", "HEAD"}
        if path == "/messages":
            return await self._messages(called, reads=reads)
        if path == "/visitors":
            return self._new_visitor(called)
        if not reads:
            raise _wrong_method(called, "GET, HEAD")
        if path == "":
            return await self._page(called)
        if path in _ASSETS:
            return await self._asset(path)
        if path.startswith("/files/"):
            return await self._file(called, path.removeprefix("/files/"))
        raise _nothing_here()

    # --- the page ---

    async def _page(self, called: Called) -> Reply:
        visitor = self._visitors.known(called.headers) or self._visitors.new()
        # Somebody new has nothing to read: pages that are only looked at cost the database nothing.
        entries = [] if visitor.fresh else await self._latest(visitor)
        cookie = {} if visitor.by_bearer else {"Set-Cookie": self._visitors.cookie(visitor, called.headers)}
        return self._html(200, self._showing.page(entries), cookie)

    async def _latest(self, visitor: Visitor) -> list[ChatEntry]:
        return await self._parts.transcripts.latest_entries(self._account, visitor.chat, _SHOWN)

    def _html(self, status: int, text: str, headers: Mapping[str, str]) -> Reply:
        origins = self._look.allow_origins
        frames = "*" if origins == "any" else " ".join(["'self'", *origins])
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https:; "
            f"form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
        )
        shared = {**_FRESH, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
        return Reply(status, text.encode("utf-8", "replace"), {**shared, **headers})

    async def _asset(self, path: str) -> Reply:
        content = await asyncio.to_thread((Path(__file__).with_name("page") / path[1:]).read_bytes)
        kept = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Reply(200, content, {**_PLAIN, **kept, "Content-Type": f"{_ASSETS[path]}; charset=utf-8"})

    # --- what is new ---

    async def _messages(self, called: Called, *, reads: bool) -> Reply:
        if called.method == "POST":
            return await self._take(called)
        if not reads:
            raise _wrong_method(called, "GET, HEAD, POST")
        visitor = self._known(called)
        asked = parse_qs(called.query)
        after = _number(asked, "after", 0, most=2**53)
        wait = _number(asked, "wait", LONGEST_WAIT, most=LONGEST_WAIT)
        with self._parts.rooms.look(visitor.chat) as look:
            entries = await self._news(visitor, int(after))
            pause = 0.0
            if not entries and wait and look.may_wait:
                await look.news(wait)
                entries = await self._news(visitor, int(after))
            elif not entries and wait:
                pause = PAUSE
        told = {
            "entries": [self._told(entry) for entry in entries],
            "after": entries[-1].changed if entries else int(after),
            "typing": self._parts.rooms.typing_for(visitor.chat),
            "pause": pause,
        }
        return _json(200, told)

    async def _news(self, visitor: Visitor, after: int) -> list[ChatEntry]:
        return await self._parts.transcripts.changed_entries(self._account, visitor.chat, after, _SHOWN)

    def _told(self, entry: ChatEntry) -> dict[str, Any]:
        media = [
            {
                **{key: one[key] for key in ("kind", "name", "type") if key in one},
                "url": self._showing.address(entry, n),
            }
            for n, one in enumerate(entry.body.get("media", ()))
        ]
        return {
            **entry.body,
            **({"media": media} if media else {}),
            "position": entry.position,
            "direction": entry.direction,
            "at": entry.at.isoformat(),
            "html": self._showing.entry(entry),
        }

    # --- what people send ---

    def _new_visitor(self, called: Called) -> Reply:
        """For a program: a browser gets a cookie with its page."""
        if called.method != "POST":
            raise _wrong_method(called, "POST")
        self._limits.post(called.remote, self._parts.clock.now())
        visitor = self._visitors.new()
        return _json(201, {"token": visitor.secret, "chat": visitor.chat})

    async def _take(self, called: Called) -> Reply:
        self._limits.post(called.remote, self._parts.clock.now())
        known = self._visitors.known(called.headers)
        if known is None and "authorization" in called.headers:
            raise _who_are_you()
        visitor = known or self._visitors.new()
        if not visitor.by_bearer and not is_own_page(called.headers):
            message = f"pages of {called.headers.get('origin', 'another site')[:100]!r} may not write here"
            raise NotTaken(403, "origin_refused", message, hint=f"write on the page {self._base}")
        sent = read(called.body, called.headers.get("content-type", ""))
        if sent.upload is not None:
            self._limits.file(called.remote, len(sent.upload.content), self._parts.clock.now())
        await self._taking.take(visitor.chat, sent, language=_language(called))
        cookie = {"Set-Cookie": self._visitors.cookie(visitor, called.headers)} if visitor.fresh else {}
        if _wants_page(called):
            return Reply(303, b"", {**_FRESH, **cookie, "Location": f"{self._base}#write"})
        return _json(202, {"id": sent.id}, cookie)

    # --- files ---

    async def _file(self, called: Called, rest: str) -> Reply:
        visitor = self._known(called)
        position, _, number = rest.partition("/")
        if not (position.isascii() and position.isdecimal() and number.isascii() and number.isdecimal()):
            raise _nothing_here()
        entry = None
        if len(position) <= 15 and len(number) <= 2:  # noqa: PLR2004 - as many digits as there can be
            entry = await self._parts.transcripts.chat_entry(self._account, visitor.chat, int(position))
        media = entry.body.get("media", ()) if entry else ()
        name = media[int(number)].get("file") if number and int(number) < len(media) else None
        if name is None:
            raise _nothing_here()
        try:
            content = await asyncio.to_thread(read_file, self._parts.folder, name)
        except DeliveryFailed:
            raise _nothing_here() from None
        return Reply(200, content, _file_headers(content, media[int(number)].get("name") or "file"))

    # --- what all share ---

    def _known(self, called: Called) -> Visitor:
        visitor = self._visitors.known(called.headers)
        if visitor is None:
            raise _who_are_you()
        return visitor

    def _id(self) -> str:
        return base64.urlsafe_b64encode(self._parts.entropy(15)).decode()

    def _refusal(self, called: Called, refused: NotTaken) -> Reply:
        after = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
        if _wants_page(called):
            return self._html(refused.status, self._showing.refusal(refused.message), after)
        told = {"error": refused.error, "message": refused.message, **({"hint": refused.hint} if refused.hint else {})}
        allow = {"Allow": refused.hint or ""} if refused.status == 405 else {}  # noqa: PLR2004
        return _json(refused.status, told, {**allow, **after})


def _file_headers(content: bytes, name: str) -> dict[str, str]:
    """Only a picture is shown by the browser; anything else is kept as a file."""
    picture = picture_type(content[:16])
    return {
        **_PLAIN,
        "Content-Type": picture or "application/octet-stream",
        "Content-Disposition": f"{'inline' if picture else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
    }


def _number(asked: Mapping[str, list[str]], name: str, usual: float, *, most: float) -> float:
    text = asked.get(name, [""])[-1]
    if not text:
        return usual
    if not text.isascii() or not text.replace(".", "", 1).isdecimal() or len(text) > 20:  # noqa: PLR2004
        raise NotTaken(400, "query_invalid", f"{name} must be a number, got {text[:40]!r}")
    return min(float(text), most)


def _language(called: Called) -> str | None:
    """The first that the browser asks for."""
    found = _LANGUAGE.match(called.headers.get("accept-language", ""))
    return found[0] if found else None


def _wants_page(called: Called) -> bool:
    return "text/html" in called.headers.get("accept", "").lower()


def _json(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Reply:
    body = to_json(value).encode()
    return Reply(status, body, {**_FRESH, "Content-Type": "application/json", **(headers or {})})


def _who_are_you() -> NotTaken:
    hint = "load the page, or send the token that a POST to …/visitors gives: Authorization: Bearer TOKEN"
    return NotTaken(401, "visitor_unknown", "nobody is known by this cookie or token", hint=hint)


def _nothing_here() -> NotTaken:
    return NotTaken(404, "not_found", "there is nothing at this address")


def _wrong_method(called: Called, takes: str) -> NotTaken:
    return NotTaken(405, "method_not_allowed", f"this address takes {takes}, not {called.method[:20]}", hint=takes)
