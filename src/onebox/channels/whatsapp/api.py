"""The Graph API over HTTP: JSON both ways, files as forms. The token goes in a header, to the API and to Meta's media
servers alone, and into no error."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import aiohttp
import yarl

from onebox import __version__
from onebox.kernel.encoding import EncodingError, from_json, to_json
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

LARGEST_FILE = 20_000_000
_LARGEST_ANSWER = 1_000_000
_UNLIMITED = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_KEEP_ALIVE = 60.0
_MEDIA_HOSTS = (".fbsbx.com", ".fbcdn.net", ".facebook.com", ".whatsapp.net")
_TOKEN_EXPIRED = 190
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")


class ApiRefused(OneboxError):
    """The Graph API said no. `code` of Meta's tells what about; 0 where it gave none."""

    code: ClassVar[str] = "whatsapp_refused"

    def __init__(self, what: str, status: int, error: Mapping[str, Any]) -> None:
        number = error.get("code")
        self.number = number if type(number) is int else 0
        self.subnumber = error.get("error_subcode")
        self.status = status
        self.said = said(error)
        super().__init__(f"WhatsApp refused {what} ({self.number or status}): {self.said}")

    @property
    def is_of_token(self) -> bool:
        """Whether the token is wrong, or was taken back."""
        return self.status == HTTPStatus.UNAUTHORIZED or self.number == _TOKEN_EXPIRED


class ApiUnreachable(OneboxError):
    """There was no answer, or none that could be read. `uncertain`: what was asked for may have been done."""

    code: ClassVar[str] = "whatsapp_unreachable"

    def __init__(self, message: str, *, uncertain: bool) -> None:
        super().__init__(message)
        self.uncertain = uncertain


def said(error: Mapping[str, Any]) -> str:
    """What Meta says of an error, on one line.

    >>> said({"message": "(#131047) Re-engagement message", "error_data": {"details": "24 hours have passed."}})
    '(#131047) Re-engagement message: 24 hours have passed.'
    """
    data = error.get("error_data")
    words = [error.get("message") or error.get("title"), data.get("details") if isinstance(data, dict) else None]
    told = dict.fromkeys(" ".join(word.split()) for word in words if isinstance(word, str))
    return ": ".join(word for word in told if word)[:300] or "no reason given"


class GraphApi:
    """What one phone number may do. The session is opened with the first call; `base` ends with the API's version."""

    def __init__(self, base: str, number: str, token: str, *, connections: int = 32) -> None:
        self._base = yarl.URL(base.rstrip("/"))
        self._number = number
        self._token = token
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Mapping[str, Any], *, limit: float) -> Mapping[str, Any]:
        """What the API answers to `message`, within `limit` seconds. Raises ApiRefused, ApiUnreachable."""
        body = to_json({"messaging_product": "whatsapp", **message})
        headers = {"Content-Type": "application/json"}

        async def post() -> Any:
            return await self._answer("the message", "POST", self._base / self._number / "messages", body, headers)

        return _mapping(await self._within(limit, "the message", post))

    async def upload(self, data: bytes, *, name: str, type: str, limit: float) -> str:
        """The id of a file that is now on Meta's servers, for 30 days. Raises ApiRefused, ApiUnreachable."""

        async def post() -> Any:
            form = aiohttp.FormData({"messaging_product": "whatsapp", "type": type})
            form.add_field("file", data, filename=name, content_type=type)
            return await self._answer("the file", "POST", self._base / self._number / "media", form, {})

        given = _mapping(await self._within(limit, "the file", post)).get("id")
        if not isinstance(given, str):
            raise ApiUnreachable(f"{self._base.host} gave the file no id", uncertain=False)
        return given

    async def fetch(self, id: str, *, limit: float) -> tuple[bytes, str | None]:
        """The bytes and the type of a file. Raises ApiRefused, ApiUnreachable."""

        async def get() -> tuple[bytes, str | None]:
            if not _MEDIA_ID.fullmatch(id):
                raise ApiRefused("a download", 404, {"message": f"{id!r:.80} is no id of a file"})
            known = _mapping(await self._answer("a download", "GET", self._base / id, None, {}))
            url, size, kind = known.get("url"), known.get("file_size"), known.get("mime_type")
            if isinstance(size, int) and size > LARGEST_FILE:
                raise _too_large()
            return await self._bytes(self._media_url(url)), kind if isinstance(kind, str) else None

        fetched: tuple[bytes, str | None] = await self._within(limit, "a download", get)
        return fetched

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _within(self, limit: float, what: str, doing: Callable[[], Awaitable[Any]]) -> Any:
        host = self._base.host
        try:
            async with asyncio.timeout(limit):
                return await doing()
        except TimeoutError:
            raise ApiUnreachable(f"{host} did not answer {what} within {limit:g} s", uncertain=True) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            text = f"{host} cannot be reached: {type(error).__name__}"
            raise ApiUnreachable(text, uncertain=False) from None
        except (aiohttp.ClientError, OSError) as error:
            text = f"{host} broke off before it answered {what}: {type(error).__name__}"
            raise ApiUnreachable(text, uncertain=True) from None

    async def _answer(self, what: str, method: str, url: yarl.URL, body: Any, headers: Mapping[str, str]) -> Any:
        status, read = await self._call(method, url, body, headers, _LARGEST_ANSWER)
        try:
            answer = from_json(read)
        except EncodingError:
            answer = None
        error = answer.get("error") if isinstance(answer, dict) else None
        if isinstance(error, dict):
            raise ApiRefused(what, status, error)
        if status == HTTPStatus.OK and isinstance(answer, dict):
            return answer
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ApiRefused(what, status, {})
        text = f"{self._base.host} answered {what} with {status} and no JSON of the Graph API"
        raise ApiUnreachable(text, uncertain=True)

    async def _bytes(self, url: yarl.URL) -> bytes:
        status, read = await self._call("GET", url, None, {}, LARGEST_FILE)
        if status != HTTPStatus.OK:
            raise ApiRefused("a download", status, {"message": f"{url.host} answered {status}"})
        return read

    async def _call(
        self, method: str, url: yarl.URL, body: Any, headers: Mapping[str, str], largest: int
    ) -> tuple[int, bytes]:
        session = self._session = self._session or self._open()
        sent = {"Authorization": f"Bearer {self._token}", **headers}
        async with session.request(method, url, data=body, headers=sent, allow_redirects=False) as answer:
            read = bytearray()
            async for chunk in answer.content.iter_any():
                read += chunk
                if len(read) > largest:
                    raise _too_large()
            return answer.status, bytes(read)

    def _media_url(self, given: Any) -> yarl.URL:
        """Raises ApiRefused where the token would go to a stranger."""
        try:
            url = yarl.URL(given) if isinstance(given, str) else yarl.URL()
        except ValueError:
            url = yarl.URL()
        host = f".{url.host or ''}"
        if url.scheme == "https" and host.endswith(_MEDIA_HOSTS):
            return url
        if url.is_absolute() and url.origin() == self._base.origin():
            return url
        raise ApiRefused("a download", 400, {"message": f"{url.host or 'an address'} is no server of Meta's"})

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_UNLIMITED,
            headers={"User-Agent": f"onebox/{__version__}"},
        )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _too_large() -> ApiRefused:
    return ApiRefused("a download", 413, {"message": f"it is larger than {LARGEST_FILE // 1_000_000} MB"})
