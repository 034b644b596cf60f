"""The sandbox's own time, which a person may set forward: a day passes, and a window closes."""

from __future__ import annotations

import time


class Time:
    """`now` in seconds since 1970; it goes on by itself, and `forward` lets some of it pass at once."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def forward(self, seconds: float) -> None:
        """Lets time pass that nobody waited for."""
        self._ahead += seconds
