"""Whose turn it is to be asked: what is due, few at a time, and fewer of one host."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MOST = 16
MOST_OF_A_HOST = 2

Key = tuple[str, str]
"""a flow and the URL of one of its feeds"""


class Turns:
    """Feeds by the time at which they are due. One that has its turn is not due again before `ended`."""

    def __init__(self) -> None:
        self._due: dict[Key, datetime] = {}
        self._hosts: dict[Key, str] = {}
        self._queue: list[tuple[datetime, Key]] = []
        """may hold what is due at another time by now, or no more"""
        self._held: dict[str, deque[Key]] = {}
        """due, but their hosts have as many as they may"""
        self._running: dict[Key, str] = {}
        self._busy: Counter[str] = Counter()

    def plan(self, key: Key, host: str, at: datetime) -> None:
        """The feed is due then, and not when it was before."""
        self._due[key] = at
        self._hosts[key] = host
        heapq.heappush(self._queue, (at, key))

    def drop(self, key: Key) -> None:
        """The feed is never due."""
        self._due.pop(key, None)

    def take(self, now: datetime) -> Key | None:
        """A feed whose turn it is; None if there is none, or no place."""
        while len(self._running) < MOST and (key := self._next(now)) is not None:
            host = self._hosts[key]
            if self._busy[host] >= MOST_OF_A_HOST:
                self._held.setdefault(host, deque()).append(key)
                continue
            del self._due[key]
            self._running[key] = host
            self._busy[host] += 1
            return key
        return None

    def ended(self, key: Key) -> None:
        """The turn of a feed is over; `plan` says when the next one is."""
        host = self._running.pop(key)
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        held = self._held.get(host, deque())
        while held:
            waiting = held.popleft()
            if waiting in self._due:
                heapq.heappush(self._queue, (self._due[waiting], waiting))
                break
        if not held:
            self._held.pop(host, None)

    def soonest(self) -> datetime | None:
        """When the next feed is due that neither its host nor the others hold back; None: when one of them has ended."""
        self._forget_stale()
        return self._queue[0][0] if self._queue and len(self._running) < MOST else None

    def _next(self, now: datetime) -> Key | None:
        self._forget_stale()
        if not self._queue or self._queue[0][0] > now:
            return None
        return heapq.heappop(self._queue)[1]

    def _forget_stale(self) -> None:
        while self._queue:
            at, key = self._queue[0]
            if self._due.get(key) == at and key not in self._running:
                return
            heapq.heappop(self._queue)
