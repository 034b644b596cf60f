"""Asks a feed: one conditional GET, with its redirects, within limits of time and size."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import DefaultResolver

from onebox import __version__
from onebox.connectors.feeds.failure import FeedFailed
from onebox.connectors.feeds.unpacking import LARGEST, PACKINGS, read_body
from onebox.connectors.http.answer import retry_after
from onebox.connectors.http.connector import failure
from onebox.connectors.http.networks import PrivateAddress, PublicResolver, check_literal, is_public
from onebox.connectors.http.redirect import REDIRECTS, redirected
from onebox.connectors.http.request import Request
from onebox.flows.handlers import StepFailed

if TYPE_CHECKING:
    import socket

    from aiohttp.abc import ResolveResult

    from onebox.kernel.clock import Clock

MOST_HOPS = 5
SECONDS = 30.0
"""for all of it: redirects, and the body"""
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
_FOR_GOOD = frozenset({301, 308})
_OK, _NOT_MODIFIED = 200, 304
_BUSY = frozenset({429, 503})
_UNLIMITED = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_CONNECTIONS = 32
_LONGEST_MARK = 1000
_UNREADABLE = re.compile(r"[^ -'*-\[\]-~]")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a feed answered. `body` is None if it is what it was (304). `address` is where it has moved to for good,
    None if it has not; `url` is where it was found."""

    url: str
    body: bytes | None
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    address: str | None = None


class Fetcher:
    """Asks feeds through one pool of connections. `box` is the name that servers are told."""

    def __init__(
        self,
        *,
        box: str,
        clock: Clock,
        resolver: AbstractResolver | None = None,
        seconds: float = SECONDS,
        largest: int = LARGEST,
    ) -> None:
        self._clock = clock
        self._resolver = _Witness(resolver)
        self._seconds = seconds
        self._largest = largest
        self._headers = {
            "User-Agent": f"onebox/{__version__} (feed reader; box {_UNREADABLE.sub('?', box)})",
            "Accept": _ACCEPT,
            "Accept-Encoding": PACKINGS,
        }
        self._direct: aiohttp.ClientSession | None = None
        self._guarded: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """Raises FeedFailed."""
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {**self._headers, **{name: value for name, value in conditions.items() if value}}
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(Request("GET", yarl.URL(url), headers), asked=bool(etag or last_modified))
        except TimeoutError:
            raise FeedFailed(f"{yarl.URL(url).host} did not answer in time ({self._seconds:g} s)") from None

    async def close(self) -> None:
        """Closes all connections."""
        for session in (self._direct, self._guarded):
            if session is not None:
                await session.close()

    async def _follow(self, request: Request, *, asked: bool) -> Fetched:
        first = request.url
        address: yarl.URL | None = None
        for_good = True
        for hop in range(MOST_HOPS + 1):
            try:
                response = await self._send(request, first, hop)
                try:
                    location = response.headers.get("Location")
                    if location is None or response.status not in REDIRECTS:
                        moved = None if address is None else str(address)
                        return await self._taken(request, response, moved, asked=asked)
                    request = redirected(request, response.status, location)
                    for_good = for_good and response.status in _FOR_GOOD
                    address = request.url if for_good else address
                finally:
                    response.release()
            except PrivateAddress as private:
                raise FeedFailed(f"it redirects to {private.host}, which lies in a private network") from None
            except StepFailed as failed:
                raise FeedFailed(failed.message) from None
            except (aiohttp.ClientError, ValueError, OSError) as error:
                raise FeedFailed(failure(request, error).message) from None
        raise FeedFailed(f"{first.host} redirects more than {MOST_HOPS} times")

    async def _send(self, request: Request, first: yarl.URL, hop: int) -> aiohttp.ClientResponse:
        # The author of the flow wrote the first address; where a redirect leads, anybody may have written.
        if hop == 0 or self._resolver.saw_private(first.raw_host or ""):
            session = self._direct = self._direct or _session(self._resolver)
        else:
            check_literal(request.url.host or "")
            session = self._guarded = self._guarded or _session(PublicResolver(self._resolver))
        return await session.get(request.url, headers=request.headers, allow_redirects=False)

    async def _taken(
        self, request: Request, response: aiohttp.ClientResponse, address: str | None, *, asked: bool
    ) -> Fetched:
        told = {
            "url": str(request.url),
            "content_type": response.headers.get("Content-Type", ""),
            "etag": _mark(response, "ETag"),
            "last_modified": _mark(response, "Last-Modified"),
            "address": address,
        }
        if response.status == _NOT_MODIFIED and asked:
            return Fetched(body=None, **told)  # type: ignore[arg-type]
        if response.status != _OK:
            raise self._refusal(request, response)
        return Fetched(body=await read_body(response, self._largest), **told)  # type: ignore[arg-type]

    def _refusal(self, request: Request, response: aiohttp.ClientResponse) -> FeedFailed:
        status, reason = response.status, _readable(response.reason or "")
        wait = retry_after(response.headers.get("Retry-After"), self._clock.now()) if status in _BUSY else None
        message = f"{request.url.host} answered {status} {reason}".rstrip()
        return FeedFailed(message, status=status, retry_after=wait)


class _Witness(AbstractResolver):
    """Resolves names, and remembers which were ever seen to be public: one that is not any more gains nothing."""

    def __init__(self, inner: AbstractResolver | None) -> None:
        self._inner = inner
        self._private: dict[str, bool] = {}

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily | int = 0) -> list[ResolveResult]:
        self._inner = self._inner or DefaultResolver()
        found = await self._inner.resolve(host, port, family)  # type: ignore[arg-type]
        private = bool(found) and not any(is_public(result["host"]) for result in found)
        self._private[host] = private and self._private.get(host, True)
        return found

    def saw_private(self, host: str) -> bool:
        """Whether a host lies in a private network, and always did."""
        try:
            check_literal(host)
        except PrivateAddress:
            return True
        return self._private.get(host, False)

    async def close(self) -> None:
        """Nothing is open."""


def _session(resolver: AbstractResolver) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, resolver=resolver, ttl_dns_cache=60)
    # Bodies are unpacked by hand, so that their size is known before the memory is gone.
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_UNLIMITED, auto_decompress=False
    )


def _mark(response: aiohttp.ClientResponse, name: str) -> str | None:
    """A header that is sent back as it is, if that can be done."""
    value = response.headers.get(name)
    return value if value and len(value) <= _LONGEST_MARK and value.isascii() and value.isprintable() else None


def _readable(text: str) -> str:
    return "".join(sign if sign.isprintable() and sign.isascii() else "?" for sign in text[:80])
