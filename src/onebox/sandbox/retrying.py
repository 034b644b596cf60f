"""How long is waited before what was not taken is brought again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RetryPace:
    """Seconds between tries: the first at once, then `first`, doubled up to `most`. `patience`: what one answer may take."""

    first: float = 2.0
    most: float = 60.0
    patience: float = 60.0

    def after(self, failures: int) -> float:
        """What is waited after so many failures in a row."""
        return 0.0 if failures <= 1 else min(self.first * 2.0 ** min(failures - 2, 30), self.most)
