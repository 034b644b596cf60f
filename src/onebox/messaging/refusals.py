"""What is learnt from being refused: who may not be written to, for how long, and how fast is too fast.

Pure: told what time it is. A refusal does not say whom it is about, the recipient or the whole account; what several
recipients are told at the same moment is about the account.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from onebox.messaging.pace import TokenBucket

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.messaging.channel import Rate

_FEW = 256
"""recipients that are remembered before it is worth to look for those who need not be"""
_TOGETHER = timedelta(seconds=1)
"""refusals of different recipients that lie closer than this are one refusal of the account"""
_SLOWER = 0.8
_LEAST = 0.25
"""share of the full rate that is never gone below"""
_CLIMB = timedelta(minutes=5)
"""how long it takes from nothing to the full rate"""


class Refusals:
    """Who is parked, and until when: a recipient for as long as was asked, the account when several are refused
    together."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._enough = _FEW
        self._lately: dict[str, tuple[datetime, datetime]] = {}  # recipient: when it was refused, and until when
        self._everybody_until: datetime | None = None

    def refused(self, recipient: str, retry_after: float, now: datetime) -> bool:
        """A message was refused; the channel asks for `retry_after` seconds. True if that parks the account anew, which
        is when to go slower."""
        until = now + timedelta(seconds=retry_after)
        self._lately = {name: told for name, told in self._lately.items() if now - told[0] < _TOGETHER}
        self._lately[recipient] = (now, until)
        self._park(recipient, until, now)
        if len(self._lately) == 1:
            return False
        standing = self.everybody_until(now)
        # What one of them is told beyond that is about itself.
        shortest = min(ends for _, ends in self._lately.values())
        self._everybody_until = shortest if standing is None else max(standing, shortest)
        return standing is None

    def wait(self, recipient: str, now: datetime) -> float:
        """Seconds until the recipient may be written to; 0: now."""
        ends = (self._until.get(recipient, now), self._everybody_until or now)
        return max(0.0, *((end - now).total_seconds() for end in ends))

    def everybody_until(self, now: datetime) -> datetime | None:
        """Until when nobody may be written to; None: the account is not parked."""
        until = self._everybody_until
        return until if until is not None and until > now else None

    @property
    def remembered(self) -> int:
        """How many recipients are remembered."""
        return len(self._until)

    def _park(self, recipient: str, until: datetime, now: datetime) -> None:
        if len(self._until) >= self._enough:
            self._until = {name: end for name, end in self._until.items() if end > now}
            self._enough = max(_FEW, 2 * len(self._until))
        self._until[recipient] = max(until, self._until.get(recipient, until))


class AdaptiveRate:
    """A bucket of tokens whose rate falls when it was too much, and comes back slowly.

    It never gives more than `rate`. After a refusal it gives four fifths of what it gave, and nothing at once; from
    there it climbs by a fifth of the full rate a minute, so that it finds the limit again seldom.
    """

    def __init__(self, rate: Rate, now: datetime) -> None:
        self._most = rate
        self._per_second = rate.per_second
        self._changed_at = now
        self._bucket = TokenBucket(rate, now)

    def per_second(self, now: datetime) -> float:
        """What it gives now, on average."""
        climbed = max(0.0, (now - self._changed_at) / _CLIMB) * self._most.per_second
        return min(self._most.per_second, self._per_second + climbed)

    def refused(self, now: datetime) -> None:
        """It was too fast. Call it once for what is refused together."""
        self._change(max(_LEAST * self._most.per_second, _SLOWER * self.per_second(now)), now)
        self._bucket.empty(now)

    def take(self, now: datetime, keep: float = 0.0) -> bool:
        """Takes one token if there is one, and `keep` more for others."""
        self._climb(now)
        return self._bucket.take(now, keep)

    def wait(self, now: datetime, keep: float = 0.0) -> float:
        """Seconds until there is a token, and `keep` more."""
        self._climb(now)
        return self._bucket.wait(now, keep)

    def give_back(self) -> None:
        """Puts a token back that was taken and not used."""
        self._bucket.give_back()

    def _climb(self, now: datetime) -> None:
        if self._per_second < self._most.per_second:
            self._change(self.per_second(now), now)

    def _change(self, per_second: float, now: datetime) -> None:
        self._bucket.become(per_second, now)
        self._per_second = per_second
        self._changed_at = max(now, self._changed_at)
