"""Clients that do not give up: each event is posted again and again, with its Idempotency-Key, until it is acknowledged."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Callable

_AGAIN_AFTER = 0.05
_PATIENCE = aiohttp.ClientTimeout(total=20)


@dataclass(slots=True)
class Clients:
    """`count` of them, each with `pause` seconds between two events. `event` gives the body of a number."""

    url: str
    count: int = 16
    pause: float = 0.05
    event: Callable[[int], Any] = lambda number: {"n": number}
    acknowledged: dict[int, str] = field(default_factory=dict)
    """the id that the box gave to each event"""
    refused: Counter[str] = field(default_factory=Counter)
    """answers that were no 200, by status; `broken`: no answer"""
    without_retry_after: int = 0
    """answers of 503 without Retry-After"""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Posts until `stop`, and then until the last ones begun are acknowledged."""
        async with aiohttp.ClientSession(timeout=_PATIENCE) as http:
            await asyncio.gather(*(self._one(http) for _ in range(self.count)))

    def stop(self) -> None:
        """No new events."""
        self._stopping.set()

    async def _one(self, http: aiohttp.ClientSession) -> None:
        while not self._stopping.is_set():
            number = next(self._numbers)
            await self._until_acknowledged(http, number)
            await asyncio.sleep(self.pause)

    async def _until_acknowledged(self, http: aiohttp.ClientSession, number: int) -> None:
        while True:
            if await self._acknowledged(http, number):
                return
            await asyncio.sleep(_AGAIN_AFTER)

    async def _acknowledged(self, http: aiohttp.ClientSession, number: int) -> bool:
        headers = {"Idempotency-Key": f"event-{number}"}
        try:
            async with http.post(self.url, json=self.event(number), headers=headers) as answer:
                told = await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            self.refused["broken"] += 1
            return False
        if answer.status != 200:
            self.refused[str(answer.status)] += 1
            self.without_retry_after += answer.status == 503 and "Retry-After" not in answer.headers
            return False
        self.acknowledged[number] = told["id"]
        return True
