"""A few connections to one database, each used by one thread at a time."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from onebox.flows.handlers import StepFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onebox.connectors.sql.database import Answer, Connection
    from onebox.connectors.sql.statement import Statement

_CONNECTIONS = 4


class Pool:
    """Opens up to four connections, when they are needed."""

    def __init__(self, open_connection: Callable[[], Connection]) -> None:
        self._open = open_connection
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._tasks: set[_Task] = set()

    async def run(self, statement: Statement, values: Mapping[str, Any], *, limit: int, seconds: float) -> Answer:
        """What the statement answers. When the awaiting task is cancelled, the statement is interrupted."""
        self._threads = self._threads or ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="sql")
        task = _Task(self, lambda connection: connection.run(statement, values, limit=limit, seconds=seconds))
        self._tasks.add(task)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, task.run)
        except asyncio.CancelledError:
            # Interrupting Postgres is a call over the network: not on the loop, and not on a thread that may be busy.
            threading.Thread(target=task.interrupt, name="sql-interrupt", daemon=True).start()
            raise
        finally:
            self._tasks.discard(task)

    def take(self) -> Connection:
        """A connection that can be used. Raises StepFailed where none can be opened."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._open()
            if connection.usable:
                return connection
            connection.close()

    def give_back(self, connection: Connection) -> None:
        """Keeps it for the next, unless it is broken."""
        if not connection.usable:
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)

    async def close(self) -> None:
        """Interrupts what runs, waits for the threads, closes the connections."""
        for task in list(self._tasks):
            await asyncio.to_thread(task.interrupt)
        if self._threads is not None:
            await asyncio.to_thread(self._threads.shutdown)
        while self._idle:
            self._idle.pop().close()


class _Task:
    """One statement on its way through a thread; it may be withdrawn from outside."""

    def __init__(self, pool: Pool, work: Callable[[Connection], Answer]) -> None:
        self._pool = pool
        self._work = work
        self._lock = threading.Lock()  # so that an interrupt never hits the next user of the connection
        self._connection: Connection | None = None
        self._withdrawn = False

    def run(self) -> Answer:
        connection = self._pool.take()
        try:
            with self._lock:
                if self._withdrawn:
                    raise StepFailed("timeout", "sql: withdrawn before it began", passing=True)
                self._connection = connection
            return self._work(connection)
        finally:
            with self._lock:
                self._connection = None
            self._pool.give_back(connection)

    def interrupt(self) -> None:
        with self._lock:
            self._withdrawn = True
            if self._connection is not None:
                with suppress(Exception):  # it is going away in any case
                    self._connection.interrupt()
