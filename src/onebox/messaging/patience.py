"""How long a message is tried again. Pure: no clock, and the spread comes from the message's id, not from chance."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.messaging.channel import DeliveryFailed
    from onebox.messaging.message import Message

_LEAST_ATTEMPTS = 3
_JITTER = 0.25
"""share of a wait by which it may be shorter, so that what failed together does not come back together"""


@dataclass(frozen=True, slots=True)
class Patience:
    """After a passing failure: wait `first`, then twice as long each time, never over `longest`; up to `attempts` in
    all, and not once a message is older than `age`.

    Even an old message is tried three times: a box that was off for days may find its network not yet up.
    """

    attempts: int = 12
    age: timedelta = timedelta(hours=24)
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(hours=1)

    def next_try(self, message: Message, failure: DeliveryFailed, now: datetime) -> datetime | None:
        """When to try again after this failure; None to give up. `retry_after` is obeyed exactly."""
        made = message.attempts + 1
        if failure.permanent or made >= self.attempts:
            return None
        due_at = now + self._wait(message, failure)
        too_old = due_at > message.created_at + self.age and made >= min(_LEAST_ATTEMPTS, self.attempts)
        return None if too_old else due_at

    def _wait(self, message: Message, failure: DeliveryFailed) -> timedelta:
        if failure.retry_after is not None:
            return timedelta(seconds=failure.retry_after)
        doubled = min(self.longest, self.first * float(2 ** min(message.attempts, 20)))
        return max(self.first, doubled * (1 - _JITTER * spread(f"{message.id}:{message.attempts}")))


def spread(key: str) -> float:
    """A number in [0, 1) that is always the same for a key and lies anywhere for many keys.

    >>> spread("a") == spread("a")
    True
    """
    return zlib.crc32(key.encode()) / 2**32
