"""Reading beside the writer: a few threads with a connection each."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from onebox.kernel.ledger import StorageClosed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from onebox.storage.dialects import Values

Found = TypeVar("Found")


class ReadConnection(Protocol):
    """A connection that only reads. Used by one thread."""

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """All rows."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Statements within see one state of the database."""
        ...

    def people_sql(self, statement: str, arguments: Any, *, limit: int, time_limit: timedelta) -> dict[str, Any] | None:
        """Runs a person's statement; None if it would write. Raises SqlFailed."""
        ...

    def is_lost(self, error: Exception) -> bool:
        """Whether a new connection may help."""
        ...

    def close(self) -> None:
        """Called by any thread, when none reads."""
        ...


class ReadPool:
    """Runs reads in threads, in the order in which they were asked."""

    def __init__(self, connect: Callable[[], ReadConnection], *, threads: int = 2) -> None:
        self._connect = connect
        self._mine = threading.local()
        self._all: list[ReadConnection] = []
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="storage-reader")
        self._closed = False

    async def run(self, read: Callable[[ReadConnection], Found]) -> Found:
        """What `read` finds. Raises StorageClosed."""
        if self._closed:
            raise StorageClosed("the box's database is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, read)

    def _read(self, read: Callable[[ReadConnection], Found]) -> Found:
        connection = self._connection()
        try:
            return read(connection)
        except Exception as error:
            if not connection.is_lost(error):
                raise
        self._forget(connection)
        return read(self._connection())

    def _connection(self) -> ReadConnection:
        connection: ReadConnection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = self._connect()
            self._all.append(connection)
        return connection

    def _forget(self, connection: ReadConnection) -> None:
        connection.close()
        self._all.remove(connection)
        self._mine.connection = None

    async def close(self) -> None:
        """Waits for the reads that go on."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._all:
            connection.close()
