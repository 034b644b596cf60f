"""A server on loopback, and on no other address."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Self

from aiohttp import web
from yarl import URL

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from types import TracebackType

    from aiohttp.typedefs import Handler

HOST = "127.0.0.1"
_NAMES = {HOST, "localhost", "::1"}
_OTHER_SITES = {"cross-site", "same-site"}
"""what a browser says of a page that is not the sandbox's, also where it says no Origin, as for a picture"""
_LARGEST = 110 * 1024 * 1024


class SandboxCannotListen(OneboxError):
    """The port is taken, or needs more rights."""

    code: ClassVar[str] = "cannot_listen"


class LoopbackServer:
    """`async with` serves `application()` at `url`. `port` 0: any that is free. Raises SandboxCannotListen."""

    def __init__(self, *, port: int = 0) -> None:
        self.port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://{HOST}:{self.port}"

    def routes(self) -> list[web.RouteDef]:
        """What is served."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=_LARGEST, middlewares=[_from_here])
        application.add_routes(self.routes())
        runner = self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self.port).start()
        except OSError as error:
            await runner.cleanup()
            raise SandboxCannotListen(
                f"port {self.port} of {HOST} cannot be used: {os.strerror(error.errno or 0).lower()}",
                hint="another sandbox may run; port 0 takes any port that is free",
            ) from None
        self.port = int(runner.addresses[0][1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()


@web.middleware
async def _from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what a page of somewhere else, open in a browser of this machine, would have it do."""
    origin = request.headers.get("Origin")
    is_strange = _host(f"//{request.host}") not in _NAMES or (origin is not None and not _is_ours(origin, request))
    if is_strange or (request.headers.get("Sec-Fetch-Site") in _OTHER_SITES and not _is_link(request)):
        raise web.HTTPForbidden(text="The sandbox answers programs and pages of this machine alone.")
    return await handler(request)


def _is_link(request: web.Request) -> bool:
    """Whether a link is followed to the chat, which tells and does nothing by itself."""
    return request.method == "GET" and request.path == "/" and request.headers.get("Sec-Fetch-Dest") == "document"


def _is_ours(origin: str, request: web.Request) -> bool:
    return origin == f"http://{request.host}"


def _host(address: str) -> str | None:
    try:
        return URL(address).host
    except ValueError:
        return None
