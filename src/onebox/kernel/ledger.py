"""The unit of work: a list of changes that become durable together.

A change is plain data (an event to store, a step to record, a message to queue). The rooms say *what* changes;
`storage` says how. So a use case runs against a ledger in memory in a test, and against SQLite or Postgres in a box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Sequence

Result_co = TypeVar("Result_co", covariant=True)


class Change(Generic[Result_co]):
    """One change to what is kept; `Result_co` is what applying it gives back."""

    __slots__ = ()


class StorageFull(OneboxError):
    """There is no room to write. Nothing of the unit was kept; try again after `retry_after` seconds."""

    code = "storage_full"
    retry_after = 10


class StorageClosed(OneboxError):
    """The ledger was closed before the unit was written. Nothing of it was kept."""

    code = "storage_closed"


class Ledger(Protocol):
    """Makes changes durable."""

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        """Applies all changes in order, or none; returns one result a change, after the fsync.

        Units of many callers share a transaction; a unit that fails rolls back alone and raises here.
        Raises StorageFull, StorageClosed, or what applying a change raises. When the awaiting task is cancelled,
        the unit may or may not have been written.
        """
        ...
