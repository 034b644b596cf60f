"""Who looks at which chat just now, and where the box is about to write. In memory: a restart forgets it, and pages
ask again."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from onebox.kernel.clock import Clock

MOST_OF_ONE = 4
MOST_OF_ALL = 1000
"""pages that may wait at a time, each of which holds a connection"""
_TYPING = timedelta(seconds=8)


class Look:
    """One page that waits. `may_wait` is False where too many do already."""

    def __init__(self, *, may_wait: bool) -> None:
        self.may_wait = may_wait
        self._news = asyncio.Event()

    async def news(self, seconds: float) -> None:
        """Returns when there is something new, or after so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def tell(self) -> None:
        """There is something new."""
        self._news.set()


class Rooms:
    """The chats of one account that somebody looks at."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looks: dict[str, set[Look]] = {}
        self._waiting = 0
        self._typing: dict[str, datetime] = {}
        self._closed = False

    @contextmanager
    def look(self, chat: str) -> Iterator[Look]:
        """Begin before reading, so that nothing falls between the reading and the waiting."""
        looks = self._looks.setdefault(chat, set())
        room = self._waiting < MOST_OF_ALL and len(looks) < MOST_OF_ONE
        look = Look(may_wait=room and not self._closed)
        looks.add(look)
        self._waiting += 1
        try:
            yield look
        finally:
            self._waiting -= 1
            looks.discard(look)
            if not looks:
                self._looks.pop(chat, None)

    def changed(self, chat: str) -> None:
        """An entry came, or was edited: what was being written is there."""
        self._typing.pop(chat, None)
        self._tell(chat)

    def typing(self, chat: str) -> None:
        """The box is about to write."""
        now = self._clock.now()
        self._typing = {other: until for other, until in self._typing.items() if until > now}
        self._typing[chat] = now + _TYPING
        self._tell(chat)

    def typing_for(self, chat: str) -> float:
        """Seconds for which it may be shown that the box is about to write; 0: it is not."""
        until = self._typing.get(chat)
        return 0.0 if until is None else max(0.0, (until - self._clock.now()).total_seconds())

    def close(self) -> None:
        """Nobody waits any more."""
        self._closed = True
        for chat in list(self._looks):
            self._tell(chat)

    def _tell(self, chat: str) -> None:
        for look in self._looks.get(chat, ()):
            look.tell()
