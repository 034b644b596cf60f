"""A bot of the sandbox, by plain HTTP; and a server that takes what a webhook brings."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import aiohttp
from aiohttp import web

from tests.support.local_server import LocalServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from onebox.sandbox.telegram.sandbox import TelegramSandbox


class BotClient:
    """`async with BotClient(telegram) as bot`: `await bot("sendMessage", chat_id=…)` is the whole answer."""

    def __init__(self, telegram: TelegramSandbox, token: str | None = None) -> None:
        self.base = f"{telegram.url}/bot{token or telegram.token}"

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    async def __call__(self, method: str, **arguments: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.base}/{method}", json=arguments) as answer:
            told: dict[str, Any] = await answer.json()
            assert answer.status == told.get("error_code", 200)
            return told

    async def result(self, method: str, **arguments: Any) -> Any:
        """What the method gives, which must be yes."""
        told = await self(method, **arguments)
        assert told["ok"], told
        return told["result"]

    async def refusal(self, method: str, **arguments: Any) -> str:
        """Why not, with its code."""
        told = await self(method, **arguments)
        assert not told["ok"], told
        return f"{told['error_code']} {told['description']}"


@dataclass(frozen=True)
class Brought:
    """What a webhook brought. `at`: seconds of the loop's clock."""

    body: dict[str, Any]
    headers: dict[str, str]
    raw: bytes
    at: float


class Receiver(LocalServer):
    """Takes what is brought, and answers what `answer` says: (status, headers, body)."""

    def __init__(self) -> None:
        self.brought: list[Brought] = []
        self.answer: Callable[[dict[str, Any]], tuple[int, dict[str, str], Any]] = lambda _: (200, {}, None)
        self.open = 0
        self.most_open = 0
        self.hold: asyncio.Event | None = None
        """answers wait for it"""
        self._came = asyncio.Event()

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/hook", self._take)
        return application

    async def until(self, count: int, within: float = 5.0) -> None:
        """Waits until that many came."""
        async with asyncio.timeout(within):
            while len(self.brought) < count:
                self._came.clear()
                await self._came.wait()

    async def _take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        at = asyncio.get_running_loop().time()
        brought = Brought(json.loads(raw), dict(request.headers), raw, at)
        self.brought.append(brought)
        self._came.set()
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        if self.hold is not None:
            await self.hold.wait()
        self.open -= 1
        status, headers, body = self.answer(brought.body)
        if body is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(body, status=status, headers=headers)
