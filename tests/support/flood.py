"""The flood control of a Bot API: what is sent too fast is refused, and whatever was refused stays shut for a while.

Telegram does not publish its limits. These are the ones of its FAQ, with assumed times of being shut.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

_MINUTE = 60.0


@dataclass
class Flood:
    """`refuses` counts each message. Times are seconds of any clock that does not go back."""

    chat_per_second: float = 1.0
    chat_burst: int = 3
    chat_shut: float = 3.0
    group_per_minute: int = 20
    all_per_second: float = 30.0
    all_burst: int = 30
    all_shut: float = 5.0
    refused: list[str] = field(default_factory=list)
    """what was shut, for each refusal: `all`, or the chat"""
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    _shut_until: dict[str, float] = field(default_factory=dict)
    _minutes: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def refuses(self, chat: int | str, now: float) -> int | None:
        """Whole seconds for which the chat, or the bot, is shut; None: the message is taken."""
        name = str(chat)
        for scope in ("all", name):
            if (left := self._shut_until.get(scope, 0.0) - now) > 0:
                return self._refused(scope, left)
        if not self._takes("all", self.all_per_second, self.all_burst, now):
            return self._shut("all", self.all_shut, now)
        if name.startswith(("-", "@")) and (wait := self._minute_is_full(name, now)):
            return self._shut(name, wait, now)
        if not self._takes(name, self.chat_per_second, self.chat_burst, now):
            return self._shut(name, self.chat_shut, now)
        return None

    def shut_all(self, seconds: float, now: float) -> None:
        """Refuses the whole bot from now on, whatever it did."""
        self._shut_until["all"] = now + seconds

    def _takes(self, scope: str, per_second: float, burst: int, now: float) -> bool:
        level, at = self._levels.get(scope, (float(burst), now))
        level = min(float(burst), level + (now - at) * per_second)
        takes = level >= 1
        self._levels[scope] = (level - 1 if takes else level, now)
        return takes

    def _minute_is_full(self, name: str, now: float) -> float:
        """Seconds until the group may be written to again; 0: now."""
        sent = self._minutes[name]
        while sent and sent[0] <= now - _MINUTE:
            sent.popleft()
        if len(sent) >= self.group_per_minute:
            return sent[0] + _MINUTE - now
        sent.append(now)
        return 0.0

    def _shut(self, scope: str, seconds: float, now: float) -> int:
        self._shut_until[scope] = now + seconds
        return self._refused(scope, seconds)

    def _refused(self, scope: str, seconds: float) -> int:
        self.refused.append(scope)
        return max(1, math.ceil(seconds))
