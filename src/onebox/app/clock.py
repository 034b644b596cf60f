"""The clock of the machine."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """What time it is, as the machine says."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)
