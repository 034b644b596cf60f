"""Posts JSON to one URL, for the channels that do no more than that."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
import yarl

from onebox import __version__
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LIMIT = 30.0
"""seconds that the receiver may take"""
_UNLIMITED = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_KEEP_ALIVE = 4.0
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_READ = 4096
_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered; `text` is its beginning, on one line."""

    host: str
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def taken(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def passing(self) -> bool:
        """Whether the same may be taken later."""
        return self.status in _PASSING or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def text(self) -> str:
        return " ".join(self.body[:_EXCERPT].decode(errors="replace").split())

    def told(self, said: str | None = None) -> str:
        """What it answered, in a sentence."""
        said = self.text if said is None else said
        answered = f"{self.host} answered {self.status} {_readable(self.reason)}".rstrip()
        return f"{answered}: {said}" if said else answered

    def failed(self, now: datetime, *, kind: str | None = None, said: str | None = None) -> DeliveryFailed:
        """The failure that it stands for where the channel does not know better."""
        usual = "too_many" if self.status == HTTPStatus.TOO_MANY_REQUESTS else "busy" if self.passing else "refused"
        return DeliveryFailed(
            self.told(said),
            permanent=not self.passing,
            retry_after=retry_after(self.headers.get("Retry-After"), now),
            kind=kind or usual,
        )


class Poster:
    """Posts to `url`, which may hold a secret and is never told. `parallel`: connections at most."""

    def __init__(self, url: yarl.URL, *, parallel: int) -> None:
        self._url = url
        self._host = url.host or ""
        self._parallel = max(1, parallel)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises DeliveryFailed where there is no answer."""
        sent = {"Content-Type": "application/json", "User-Agent": f"onebox/{__version__}", **(headers or {})}
        try:
            async with asyncio.timeout(LIMIT):
                return await self._post(body, sent)
        except TimeoutError:
            text = f"{self._host} did not answer within {LIMIT:g} s"
            raise DeliveryFailed(text, permanent=False, kind="unreachable") from None
        except (aiohttp.ClientError, OSError) as error:
            text = f"{self._host} cannot be reached: {str(error) or type(error).__name__}"
            raise DeliveryFailed(text, permanent=False, kind="unreachable") from None

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        session = self._session = self._session or self._open()
        # A redirect is not followed: what is sent is for this URL's owner.
        response = await session.post(self._url, data=body, headers=headers, allow_redirects=False)
        try:
            # A short answer is read whole, so that the connection can be used again.
            read = await response.content.read(_READ)
            return Answer(self._host, response.status, response.reason or "", response.headers, read)
        finally:
            response.release()

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._parallel, keepalive_timeout=_KEEP_ALIVE)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_UNLIMITED)


def read_url(text: str) -> yarl.URL | None:
    """The URL; None where the text is none that can be posted to."""
    try:
        url = yarl.URL(text)
    except ValueError:
        return None
    return url if url.scheme in {"http", "https"} and url.host else None


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds, from a number or a date; None where the header says nothing that can be read."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return None if until.tzinfo is None else max(0.0, (until - now).total_seconds())


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # aiohttp leaves bytes that are no UTF-8 as lone surrogates
