"""What tests and the page ask a sandbox for: people's acts, the lines of the talk, what was counted."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from aiohttp import web
from pydantic import ConfigDict, ValidationError, validate_call

from onebox.kernel.encoding import EncodingError, from_json
from onebox.kernel.nearest import nearest
from onebox.sandbox.acting import CannotAct
from onebox.sandbox.page.page import asset, page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onebox.sandbox.talk import Talk
    from onebox.sandbox.times import Time
    from onebox.sandbox.trouble import Trouble

_LONGEST_WAIT = 25.0
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
_SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")


class Switch(Protocol):
    """Flood control, that can be turned off."""

    on: bool


class Sandbox(Protocol):
    """What both sandboxes have. `ACTS`: the names of what people can do, each a method."""

    ACTS: ClassVar[tuple[str, ...]]
    talk: Talk
    time: Time
    trouble: Trouble

    @property
    def flood(self) -> Switch:
        """Flood control."""
        ...

    @property
    def sent(self) -> Sequence[Any]:
        """What was sent, each a dataclass with a `chat`."""
        ...

    def stats(self) -> dict[str, Any]:
        """What was counted."""
        ...

    def reset(self) -> None:
        """Forgets what was said, sent and counted."""
        ...


class Control:
    """The routes below `/sandbox/`, and the page at `/`. `files`: a medium by its id, as (type, bytes)."""

    def __init__(self, sandbox: Sandbox, *, title: str, files: Callable[[str], tuple[str, bytes] | None]) -> None:
        self._sandbox = sandbox
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
        return web.json_response({"change": change, "lines": [line.told() for line in lines]})

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
            result = await self.act(request.match_info["act"], given)
        except (EncodingError, CannotAct) as refused:
            return web.json_response({"ok": False, "error": refused.message}, status=400)
        return web.json_response({"ok": True, "result": result})

    async def act(self, name: str, given: dict[str, Any]) -> Any:
        """Lets a person of the sandbox do something, or changes it; what it gives, as JSON. Raises CannotAct."""
        acts = self._acts()
        if name not in acts:
            meant = nearest(name, acts)
            raise CannotAct(
                f"there is no act {name!r}; {f'did you mean {meant!r}? ' if meant else ''}there are {', '.join(sorted(acts))}"
            )
        given = dict(given)
        if isinstance(given.get("content"), str):
            given["content"] = _decoded(given["content"])
        try:
            result = validate_call(config=ConfigDict(arbitrary_types_allowed=True))(acts[name])(**given)
            return _plain(await result if inspect.isawaitable(result) else result)
        except ValidationError as error:
            first = error.errors()[0]
            raise CannotAct(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None

    def _acts(self) -> dict[str, Callable[..., Any]]:
        own = {name: getattr(self._sandbox, name) for name in (*self._sandbox.ACTS, "reset")}
        return {**own, "trouble": self._trouble, "flood": self._flood, "forward": self._forward}

    def _trouble(self, **shares: float) -> None:
        try:
            self._sandbox.trouble.change(**shares)
        except ValueError as error:
            raise CannotAct(str(error)) from None

    def _flood(self, *, on: bool) -> None:
        self._sandbox.flood.on = on

    def _forward(self, seconds: float) -> None:
        self._sandbox.time.forward(seconds)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        raise CannotAct("content must be base64") from None


def _plain(value: Any) -> Any:
    """What is JSON of a result; of an object that is waited for, its id alone."""
    if hasattr(value, "answer"):
        return {"id": value.id}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value


def _number(request: web.Request, name: str) -> float:
    given = request.query.get(name, "0")
    if not given.replace(".", "", 1).isascii() or not given.replace(".", "", 1).isdigit():
        raise web.HTTPBadRequest(text=f"{name} must be a number, and is {given!r}")
    return float(given)
