"""The port of what keeps the files that come with events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class FileKeeper(Protocol):
    """Keeps files of events on the disk: under names of its own, readable by the box alone, never served."""

    async def save(self, event_id: str, contents: Sequence[bytes]) -> list[str]:
        """Keeps them, durable when it returns; their names, in the same order.

        Raises `kernel.ledger.StorageFull`; then none is kept.
        """
        ...

    async def discard(self, event_id: str) -> None:
        """Takes an event's files away, if there are any."""
        ...
