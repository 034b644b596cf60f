"""Flood control: what is sent too fast is refused, and whatever was refused stays shut for a while.

Telegram does not publish its limits. These are the ones of its FAQ, with assumed times of being shut.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from onebox.sandbox.buckets import Buckets

_MINUTE = 60.0


@dataclass
class Flood:
    """`refuses` counts each message and each edit. Times are seconds of any clock that does not go back."""

    chat_per_second: float = 1.0
    chat_burst: int = 3
    chat_shut: float = 3.0
    group_per_minute: int = 20
    all_per_second: float = 30.0
    all_burst: int = 30
    all_shut: float = 5.0
    """28 is what a bot sees that went on in spite of refusals"""
    on: bool = True
    refused: Counter[str] = field(default_factory=Counter)
    """how often, by what was shut: `bot`, `chat`, `group`"""
    _shut_until: dict[tuple[int, int], float] = field(default_factory=dict)
    _minutes: defaultdict[tuple[int, int], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begins anew: nothing was sent, nothing is shut, nothing was refused."""
        self.refused.clear()
        self._shut_until.clear()
        self._minutes.clear()
        self._all = Buckets(self.all_per_second, self.all_burst)
        self._chats = Buckets(self.chat_per_second, self.chat_burst)

    def refuses(self, bot: int, chat: int, now: float, count: int = 1) -> int | None:
        """Whole seconds for which the chat, or the bot, is shut; None: the messages are taken."""
        if not self.on:
            return None
        kind = "group" if chat < 0 else "chat"
        for scope, name in ((bot, 0), "bot"), ((bot, chat), kind):
            if (left := self._shut_until.get(scope, 0.0) - now) > 0:
                return self._refused(name, left)
        if not self._all.takes(bot, now, count):
            return self._shut((bot, 0), "bot", self.all_shut, now)
        if chat < 0 and (wait := self._minute_is_full((bot, chat), now, count)):
            return self._shut((bot, chat), kind, wait, now)
        # An album is longer than the burst; it passes when the bucket is full.
        if not self._chats.takes((bot, chat), now, min(count, self.chat_burst)):
            return self._shut((bot, chat), kind, self.chat_shut, now)
        return None

    def shut(self, bot: int, seconds: float, now: float) -> None:
        """Shuts a bot at once, as Telegram does with one that it has enough of."""
        self._shut_until[bot, 0] = now + seconds

    def _minute_is_full(self, scope: tuple[int, int], now: float, count: int) -> float:
        """Seconds until the group may be written to again; 0: now."""
        sent = self._minutes[scope]
        while sent and sent[0] <= now - _MINUTE:
            sent.popleft()
        if len(sent) + count > self.group_per_minute:
            return (sent[0] if sent else now) + _MINUTE - now
        sent.extend([now] * count)
        return 0.0

    def _shut(self, scope: tuple[int, int], name: str, seconds: float, now: float) -> int:
        self._shut_until[scope] = now + seconds
        return self._refused(name, seconds)

    def _refused(self, name: str, seconds: float) -> int:
        self.refused[name] += 1
        return max(1, math.ceil(seconds))
