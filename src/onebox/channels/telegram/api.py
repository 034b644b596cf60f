"""Calls methods of Telegram's Bot API."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import aiohttp
import yarl

from onebox import __version__
from onebox.kernel.encoding import EncodingError, from_json, to_json
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNLIMITED = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_KEEP_ALIVE = 30.0
_LARGEST = 16_000_000
"""bytes of an answer: 100 updates are far smaller"""
_EXCERPT = 300


class TelegramUnreachable(OneboxError):
    """No answer of Telegram's came: the network, a proxy between, or trouble at Telegram's."""

    code: ClassVar[str] = "telegram_unreachable"


class TelegramRefused(OneboxError):
    """Telegram answered that it will not do it.

    `status` is its `error_code`, `retry_after` the seconds that it wants to be left alone, and `moved_to` the chat that
    a group became.
    """

    code: ClassVar[str] = "telegram_refused"

    def __init__(
        self, message: str, *, status: int, retry_after: float | None = None, moved_to: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.moved_to = moved_to


class BotApi:
    """One bot's methods. The token is part of every address, so no address is ever shown."""

    def __init__(self, *, url: str, token: str, connections: int) -> None:
        self._url = yarl.URL(url)
        self._token = token
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def call(self, method: str, parameters: Mapping[str, Any], *, within: float) -> Any:
        """The `result` of the answer. Raises TelegramRefused; TelegramUnreachable, also where none came in so many
        seconds."""
        try:
            async with asyncio.timeout(within):
                status, body = await self._post(method, parameters)
        except TimeoutError:
            message = f"{self._url.host} did not answer {method} within {within:g} s"
            raise TelegramUnreachable(message) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = self._without_token(str(error)) or type(error).__name__
            message = f"{self._url.host} cannot be reached: {why}"
            raise TelegramUnreachable(message) from None
        return self._result(method, status, body)

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, method: str, parameters: Mapping[str, Any]) -> tuple[int, bytes]:
        session = self._session = self._session or self._open()
        headers = {"Content-Type": "application/json", "User-Agent": f"onebox/{__version__}"}
        url = self._url / f"bot{self._token}" / method
        body = to_json(dict(parameters)).encode()
        # A redirect is not followed: it would take the token to someone else.
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            chunks = bytearray()
            async for chunk in response.content.iter_any():
                chunks += chunk
                if len(chunks) > _LARGEST:
                    message = f"the answer has more than {_LARGEST:,} bytes"
                    raise ValueError(message)
            return response.status, bytes(chunks)

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=max(1, self._connections), keepalive_timeout=_KEEP_ALIVE)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_UNLIMITED)

    def _result(self, method: str, status: int, body: bytes) -> Any:
        answer = _json(body)
        if isinstance(answer, dict) and answer.get("ok") is True and "result" in answer and status == HTTPStatus.OK:
            return answer["result"]
        if isinstance(answer, dict) and answer.get("ok") is False:
            raise self._refusal(status, answer)
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TelegramRefused(f"{self._url.host} answered {status}, not as Telegram does", status=status)
        excerpt = self._without_token(" ".join(body[:_EXCERPT].decode(errors="replace").split()))
        message = f"{self._url.host} answered {method} with {status} and what is no answer of Telegram's: {excerpt!r}"
        raise TelegramUnreachable(message)

    def _refusal(self, status: int, answer: Mapping[str, Any]) -> TelegramRefused:
        parameters = answer.get("parameters")
        parameters = parameters if isinstance(parameters, dict) else {}
        said = self._without_token(str(answer.get("description", "no reason"))[:_EXCERPT])
        return TelegramRefused(
            said,
            status=_whole(answer.get("error_code")) or status,
            retry_after=_seconds(parameters.get("retry_after")),
            moved_to=_whole(parameters.get("migrate_to_chat_id")),
        )

    def _without_token(self, text: str) -> str:
        return text.replace(self._token, "***") if self._token else text


def _json(body: bytes) -> Any:
    try:
        return from_json(body)
    except EncodingError:
        return None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(value: Any) -> float | None:
    """None where it says nothing that can be waited for."""
    seconds = _whole(value)
    return None if seconds is None or not 0 <= seconds <= 10**8 else float(seconds)
