"""Performs HTTP requests for the flows of a box, through one pool of connections."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.resolver import DefaultResolver

from onebox import __version__
from onebox.connectors.http.answer import expected, read_result, unexpected
from onebox.connectors.http.networks import PrivateAddress, PublicResolver, check_literal
from onebox.connectors.http.redirect import MOST_HOPS, REDIRECTS, redirected, same_origin
from onebox.connectors.http.request import Request, prepare, size_limit, time_limit
from onebox.flows.handlers import StepFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.abc import AbstractResolver

    from onebox.flows.handlers import Call
    from onebox.kernel.clock import Clock

_AGENT = f"onebox/{__version__}"
_UNLIMITED = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
# Shorter than the 5 s after which Node and uvicorn hang up, so that a request never meets a connection being closed.
_KEEP_ALIVE = 4.0
_NAMES_KEPT = 30
"""seconds that the addresses of a host are remembered"""
_OK = range(200, 300)
_OK_OR_REDIRECT = range(200, 400)


class HttpConnector:
    """The handler of http.get, http.post, http.put, http.patch, http.delete and http.head.

    `secrets` gives the value of a named secret. Cookies are never kept: flows do not share a session.
    """

    def __init__(
        self,
        *,
        secrets: Mapping[str, str],
        clock: Clock,
        connections: int = 200,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._connections = connections
        self._resolver = resolver
        self._direct: aiohttp.ClientSession | None = None
        self._guarded: aiohttp.ClientSession | None = None

    async def __call__(self, call: Call) -> dict[str, Any]:
        """`{status, headers, body, url}`. Raises StepFailed."""
        arguments = call.arguments
        request = prepare(call, self._secrets, _AGENT)
        limit = time_limit(arguments.get("timeout"), call.timeout)
        try:
            async with asyncio.timeout(limit):
                return await self._exchange(request, arguments)
        except TimeoutError:
            message = f"{request.name} did not answer in time" + (f" ({limit:g} s)" if limit else "")
            raise StepFailed("timeout", message, passing=True) from None

    async def close(self) -> None:
        """Closes all connections."""
        for session in (self._direct, self._guarded):
            if session is not None:
                await session.close()

    async def _exchange(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        first = request.url
        private = _flag(arguments, "private_networks")
        follow = _flag(arguments, "follow") is not False
        most = size_limit(arguments.get("max_bytes"))
        for hop in range(MOST_HOPS + 1):
            # The author of the flow wrote the first address; where a redirect leads, anybody may have written.
            trusted = private or (private is None and (hop == 0 or same_origin(request.url, first)))
            try:
                response = await self._send(request, trusted=bool(trusted))
                try:
                    location = response.headers.get("Location")
                    if not (follow and location is not None and response.status in REDIRECTS):
                        return await self._result(request, response, arguments, follow=follow, most=most)
                    request = redirected(request, response.status, location)
                finally:
                    response.release()
            except (aiohttp.ClientError, PrivateAddress, ValueError, OSError) as error:
                raise failure(request, error) from None
        message = f"{request.method} {first.host} was redirected more than {MOST_HOPS} times"
        raise StepFailed("redirect_refused", message, passing=False)

    async def _send(self, request: Request, *, trusted: bool) -> aiohttp.ClientResponse:
        if trusted:
            session = self._direct = self._direct or self._session(self._resolver)
        else:
            check_literal(request.url.host or "")
            session = self._guarded = self._guarded or self._session(
                PublicResolver(self._resolver or DefaultResolver())
            )
        return await session.request(
            request.method, request.sent_url, data=request.data, headers=request.headers, allow_redirects=False
        )

    def _session(self, resolver: AbstractResolver | None) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._connections, keepalive_timeout=_KEEP_ALIVE, ttl_dns_cache=_NAMES_KEPT, resolver=resolver
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_UNLIMITED)

    async def _result(
        self,
        request: Request,
        response: aiohttp.ClientResponse,
        arguments: Mapping[str, Any],
        *,
        follow: bool,
        most: int,
    ) -> dict[str, Any]:
        expect = arguments.get("expect")
        status = response.status
        usual = _OK if follow else _OK_OR_REDIRECT
        fine = status in usual if expect is None else expected(expect, status)
        if not fine:
            raise await unexpected(request, response, self._clock.now())
        return await read_result(request, response, most)


def failure(request: Request, error: Exception) -> StepFailed:
    """The failure that an error of the client is."""
    name = request.name
    match error:
        case PrivateAddress():
            which = error.host if error.host == error.address else f"{error.host} is {error.address}, which"
            text = f"{name} was not called: {which} lies in a private network"
            return StepFailed("redirect_refused", f"{text}; allow it with private_networks: true", passing=False)
        case aiohttp.ClientConnectorCertificateError():
            text = f"the certificate of {name} is not to be trusted: {_reason(error.certificate_error)}"
            return StepFailed("tls_failed", text, passing=False)
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return StepFailed("tls_failed", f"{name} spoke no TLS that we understand: {_reason(error)}", passing=True)
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return StepFailed("bad_url", f"{name} cannot be called: {_reason(error)}", passing=False)
        case aiohttp.ClientConnectorError():
            return StepFailed("connect_failed", f"{name} cannot be reached: {_reason(error.os_error)}", passing=True)
        case aiohttp.ClientResponseError():
            return StepFailed("bad_answer", f"{name} answered with broken HTTP: {error.message}", passing=True)
        case aiohttp.ClientPayloadError():
            return StepFailed("connection_lost", f"{name} broke off its answer: {_reason(error)}", passing=True)
        case aiohttp.ClientError() | OSError():
            return StepFailed("connection_lost", f"{name} closed the connection: {_reason(error)}", passing=True)
    return StepFailed("bad_argument", f"{name} cannot be asked that: {error}", passing=False)


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text.strip() or type(error).__name__


def _flag(arguments: Mapping[str, Any], name: str) -> bool | None:
    value = arguments.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise StepFailed("bad_argument", f"{name}: expected true or false, got {value!r}", passing=False)
