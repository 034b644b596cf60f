"""How fast an account may send: a bucket of tokens that fills as time passes. Pure: it is told what time it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.messaging.channel import Pace


class TokenBucket:
    """Holds up to `burst` tokens, gets `per_second` new ones a second, begins full."""

    def __init__(self, pace: Pace, now: datetime) -> None:
        self._rate = pace.per_second
        self._most = float(max(1, pace.burst))
        self._tokens = self._most
        self._filled_at = now.timestamp()

    def take(self, now: datetime) -> bool:
        """Takes one token if there is one."""
        self._fill(now.timestamp())
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def wait(self, now: datetime) -> float:
        """Seconds until there is a token."""
        self._fill(now.timestamp())
        # A little more than the exact time, so that rounding never wakes the sender just before its token is there.
        return 0.0 if self._tokens >= 1.0 else (1.0 - self._tokens) / self._rate + 1e-6

    def _fill(self, now: float) -> None:
        elapsed = max(0.0, now - self._filled_at)  # a clock that was set back gives nothing, and takes nothing away
        self._filled_at = now
        self._tokens = min(self._most, self._tokens + elapsed * self._rate)
