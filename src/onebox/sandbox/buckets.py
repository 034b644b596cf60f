"""How much may be sent in a while: a bucket for each scope, that fills steadily up to its burst."""

from __future__ import annotations

from collections.abc import Hashable  # noqa: TC003
from dataclasses import dataclass, field


@dataclass
class Buckets:
    """`takes` counts what it lets pass. Times are seconds of any clock that does not go back."""

    per_second: float
    burst: float
    _levels: dict[Hashable, tuple[float, float]] = field(default_factory=dict)

    def takes(self, scope: Hashable, now: float, count: float = 1) -> bool:
        """Whether that much may pass."""
        level, at = self._levels.get(scope, (self.burst, now))
        level = min(self.burst, level + (now - at) * self.per_second)
        takes = level >= count
        self._levels[scope] = (level - count if takes else level, now)
        return takes
