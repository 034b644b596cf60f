"""SQLite: how its connections are opened, and the writer's session on one."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from onebox.kernel.ledger import StorageClosed
from onebox.storage.dialects import Sqlite
from onebox.storage.sqlite_people import PeopleSql, as_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from onebox.storage.locking import FileLock

log = structlog.get_logger(__name__)

_LOCK_PATIENCE_MS = 1000
_PAGES_AT_ONCE = 20_000
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

_WRITER_PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",
    "wal_autocheckpoint = 2000",
    "journal_size_limit = 16777216",
    "cache_size = -16000",
    "foreign_keys = on",  # of people's tables: the box's have none
)


def connect(path: Path, *, readonly: bool) -> sqlite3.Connection:
    """A connection for one thread at a time. The file must exist."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"pragma busy_timeout = {_LOCK_PATIENCE_MS}")
    for pragma in ("query_only = on",) if readonly else _WRITER_PRAGMAS:
        connection.execute(f"pragma {pragma}")
    return connection


def create(path: Path) -> None:
    """An empty database file that can give its space back (to be decided before its first table)."""
    if path.exists() and path.stat().st_size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma auto_vacuum = incremental")
    connection.execute("pragma journal_mode = wal")
    connection.close()


def _code(error: BaseException) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # the module's own errors have none
    return code


class SqliteSession:
    """The writer's connection. See `storage.session` for the contract."""

    attributes_errors = True

    def __init__(self, connection: sqlite3.Connection, lock: FileLock | None) -> None:
        self._connection = connection
        self._lock = lock
        self._people = PeopleSql(connection)
        self.do = connection.execute
        self.instant: Callable[[datetime], Any] = Sqlite().instant
        self.topics: set[str] = set()
        self._find_topics()

    def _find_topics(self) -> None:
        self.topics.update(topic for (topic,) in self.do("select distinct topic from wait"))

    def touched(self, sql: str, values: tuple[Any, ...]) -> bool:
        return self.do(sql, values).rowcount > 0

    def rows(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return self.do(sql, values).fetchall()

    def rows_of(self, *asked: tuple[str, tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
        return [self.do(sql, values).fetchall() for sql, values in asked]

    def people_sql(
        self, statement: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta
    ) -> dict[str, Any]:
        try:
            return self._people.run(statement, arguments, limit=limit, time_limit=time_limit)
        except sqlite3.Error as error:
            if self.is_full(error):
                raise
            raise as_failure(error) from error

    def begin(self, given_up: Callable[[], bool]) -> None:
        warned = False
        while True:
            try:
                self._connection.execute("begin immediate")
                return
            except sqlite3.OperationalError as error:
                if _code(error) & 0xFF not in _LOCKED:
                    raise
            if given_up():
                raise StorageClosed("another program holds the box's database, and the box is stopping")
            if not warned:
                log.warning("storage is locked by another program; waiting")
                warned = True

    def savepoint(self) -> None:
        self.do("savepoint unit")

    def release(self) -> None:
        self.do("release unit")

    def undo(self) -> bool:
        if not self._connection.in_transaction:
            return False
        self.do("rollback to unit")
        self.do("release unit")
        self._find_topics()
        return True

    def settle(self, results: Sequence[list[Any]]) -> None:
        """Nothing is left open."""

    def commit(self) -> None:
        self.do("commit")

    def rollback(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self.do("rollback")
        with suppress(sqlite3.Error):
            self._find_topics()

    def is_full(self, error: BaseException) -> bool:
        return isinstance(error, sqlite3.OperationalError) and _code(error) in _FULL

    def is_raced(self, error: BaseException) -> bool:
        return False  # who writes, writes alone

    def is_lost(self, error: BaseException) -> bool:
        return False

    def reconnect(self, given_up: Callable[[], bool]) -> None:
        raise AssertionError("a file does not go away")

    def give_back(self) -> None:
        # execute() would stop after the first page, for a row stands for each and none is shown.
        self._connection.executescript(f"pragma incremental_vacuum({_PAGES_AT_ONCE})")
        # The file itself gets shorter when the log is written back into it.
        self.do("pragma wal_checkpoint(passive)").fetchall()

    def close(self) -> None:
        self._connection.close()
        if self._lock is not None:
            self._lock.release()
