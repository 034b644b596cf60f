"""What the repositories write through: one open transaction on one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from onebox.storage.dialects import Values


class Session(Protocol):
    """Statements within the open transaction. All of it is used by the writer's thread alone."""

    topics: set[str]
    """topics that may have waits; a topic that is not in it has none"""

    def do(self, sql: str, values: Values) -> Any:
        """Writes; nobody looks at the outcome."""
        ...

    def touched(self, sql: str, values: Values) -> Any:
        """Writes; whether a row was touched, as a bool or as what `Writer` makes one of when the batch is written."""
        ...

    def rows(self, sql: str, values: Values) -> list[tuple[Any, ...]]:
        """Reads, or writes with RETURNING."""
        ...

    def rows_of(self, *asked: tuple[str, Values]) -> list[list[tuple[Any, ...]]]:
        """Several reads of which none decides another: one round trip."""
        ...

    def instant(self, at: datetime) -> Any:
        """An instant as a parameter."""
        ...

    def people_sql(self, statement: str, arguments: Any, *, limit: int, time_limit: timedelta) -> dict[str, Any]:
        """Runs a person's statement, the box's own tables out of reach. Raises SqlFailed."""
        ...


class Connection(Session, Protocol):
    """A session with its transactions, as the writer drives it."""

    def begin(self, given_up: Callable[[], bool]) -> None:
        """Waits for locks of others, asking `given_up` now and then; raises StorageClosed when it says so."""
        ...

    def savepoint(self) -> None:
        """Before a unit that may fail."""
        ...

    def release(self) -> None:
        """After it went well."""
        ...

    def undo(self) -> bool:
        """After it failed: back to the savepoint. False if the whole transaction is gone."""
        ...

    attributes_errors: bool
    """whether an error tells which unit failed"""

    def settle(self, results: Sequence[list[Any]]) -> None:
        """All statements are done; what `touched` left open in the results is filled in."""
        ...

    def commit(self) -> None:
        """Durable when it returns."""
        ...

    def rollback(self) -> None:
        """Never raises."""
        ...

    def is_full(self, error: BaseException) -> bool:
        """Whether it means that there is no room."""
        ...

    def is_raced(self, error: BaseException) -> bool:
        """Whether it means that another program took what a unit had seen to be free: it is to be decided anew."""
        ...

    def is_lost(self, error: BaseException) -> bool:
        """Whether it means that the connection is gone, and nothing of the transaction was kept."""
        ...

    def reconnect(self, given_up: Callable[[], bool]) -> None:
        """After `is_lost`. Raises StorageClosed if it takes too long."""
        ...

    def give_back(self) -> None:
        """Outside a transaction, after pruning: frees disk space."""
        ...

    def close(self) -> None:
        """Closes the connection and gives up ownership."""
        ...


def keepable(text: str) -> str:
    """Text as both databases can hold it: Postgres takes no NUL, neither takes half a surrogate pair.

    >>> keepable("chat 7")
    'chat 7'
    >>> keepable(f"a{chr(0)}b")
    'a␀b'
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "␀").encode("utf-8", "replace").decode()


def maybe_keepable(text: str | None) -> str | None:
    """The same for what may be missing."""
    return None if text is None else keepable(text)
