"""A small real HTTP service on loopback, and a connector to call it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.abc import AbstractResolver
from tests.connectors.calls import StoppedClock, call

from onebox.connectors.http.connector import HttpConnector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.abc import ResolveResult

SECRETS = {"shop": "t0ken", "office": "pa:ss"}


@dataclass
class Service:
    """Answers each path as told, and keeps what it was asked."""

    answers: dict[str, web.Response] = field(default_factory=dict)
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the last request."""
        return self.requests[-1].headers

    async def start(self) -> None:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        self.bodies.append(await request.read())
        answer = self.answers.get(request.path)
        if answer is None:
            return web.json_response({"path": request.path})
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


class Names(AbstractResolver):
    """Knows the addresses of a few names."""

    def __init__(self, **addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        self.asked.append(host)
        address = self.addresses[host.partition(".")[0]]
        return [{"hostname": host, "host": address, "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


class Caller:
    """A connector, and the calls of a test."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self.connector = HttpConnector(secrets=SECRETS, clock=StoppedClock(), resolver=resolver)

    async def __call__(self, method: str, url: str, **arguments: Any) -> dict[str, Any]:
        return await self.connector(call(f"http.{method}", url=url, **arguments))
