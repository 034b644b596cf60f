"""Updates by webhook: one in flight for each queue, tried again until it is taken or too old."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from onebox.kernel.encoding import EncodingError, from_json
from onebox.sandbox.retrying import RetryPace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.sandbox.telegram.updates import Update, Updates
    from onebox.sandbox.times import Time

_TAKEN = range(200, 300)
_GONE = 410
_CLOSES_AFTER = 23 * 3600.0
_LONGEST_RETRY_AFTER = 3600.0
_LARGEST_REPLY = 1_000_000


class _Failed(Exception):
    """An update was not taken. `retry_after` in seconds, if the webhook says so."""

    def __init__(self, what: str, retry_after: float | None = None, *, gone: bool = False) -> None:
        super().__init__(what)
        self.retry_after = retry_after
        self.gone = gone


@dataclass
class Webhook:
    """Where a bot's updates go. `execute` carries out the method that an answer may hold; `close` ends the webhook."""

    url: str
    updates: Updates
    time: Time
    execute: Callable[[dict[str, Any]], Awaitable[Any]]
    close: Callable[[], None]
    happened: Callable[[str], None]
    """called with `taken` or `failed` after each try"""
    pace: RetryPace = field(default_factory=RetryPace)
    secret: str = ""
    max_connections: int = 40
    ip_address: str = ""
    last_error_date: int | None = None
    last_error_message: str = ""

    def __post_init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._lanes: dict[str, deque[Update]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(self.max_connections)
        self._last_taken = self.time.now()
        self._ended = False

    def tell(self, update: Update) -> None:
        """Tells an update after those of its queue."""
        lane = self._lanes.setdefault(update.queue, deque())
        lane.append(update)
        if len(lane) == 1:
            task = asyncio.create_task(self._drain(update.queue, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Tells nothing more; what was not taken waits still."""
        self._ended = True
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.gather(
            *(task for task in self._tasks if task is not asyncio.current_task()), return_exceptions=True
        )
        if self._session is not None:
            await self._session.close()

    def told(self) -> dict[str, Any]:
        """What getWebhookInfo says of it."""
        told: dict[str, Any] = {"max_connections": self.max_connections}
        if self.ip_address:
            told["ip_address"] = self.ip_address
        if self.last_error_date is not None:
            told |= {"last_error_date": self.last_error_date, "last_error_message": self.last_error_message}
        return told

    async def _drain(self, queue: str, lane: deque[Update]) -> None:
        while lane:
            await self._bring(lane[0])
            if self._ended:
                return
            update = lane.popleft()
            again = self.updates.confirm(update)
            self.happened("taken")
            if again:
                await self._bring(update)
        del self._lanes[queue]

    async def _bring(self, update: Update) -> None:
        failures = 0
        while update.expires > self.time.now() and not self._ended:
            try:
                async with self._slots:
                    reply = await self._post(update)
            except _Failed as failed:
                failures += 1
                await self._not_taken(failed, failures)
            else:
                self._last_taken = self.time.now()
                await self._carry_out(reply)
                return

    async def _not_taken(self, failed: _Failed, failures: int) -> None:
        self.last_error_date = int(self.time.now())
        self.last_error_message = str(failed)
        if failed.gone and self.time.now() - self._last_taken > _CLOSES_AFTER:
            self.close()
        self.happened("failed")
        wait = self.pace.after(failures) if failed.retry_after is None else failed.retry_after
        await asyncio.sleep(wait)

    async def _post(self, update: Update) -> tuple[str, bytes]:
        session = self._session = self._session or _open(self.max_connections)
        headers = {"Content-Type": "application/json"}
        if self.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.secret
        try:
            async with (
                asyncio.timeout(self.pace.patience),
                session.post(
                    self.url, data=json.dumps(update.told()), headers=headers, allow_redirects=False
                ) as answer,
            ):
                if answer.status not in _TAKEN:
                    what = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                    raise _Failed(what, _seconds(answer.headers.get("Retry-After")), gone=answer.status == _GONE)
                return answer.content_type, await _read(answer)
        except TimeoutError:
            raise _Failed("Read timeout expired") from None
        except aiohttp.ClientConnectorError:
            raise _Failed("Connection refused") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise _Failed("Connection closed") from None

    async def _carry_out(self, reply: tuple[str, bytes]) -> None:
        kind, body = reply
        if kind != "application/json":
            return
        with contextlib.suppress(EncodingError):
            asked = from_json(body) if body else None
            if isinstance(asked, dict) and isinstance(asked.get("method"), str):
                await self.execute(asked)


def _open(connections: int) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=connections)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    async for chunk in answer.content.iter_any():
        read += chunk
        if len(read) > _LARGEST_REPLY:
            return b""
    return bytes(read)


def _seconds(header: str | None) -> float | None:
    """The seconds of a `Retry-After`; None for one that is none, or a date."""
    return min(float(header), _LONGEST_RETRY_AFTER) if header and header.isascii() and header.isdigit() else None
