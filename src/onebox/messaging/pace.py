"""How fast an account may send: buckets of tokens that fill as time passes. Pure: they are told what time it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from onebox.messaging.channel import Rate

_FEW = 256
"""recipients that are remembered before it is worth to look for those who need not be"""


class TokenBucket:
    """Holds up to `burst` tokens, gets `per_second` new ones a second, begins full."""

    def __init__(self, rate: Rate, now: datetime) -> None:
        self._rate = rate.per_second
        self._most = float(max(1, rate.burst))
        self._tokens = self._most
        self._filled_at = now.timestamp()

    def take(self, now: datetime, keep: float = 0.0) -> bool:
        """Takes one token if there is one, and `keep` more for others."""
        self._fill(now.timestamp())
        if self._tokens < 1.0 + keep:
            return False
        self._tokens -= 1.0
        return True

    def wait(self, now: datetime, keep: float = 0.0) -> float:
        """Seconds until there is a token, and `keep` more."""
        self._fill(now.timestamp())
        # A little more than the exact time, so that rounding never wakes the sender just before its token is there.
        lacking = 1.0 + keep - self._tokens
        return 0.0 if lacking <= 0 else lacking / self._rate + 1e-6

    def is_full(self, now: datetime) -> bool:
        """Whether it is as if nothing had ever been taken."""
        self._fill(now.timestamp())
        return self._tokens >= self._most

    def give_back(self) -> None:
        """Puts a token back that was taken and not used."""
        self._tokens = min(self._most, self._tokens + 1.0)

    def empty(self, now: datetime) -> None:
        """Lets all tokens go."""
        self._fill(now.timestamp())
        self._tokens = 0.0

    def become(self, per_second: float, now: datetime) -> None:
        """Fills at another rate from now on."""
        self._fill(now.timestamp())
        self._rate = per_second

    def _fill(self, now: float) -> None:
        elapsed = max(0.0, now - self._filled_at)  # a clock that was set back gives nothing, and takes nothing away
        self._filled_at = now
        self._tokens = min(self._most, self._tokens + elapsed * self._rate)


class Turns:
    """When each recipient may be written to again, by the rates that hold for that one alone.

    Who has had a rest long enough is forgotten, so that memory grows with those who were written to lately alone.
    """

    def __init__(self, rates: Callable[[str], Sequence[Rate]]) -> None:
        self._rates = rates
        self._buckets: dict[str, list[TokenBucket]] = {}
        self._enough = _FEW

    def wait(self, recipient: str, now: datetime) -> float:
        """Seconds until the recipient may be written to; 0: now."""
        return max((bucket.wait(now) for bucket in self._buckets.get(recipient, ())), default=0.0)

    def take(self, recipient: str, now: datetime) -> None:
        """Counts a message to a recipient who may be written to now."""
        buckets = self._buckets.get(recipient)
        if buckets is None:
            buckets = [TokenBucket(rate, now) for rate in self._rates(recipient)]
            self._remember(recipient, buckets, now)
        for bucket in buckets:
            bucket.take(now)

    @property
    def remembered(self) -> int:
        """How many recipients are remembered."""
        return len(self._buckets)

    def _remember(self, recipient: str, buckets: list[TokenBucket], now: datetime) -> None:
        if not buckets:
            return
        if len(self._buckets) >= self._enough:
            self._buckets = {
                name: kept for name, kept in self._buckets.items() if not all(bucket.is_full(now) for bucket in kept)
            }
            self._enough = max(_FEW, 2 * len(self._buckets))
        self._buckets[recipient] = buckets
