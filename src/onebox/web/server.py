"""The listening socket, and the patience with connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from aiohttp.web import RequestHandler, Server

from onebox.kernel.errors import OneboxError
from onebox.web.answers import Answer, Refused
from onebox.web.settings import WebSettings

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, StreamResponse

    from onebox.web.site import Site

_SWEEP = 5.0


class CannotListen(OneboxError):
    """The address is taken, or not ours."""

    code = "cannot_listen"


class WebServer:
    """Serves a site. `site` may be exchanged at any time: first one that only says `starting`, then the real one."""

    def __init__(self, site: Site, host: str, port: int, settings: WebSettings | None = None) -> None:
        self.site = site
        self._host = host
        self._port = port
        self._settings = settings or WebSettings()
        self._server: _Connections | None = None
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where it listens: the port that was chosen, if it was asked for port 0."""
        assert self._listener is not None, "not started"
        return int(self._listener.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listens from now on. Raises CannotListen."""
        loop = asyncio.get_running_loop()
        self._server = _Connections(self._handle, self._settings)
        try:
            self._listener = await loop.create_server(self._server, self._host, self._port, backlog=1024)
        except OSError as error:
            message = f"cannot listen on {self._host}:{self._port}: {error.strerror or error}"
            raise CannotListen(message, hint="stop what listens there, or choose another: --port") from None
        self._sweeper = asyncio.create_task(self._sweep(self._server))

    async def stop(self, deadline: float = 5.0) -> None:
        """Takes no new connections, lets running requests end within `deadline` seconds, then closes all."""
        if self._server is None or self._listener is None or self._sweeper is None:
            return
        self._listener.close()
        self._sweeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeper
        self._server.pre_shutdown()  # idle keep-alive connections go at once
        await self._server.shutdown(deadline)
        self._server = self._listener = self._sweeper = None

    async def _handle(self, request: BaseRequest) -> StreamResponse:
        connection = request.protocol
        assert isinstance(connection, _Connection)
        connection.working = True
        try:
            return await self.site(request)
        finally:
            connection.working = False
            connection.heard_at = None

    async def _sweep(self, server: _Connections) -> None:
        loop = asyncio.get_running_loop()
        patience = self._settings.header_timeout
        while True:
            await asyncio.sleep(min(_SWEEP, patience / 2))
            for connection in server.connections:
                if connection.is_dawdling(loop.time() - patience):  # type: ignore[attr-defined]
                    connection.force_close()


class _Connections(Server):
    """aiohttp's connections, with ours."""

    def __init__(self, handler: Any, settings: WebSettings) -> None:
        super().__init__(handler, access_log=None)
        self._settings = settings

    def __call__(self) -> RequestHandler:
        return _Connection(
            self,
            loop=self._loop,
            access_log=None,  # type: ignore[arg-type]  # None is documented as: do not log
            keepalive_timeout=self._settings.keepalive_timeout,
            lingering_time=self._settings.linger,
        )


class _Connection(RequestHandler):
    """One connection. Knows since when it waits for the rest of a request's head."""

    __slots__ = ("heard_at", "working")

    heard_at: float | None
    working: bool

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.heard_at = self._loop.time()
        self.working = False
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.heard_at is None:
            self.heard_at = self._loop.time()
        super().data_received(data)

    def is_dawdling(self, since: float) -> bool:
        return not self.working and self.heard_at is not None and self.heard_at < since

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """What is no HTTP gets 400 in our own words, and no line in the log: the internet is full of it."""
        if request.writer.output_size > 0:
            raise ConnectionResetError
        reason = (message or "").strip().splitlines()
        said = f"this is no HTTP request: {reason[0].rstrip(':')}" if reason else "this is no HTTP request"
        answer: Answer = Refused(400, "bad_request", said, close=True).answer()
        return answer
