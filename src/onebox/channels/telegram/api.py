"""The Bot API over HTTP: one method a call. The bot's token is in every address, and in no error."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import aiohttp

from onebox import __version__
from onebox.kernel.encoding import EncodingError, from_json_of_others, to_json
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST_ANSWER = 20_000_000
LARGEST_FILE = 20_000_000
"""bytes of a file that Telegram lets a bot fetch"""
_CONNECT = 10.0
"""seconds within which a connection must be there: after them it is known that nothing was sent"""
_TIMES = aiohttp.ClientTimeout(total=None, connect=_CONNECT, sock_connect=None, sock_read=None)
_KEEP_ALIVE = 60.0
_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class ApiRefused(OneboxError):
    """The Bot API said no. `status` is its error code; `parameters` are what it adds (`retry_after`, …)."""

    code: ClassVar[str] = "telegram_refused"

    def __init__(self, method: str, status: int, description: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(f"Telegram refused {method} ({status}): {description}")
        self.method = method
        self.status = status
        self.description = description
        self.parameters = parameters


class ApiUnreachable(OneboxError):
    """There was no answer, or none that could be read. `uncertain`: whether the method was carried out is not known;
    else the request did not get as far as Telegram."""

    code: ClassVar[str] = "telegram_unreachable"

    def __init__(self, message: str, *, uncertain: bool = True) -> None:
        super().__init__(message)
        self.uncertain = uncertain


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that goes along with a method. `part` is its name in the form: a field, or what `attach://…` says."""

    part: str
    filename: str
    content_type: str
    data: bytes


class BotApi:
    """One bot's methods and files. The session is opened with the first call."""

    def __init__(self, base: str, token: str, *, connections: int = 16) -> None:
        self._base = base.rstrip("/")
        self._token = token
        self._host = base
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self, method: str, arguments: Mapping[str, Any], *, limit: float, uploads: Sequence[Upload] = ()
    ) -> Any:
        """What the method gives, within `limit` seconds. Raises ApiRefused, ApiUnreachable."""
        address = f"{self._base}/bot{self._token}/{method}"
        body: Any = _form(arguments, uploads) if uploads else aiohttp.JsonPayload(arguments, dumps=to_json)
        status, answer, _ = await self._within(limit, method, self._read("POST", address, LARGEST_ANSWER, data=body))
        if len(answer) > LARGEST_ANSWER:
            raise ApiUnreachable(f"{self._host} answered {method} with more than {LARGEST_ANSWER:,} bytes")
        return self._result(method, status, answer)

    async def download(self, path: str, *, limit: float) -> tuple[bytes, str | None]:
        """The bytes at the `file_path` that `getFile` gave, and their MIME type if the server tells one. Raises
        ApiRefused, also where they are more than `LARGEST_FILE`, and ApiUnreachable."""
        address = f"{self._base}/file/bot{self._token}/{quote(path)}"
        status, data, kind = await self._within(limit, "a file", self._read("GET", address, LARGEST_FILE))
        if status != HTTPStatus.OK:
            raise ApiRefused("a file", status, "it cannot be fetched", {})
        if len(data) > LARGEST_FILE:
            raise ApiRefused(
                "a file", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"it has more than {LARGEST_FILE:,} bytes", {}
            )
        return data, kind

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _within(self, limit: float, what: str, reading: Any) -> Any:
        try:
            async with asyncio.timeout(limit):
                return await reading
        except _NOT_CONNECTED as error:
            raise self._unreachable(what, error, uncertain=False) from None
        except TimeoutError:
            raise ApiUnreachable(f"{self._host} did not answer {what} within {limit:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._unreachable(what, error, uncertain=True) from None

    def _unreachable(self, what: str, error: Exception, *, uncertain: bool) -> ApiUnreachable:
        # What aiohttp says may hold the address, and so the token.
        text = f"{self._host} cannot be reached for {what}: {type(error).__name__}"
        return ApiUnreachable(text, uncertain=uncertain)

    async def _read(self, verb: str, address: str, most: int, data: Any = None) -> tuple[int, bytes, str | None]:
        """Status, body and MIME type; the body is cut a little after `most` bytes."""
        session = self._session = self._session or self._open()
        async with session.request(verb, address, data=data, allow_redirects=False) as answer:
            read = bytearray()
            async for chunk in answer.content.iter_any():
                read += chunk
                if len(read) > most:
                    break
            return answer.status, bytes(read), answer.headers.get("Content-Type")

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_TIMES,
            headers={"User-Agent": f"onebox/{__version__}"},
        )

    def _result(self, method: str, status: int, body: bytes) -> Any:
        try:
            answer = from_json_of_others(body)
        except EncodingError:
            answer = None
        if not isinstance(answer, dict) or "ok" not in answer:
            raise ApiUnreachable(f"{self._host} answered {method} with {status} and no JSON of the Bot API")
        if answer["ok"] is True:
            return answer.get("result")
        code = answer.get("error_code")
        parameters = answer.get("parameters")
        raise ApiRefused(
            method,
            code if isinstance(code, int) else status,
            str(answer.get("description", ""))[:300],
            parameters if isinstance(parameters, dict) else {},
        )


def _form(arguments: Mapping[str, Any], uploads: Sequence[Upload]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # people see the names of files: "été.pdf", not "%C3%A9t%C3%A9.pdf"
    for name, value in arguments.items():
        form.add_field(name, value if isinstance(value, str) else to_json(value))
    for upload in uploads:
        form.add_field(upload.part, upload.data, filename=upload.filename, content_type=upload.content_type)
    return form
