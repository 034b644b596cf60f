"""What tests and the page ask a sandbox for: people's acts, the lines of the talk, what was counted."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from aiohttp import web

from onebox.kernel.encoding import EncodingError, from_json
from onebox.sandbox.acting import Acts, CannotAct
from onebox.sandbox.page.page import asset, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.sandbox.acting import Sandbox

_LONGEST_WAIT = 25.0
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
_SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")


class Control:
    """The routes below `/sandbox/`, and the page at `/`. `files`: a medium by its id, as (type, bytes)."""

    def __init__(self, sandbox: Sandbox, *, title: str, files: Callable[[str], tuple[str, bytes] | None]) -> None:
        self._sandbox = sandbox
        self._acts = Acts(sandbox)
        self._title = title
        self._files = files

    def routes(self) -> list[web.RouteDef]:
        """What is served."""
        return [
            web.get("/", self._page),
            web.get("/sandbox/assets/{name}", self._asset),
            web.get("/sandbox/lines", self._lines),
            web.get("/sandbox/sent", self._sent),
            web.get("/sandbox/stats", self._stats),
            web.get("/sandbox/files/{id}", self._file),
            web.post("/sandbox/{act}", self._act),
        ]

    async def _page(self, _request: web.Request) -> web.Response:
        return page(self._title)

    async def _asset(self, request: web.Request) -> web.Response:
        return asset(request.match_info["name"])

    async def _lines(self, request: web.Request) -> web.Response:
        """`?after=CHANGE&wait=SECONDS`: the lines that changed since."""
        after, wait = _number(request, "after"), _number(request, "wait")
        lines = await self._sandbox.talk.wait(int(after), min(wait, _LONGEST_WAIT))
        change = max((line.change for line in lines), default=int(after))
        told = [line.told() for line in lines]
        return web.json_response({"talk": self._sandbox.talk.number, "change": change, "lines": told})

    async def _sent(self, request: web.Request) -> web.Response:
        """`?chat=ID`: what was sent there, or all of it, in order and with times."""
        chat = request.query.get("chat")
        sent = [one for one in self._sandbox.sent if chat in {None, str(one.chat)}]
        return web.json_response([dataclasses.asdict(one) for one in sent])

    async def _stats(self, _request: web.Request) -> web.Response:
        return web.json_response(self._sandbox.stats())

    async def _file(self, request: web.Request) -> web.Response:
        found = self._files(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound
        kind, content = found
        shown = kind if kind.startswith(_SHOWN) and "/" in kind else "application/octet-stream"
        return web.Response(body=content, headers={**_SAFE, "Content-Type": shown})

    async def _act(self, request: web.Request) -> web.Response:
        """The act with the object's values as its arguments; `content` is base64."""
        try:
            given = from_json(await request.read() or b"{}")
            if request.content_type != "application/json" or not isinstance(given, dict):
                raise CannotAct("an act is told as an object of JSON, with Content-Type: application/json")
            result = await self._acts.act(request.match_info["act"], given)
        except (EncodingError, CannotAct) as refused:
            return web.json_response({"ok": False, "error": refused.message}, status=400)
        return web.json_response({"ok": True, "result": result})


def _number(request: web.Request, name: str) -> float:
    given = request.query.get(name, "0")
    if not _NUMBER.fullmatch(given):
        raise web.HTTPBadRequest(text=f"{name} must be a number of at most 15 digits, and is {given!r:.40}")
    return float(given)
