"""Time is asked for, never taken: every room gets its clock from the composition root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Tells what time it is."""

    def now(self) -> datetime:
        """The present instant, timezone-aware, in UTC."""
        ...
