"""A connection to SQLite that only reads."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from onebox.storage.people_sql import read_statement
from onebox.storage.sqlite import PeopleSql, as_failure, connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta
    from pathlib import Path


class SqliteReader:
    """See `storage.readers.ReadConnection`."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, readonly=True)
        self._people = PeopleSql(self._connection)

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self._connection.execute("begin")
        try:
            yield
        finally:
            self._connection.execute("commit")

    def people_sql(
        self, statement: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta
    ) -> dict[str, Any] | None:
        if not read_statement(statement).reads:
            return None
        try:
            return self._people.run(statement, arguments, limit=limit, time_limit=time_limit)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY:
                return None  # a write inside WITH
            raise as_failure(error) from error

    def is_lost(self, error: Exception) -> bool:
        return False

    def close(self) -> None:
        self._connection.close()
