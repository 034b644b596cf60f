"""A connection to SQLite that only reads."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from onebox.storage.people_sql import read_statement
from onebox.storage.sqlite import connect
from onebox.storage.sqlite_people import PeopleSql, as_failure
from onebox.storage.tables import VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta
    from pathlib import Path

    from onebox.storage.readers import ReadConnection


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


def read_version(path: Path) -> list[tuple[str, ...]] | None:
    """The rows of the version table; None without one."""
    if not path.exists():
        return None
    connection = connect(path, readonly=True)
    try:
        named = connection.execute("select 1 from sqlite_schema where name = ?", (VERSION_TABLE,)).fetchone()
        return connection.execute(f"select version_num from {VERSION_TABLE}").fetchall() if named else None  # noqa: S608
    finally:
        connection.close()


def size_bytes(path: Path) -> int:
    """Of the file and its log."""
    log = path.with_name(path.name + "-wal")
    return sum(file.stat().st_size for file in (path, log) if file.exists())


def quick_check(connection: ReadConnection) -> list[str]:
    """SQLite's own check without the comparison of indexes and tables."""
    return [line for (line,) in connection.rows("pragma quick_check") if line != "ok"]
