"""A connection to Postgres that only reads."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg

from onebox.kernel.ledger import StorageClosed
from onebox.storage.people_sql import read_statement
from onebox.storage.postgres import connect
from onebox.storage.postgres_people import PeopleSql
from onebox.storage.tables import SCHEMA, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from onebox.storage.readers import ReadConnection

_PATIENCE = 30.0
_PAUSE = 0.1


class PostgresReader:
    """See `storage.readers.ReadConnection`."""

    def __init__(self, url: str) -> None:
        self._connection = _connect_patiently(url)
        self._people = PeopleSql(self._connection)

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self._connection.execute("begin isolation level repeatable read")
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # if it is gone, who reads has met that already
                self._connection.execute("rollback")

    def people_sql(
        self, statement: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta
    ) -> dict[str, Any] | None:
        if not read_statement(statement).reads:
            return None
        with self.snapshot():
            try:
                return self._people.run(statement, arguments, limit=limit, time_limit=time_limit)
            except Exception as error:
                if isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
                    return None  # a write inside WITH, or a function that writes
                raise

    def is_lost(self, error: Exception) -> bool:
        return isinstance(error, psycopg.OperationalError) and self._connection.closed

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()


def _connect_patiently(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            return connect(url, readonly=True)
        except psycopg.OperationalError as error:
            if time.monotonic() > ends:
                raise StorageClosed(f"the database is away: {error}", hint="is Postgres running?") from error
            time.sleep(_PAUSE)


def read_version(url: str) -> list[tuple[str, ...]] | None:
    """The rows of the version table; None without one."""
    with connect(url, readonly=True) as connection:
        named = connection.execute("select to_regclass(%s)", (f"{SCHEMA}.{VERSION_TABLE}",)).fetchone()
        if named == (None,):
            return None
        return connection.execute(f"select version_num from {VERSION_TABLE}").fetchall()  # noqa: S608


def size_bytes(connection: ReadConnection) -> int:
    """Of the box's tables with their indexes."""
    sizes = "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c"
    [(size,)] = connection.rows(f"{sizes} where c.relnamespace = %s::regnamespace and c.relkind = 'r'", (SCHEMA,))
    return int(size)


def quick_check(connection: ReadConnection) -> list[str]:
    """Indexes that Postgres itself holds for broken."""
    broken = "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid"
    rows = connection.rows(f"{broken} where c.relnamespace = %s::regnamespace and not i.indisvalid", (SCHEMA,))
    return [f"the index {name} is invalid" for (name,) in rows]
