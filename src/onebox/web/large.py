"""Few large bodies at a time are in memory, and of one address fewer: who sends slowly holds up nobody but themselves."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from onebox.messaging.rates import visitor
from onebox.web.answers import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.web import BaseRequest

SMALL = 256 * 1024
"""bytes; bodies up to this size are not counted"""
MOST = 4
MOST_OF_ONE = 2
MOST_WAITING = 64
MOST_WAITING_OF_ONE = 8
"""each holds what its connection has sent already, some 100 KB"""
PATIENCE = 10.0
"""seconds that a body waits to be read"""
_RETRY_AFTER = 5


def may_be_large(request: BaseRequest, limit: int) -> bool:
    """Whether more than `SMALL` may have to be read: also where nobody says how much comes, or it comes packed. One that
    says that it is over the limit is refused unread."""
    if request.content.is_eof():
        return False
    announced = request.content_length
    if announced is None or "Content-Encoding" in request.headers:
        return True
    return SMALL < announced <= limit


class LargeBodies:
    """The places for large bodies. A place is held until the request is answered."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._held: Counter[str] = Counter()
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def place(self, remote: str) -> AsyncIterator[None]:
        """Waits for a place for a body from this address. Raises Refused (503): none came free, or too many wait."""
        remote = visitor(remote)
        if self._is_free(remote):
            self._held[remote] += 1
        else:
            await self._wait(remote)
        try:
            yield
        finally:
            self._leave(remote)

    def _is_free(self, remote: str) -> bool:
        return self._held.total() < MOST and self._held[remote] < MOST_OF_ONE

    async def _wait(self, remote: str) -> None:
        own = sum(other == remote for other, _ in self._waiting)
        if len(self._waiting) >= MOST_WAITING or own >= MOST_WAITING_OF_ONE:
            raise _busy()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((remote, turn))
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except TimeoutError:
            self._give_up(remote, turn)
            raise _busy() from None
        except BaseException:
            self._give_up(remote, turn)
            raise

    def _give_up(self, remote: str, turn: asyncio.Future[None]) -> None:
        if (remote, turn) in self._waiting:
            self._waiting.remove((remote, turn))
        else:  # the place came just then
            self._leave(remote)

    def _leave(self, remote: str) -> None:
        self._held[remote] -= 1
        if not self._held[remote]:
            del self._held[remote]
        for one in list(self._waiting):
            other, turn = one
            if self._is_free(other):
                self._waiting.remove(one)
                self._held[other] += 1
                # A turn that is given up in this instant is cancelled already: who gives it up leaves the place.
                if not turn.done():
                    turn.set_result(None)


def _busy() -> Refused:
    message = "other large bodies are being read: nothing was stored, try again later"
    return Refused(503, "busy", message, headers={"Retry-After": str(_RETRY_AFTER)}, close=True)
