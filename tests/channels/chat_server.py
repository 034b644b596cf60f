"""A web server on loopback that keeps what was posted and answers as it is told."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class ChatServer:
    """Answers `answers` one after another, and then the `usual`."""

    def __init__(self, usual: tuple[int, str] = (200, "ok")) -> None:
        self.usual = usual
        self.answers: list[tuple[int, dict[str, str], str]] = []
        self.posted: list[Any] = []
        self.paths: list[str] = []
        self.address = ""

    async def take(self, request: web.Request) -> web.Response:
        self.paths.append(request.path_qs)
        body = await request.text()
        self.posted.append(json.loads(body) if body.startswith("{") else body)
        status, headers, text = self.answers.pop(0) if self.answers else (self.usual[0], {}, self.usual[1])
        return web.Response(status=status, headers=headers, text=text)


@contextlib.asynccontextmanager
async def chat_server(server: ChatServer) -> AsyncIterator[ChatServer]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.take)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.address = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
