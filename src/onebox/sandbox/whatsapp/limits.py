"""How fast may be sent: to all, and to one person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from onebox.sandbox.buckets import Buckets
from onebox.sandbox.whatsapp.refusals import PAIR_RATE, THROUGHPUT, Refused


@dataclass
class Limits:
    """80 a second; to one person 1 in 6 s, of which 45 may be sent at once. `check` counts what passes."""

    per_second: float = 80.0
    burst: float = 80.0
    pair_per_second: float = 1 / 6
    pair_burst: float = 45.0
    on: bool = True
    refused: Counter[str] = field(default_factory=Counter)
    """how often, by `throughput` and `pair`"""

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begins anew."""
        self.refused.clear()
        self._all = Buckets(self.per_second, self.burst)
        self._pairs = Buckets(self.pair_per_second, self.pair_burst)

    def check(self, person: str, now: float) -> None:
        """Raises Refused if one more is too many."""
        if not self.on:
            return
        if not self._all.takes("", now):
            self.refused["throughput"] += 1
            raise Refused(THROUGHPUT)
        if not self._pairs.takes(person, now):
            self.refused["pair"] += 1
            raise Refused(PAIR_RATE)
