"""Applying the files of tables/: each in one transaction with the row that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import sqlalchemy as sa

from onebox.flows.run import SqlFailed
from onebox.kernel.errors import OneboxError
from onebox.storage import tables
from onebox.storage.creating import writing
from onebox.storage.opening import dialect_of, is_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import psycopg

    from onebox.kernel.clock import Clock
    from onebox.storage.table_files import TableFile
    from onebox.storage.table_sql import TableStatement


class TableFileFailed(OneboxError):
    """A statement of a file of tables/ failed. Nothing of the file was kept."""

    code: ClassVar[str] = "table_file_failed"

    def __init__(self, file: str, line: int, failed: SqlFailed, box: str) -> None:
        said = f"{failed.message} ({failed.hint})" if failed.hint else failed.message
        hint = f"nothing of this file was kept; mend it, and run: onebox migrate --box {box}"
        super().__init__(f"{file}:{line}: {said}", hint=hint)


class _StatementFailed(Exception):
    """`line`: of the statement's own lines, counted from 0. Never leaves this module."""

    def __init__(self, failed: SqlFailed, line: int = 0) -> None:
        super().__init__(failed.message)
        self.failed = failed
        self.line = line


class _Database(Protocol):
    """Where a file is applied, within its transaction."""

    def run(self, statement: TableStatement) -> None:
        """Raises _StatementFailed."""
        ...

    def settle(self) -> None:
        """All statements are done: are all keys in order? Raises _StatementFailed."""
        ...


def apply_files(
    where: str | Path,
    files: Sequence[TableFile],
    *,
    clock: Clock,
    box: str = ".",
    applied: Callable[[TableFile], None] = lambda _file: None,
) -> None:
    """Applies files that were not applied yet, in this order; `applied` is told of each. May run beside a box. Blocks:
    it is not for the event loop. `box` is for the hints of errors.

    Raises TableFileFailed: nothing of that file was kept, the files before it were. DatabaseHeld.
    """
    for file in files:
        if _apply(where, file, clock, box):
            applied(file)


def _apply(where: str | Path, file: TableFile, clock: Clock, box: str) -> bool:
    table = tables.table_file
    with writing(where) as connection:
        if connection.execute(sa.select(table.c.name).where(table.c.name == file.name)).first() is not None:
            return False  # another process was faster
        _run(_database(where, connection), file, box)
        at = dialect_of(where).instant(clock.now())
        connection.execute(table.insert().values(name=file.name, digest=file.digest, applied_at=at))
    return True


def _run(database: _Database, file: TableFile, box: str) -> None:
    line = 1
    try:
        for statement in file.statements():
            line = statement.line
            database.run(statement)
        database.settle()
    except _StatementFailed as error:
        raise TableFileFailed(file.file, line + error.line, error.failed, box) from error


def _database(where: str | Path, connection: sa.Connection) -> _Database:
    driver: Any = connection.connection.driver_connection
    return _Postgres(driver) if is_postgres(where) else _Sqlite(driver)


class _Sqlite:
    def __init__(self, connection: Any) -> None:
        from onebox.storage.sqlite_people import PeopleSql

        self._connection = connection
        self._people = PeopleSql(connection)

    def run(self, statement: TableStatement) -> None:
        import sqlite3

        from onebox.storage.sqlite_people import as_failure

        try:
            self._people.apply(statement.text)
        except SqlFailed as failed:
            raise _StatementFailed(failed) from failed
        except sqlite3.Error as error:
            raise _StatementFailed(as_failure(error)) from error

    def settle(self) -> None:
        for table, row, other, _ in self._connection.execute("pragma foreign_key_check").fetchall():
            message = f"row {row} of {table} refers to a row of {other} that is not there"
            raise _StatementFailed(SqlFailed(message))


class _Postgres:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def run(self, statement: TableStatement) -> None:
        from onebox.storage.postgres_people import apply

        self._told(lambda: apply(self._connection, statement.text, statement.opening), statement.text)

    def settle(self) -> None:
        self._told(lambda: self._connection.execute("set constraints all immediate"))

    def _told(self, act: Callable[[], object], text: str = "") -> None:
        import psycopg

        from onebox.storage.postgres_people import as_failure

        try:
            act()
        except SqlFailed as failed:
            raise _StatementFailed(failed) from failed
        except psycopg.Error as error:
            before = text[: int(error.diag.statement_position or 1) - 1]
            raise _StatementFailed(as_failure(error), before.count("\n")) from error
