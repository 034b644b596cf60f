"""The Bot API over HTTP: one method a call, JSON both ways. The bot's token is in every address, and in no error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import aiohttp

from onebox import __version__
from onebox.kernel.encoding import EncodingError, from_json, to_json
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_ANSWER = 20_000_000
_UNLIMITED = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_KEEP_ALIVE = 60.0


class ApiRefused(OneboxError):
    """The Bot API said no. `status` is its error code; `parameters` are what it adds (`retry_after`, …)."""

    code: ClassVar[str] = "telegram_refused"

    def __init__(self, method: str, status: int, description: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(f"Telegram refused {method} ({status}): {description}")
        self.status = status
        self.description = description
        self.parameters = parameters


class ApiUnreachable(OneboxError):
    """There was no answer, or none that could be read: whether the method was carried out is not known."""

    code: ClassVar[str] = "telegram_unreachable"


class BotApi:
    """One bot's methods. The session is opened with the first call."""

    def __init__(self, base: str, token: str, *, connections: int = 16) -> None:
        self._base = f"{base.rstrip('/')}/bot{token}"
        self._host = base
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def call(self, method: str, arguments: Mapping[str, Any], *, limit: float) -> Any:
        """What the method gives, within `limit` seconds. Raises ApiRefused, ApiUnreachable."""
        try:
            async with asyncio.timeout(limit):
                status, body = await self._post(method, to_json(dict(arguments)))
        except TimeoutError:
            raise ApiUnreachable(f"{self._host} did not answer {method} within {limit:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # What aiohttp says may hold the address, and so the token.
            raise ApiUnreachable(f"{self._host} cannot be reached for {method}: {type(error).__name__}") from None
        return self._result(method, status, body)

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, method: str, body: str) -> tuple[int, bytes]:
        session = self._session = self._session or self._open()
        headers = {"Content-Type": "application/json"}
        async with session.post(f"{self._base}/{method}", data=body, headers=headers, allow_redirects=False) as answer:
            read = bytearray()
            async for chunk in answer.content.iter_any():
                read += chunk
                if len(read) > LARGEST_ANSWER:
                    raise aiohttp.ClientPayloadError
            return answer.status, bytes(read)

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_UNLIMITED,
            headers={"User-Agent": f"onebox/{__version__}"},
        )

    def _result(self, method: str, status: int, body: bytes) -> Any:
        try:
            answer = from_json(body)
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
