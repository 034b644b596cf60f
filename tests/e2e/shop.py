"""What the box of this suite talks to: a shop and a receiver of messages, on loopback."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Shop:
    """Answers with the method and the path that it was asked; `statuses` are given first, one a request."""

    statuses: dict[str, list[int]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)
    port: int = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def of(self, path: str, method: str | None = None) -> list[Asked]:
        """The requests for a path, oldest first."""
        return [one for one in self.asked if one.path == path and method in {None, one.method}]

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append(Asked(request.method, request.path, dict(request.headers), body))
        planned = self.statuses.get(request.path)
        status = planned.pop(0) if planned else 200
        said: dict[str, Any] = {"method": request.method, "path": request.path_qs}
        return web.json_response(said, status=status)
