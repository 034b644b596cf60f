"""Posts each message to the account's URL."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import aiohttp
import yarl

from onebox import __version__
from onebox.channels.webhook.signature import secret_key, sign
from onebox.kernel.encoding import normalise, to_json
from onebox.kernel.errors import OneboxError
from onebox.messaging.channel import DeliveryFailed, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from onebox.kernel.clock import Clock
    from onebox.messaging.message import Message

_LIMIT = 30.0
"""seconds that the receiver may take"""
_UNLIMITED = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_KEEP_ALIVE = 4.0
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_OK = range(200, 300)
_EXCERPT = 200


class WebhookMisconfigured(OneboxError):
    """The URL or the secret of a webhook account is of no use."""

    code: ClassVar[str] = "webhook_misconfigured"


class WebhookChannel:
    """Posts `{"id", "type": "message", "to", "content", "created_at"}` to `url`, signed with `secret`.

    The receiver knows a message that comes twice by its `webhook-id`. Raises WebhookMisconfigured.
    """

    def __init__(self, *, account: str, url: str, secret: str, clock: Clock, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._url = _read_url(account, url)
        try:
            self._key = secret_key(secret)
        except ValueError as error:
            message = f"accounts.{account}: the secret is of no use: {error}"
            raise WebhookMisconfigured(message, hint="it is base64 after whsec_, of 24 bytes or more") from None
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"status": …}`. Raises DeliveryFailed."""
        body = body_of(message)
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"onebox/{__version__}",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._key, message.id, timestamp, body),
        }
        try:
            async with asyncio.timeout(_LIMIT):
                return await self._post(body, headers)
        except TimeoutError:
            text = f"{self._url.host} did not answer within {_LIMIT:g} s"
            raise DeliveryFailed(text, permanent=False) from None
        except (aiohttp.ClientError, OSError) as error:
            text = f"{self._url.host} cannot be reached: {str(error) or type(error).__name__}"
            raise DeliveryFailed(text, permanent=False) from None

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
        session = self._session = self._session or self._open()
        # A redirect is not followed: the signature is for this URL's owner.
        response = await session.post(self._url, data=body, headers=headers, allow_redirects=False)
        try:
            if response.status not in _OK:
                raise await self._refused(response)
            await response.content.read(_EXCERPT)  # a short answer is read, so that the connection can be used again
            return {"status": response.status}
        finally:
            response.release()

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=max(1, self.pace.parallel), keepalive_timeout=_KEEP_ALIVE)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_UNLIMITED)

    async def _refused(self, response: aiohttp.ClientResponse) -> DeliveryFailed:
        status = response.status
        said = " ".join((await response.content.read(_EXCERPT)).decode(errors="replace").split())
        text = f"{self._url.host} answered {status} {_readable(response.reason or '')}".rstrip() + (
            f": {said}" if said else ""
        )
        return DeliveryFailed(
            text,
            permanent=status not in _PASSING and status < HTTPStatus.INTERNAL_SERVER_ERROR,
            retry_after=retry_after(response.headers.get("Retry-After"), self._clock.now()),
        )


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # aiohttp leaves bytes that are no UTF-8 as lone surrogates


def body_of(message: Message) -> bytes:
    """The JSON that is posted."""
    content = {
        "id": message.id,
        "type": "message",
        "to": message.recipient,
        "content": normalise(message.content),
        "created_at": message.created_at.isoformat(),
    }
    return to_json(content).encode()


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


def _read_url(account: str, text: str) -> yarl.URL:
    try:
        url = yarl.URL(text)
    except ValueError:
        url = yarl.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        message = f"accounts.{account}: expected a URL that begins with https:// or http://, got {text[:100]!r}"
        raise WebhookMisconfigured(message)
    return url
