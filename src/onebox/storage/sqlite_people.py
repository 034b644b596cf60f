"""People's statements on SQLite: beside the box's own tables, which stay out of their reach."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from onebox.flows.run import SqlFailed
from onebox.storage.people_sql import as_sqlite, check_arguments, outcome, read_statement, take
from onebox.storage.tables import NAMES, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from onebox.storage.people_sql import Statement

_STEPS_BETWEEN_LOOKS = 5000
_OUT_OF_REACH = NAMES | {VERSION_TABLE}
_NEVER = frozenset(
    {
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_PRAGMA,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
    }
)
_NAME_A_COLUMN = frozenset({sqlite3.SQLITE_READ, sqlite3.SQLITE_UPDATE})
_UNSAFE_FUNCTIONS = frozenset({"fts3_tokenizer", "load_extension"})
"""they take addresses and libraries: a slip ends the process"""
_LIMITS = ((sqlite3.SQLITE_LIMIT_LENGTH, 50_000_000), (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000))
"""of one value and of one pattern: a function's work on them is not watched by the time limit, and takes memory"""
_REFERENCES = """
    select m.name, f."table" from sqlite_schema m, pragma_foreign_key_list(m.name) f where m.type = 'table'
"""
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class PeopleSql:
    """Runs people's statements on a connection, with the box's own tables out of reach and a limit in time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._guarding = False
        # Set once: to set it again would make SQLite prepare every statement again.
        connection.set_authorizer(self._authorise)

    def run(self, text: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta) -> dict[str, Any]:
        """Raises SqlFailed, and the errors of sqlite3."""
        statement = read_statement(text)
        check_arguments(statement, arguments)
        given = {name: as_sqlite(arguments[name]) for name in statement.parameters}
        ends = time.monotonic() + time_limit.total_seconds()
        # The comment keeps sqlite3 from taking a statement of the box's own out of its cache, prepared unguarded.
        text = f"{text}\n/* of a flow */"
        self._guarding = True
        usual = [(which, self._connection.setlimit(which, most)) for which, most in _LIMITS]
        self._connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
        try:
            found = _fetch(self._connection.execute(text, given), limit, statement)
        except (OverflowError, UnicodeEncodeError) as error:
            raise SqlFailed(f"SQLite takes no such value: {error}") from None
        finally:
            self._guarding = False
            self._connection.set_progress_handler(None, 0)
            for which, most in usual:
                self._connection.setlimit(which, most)
        if statement.leading in ("create", "alter"):
            self._check_references()
        return found

    def run_of_operator(self, text: str) -> None:
        """A statement of the operator's own files: any single one, triggers and views too; no limit in time.
        Raises SqlFailed, and the errors of sqlite3."""
        self._guarding = True
        try:
            self._connection.execute(f"{text}\n/* of a file */").close()
        finally:
            self._guarding = False
        self._check_references()

    def _authorise(self, action: int, first: str | None, second: str | None, *_where: str | None) -> int:
        if not self._guarding:
            return sqlite3.SQLITE_OK
        if action in _NEVER or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _UNSAFE_FUNCTIONS):
            return sqlite3.SQLITE_DENY
        names = (first,) if action in _NAME_A_COLUMN else (first, second)
        reached = any(name is not None and name.lower() in _OUT_OF_REACH for name in names)
        return sqlite3.SQLITE_DENY if reached else sqlite3.SQLITE_OK

    def _check_references(self) -> None:
        """A foreign key to a table of the box would decide what the box may write there. SQLite asks nobody."""
        for table, referenced in self._connection.execute(_REFERENCES).fetchall():
            if referenced.lower() in _OUT_OF_REACH:
                raise SqlFailed(f"{table} references {referenced}: the box's own tables are out of a flow's reach")


def _fetch(cursor: sqlite3.Cursor, limit: int, statement: Statement) -> dict[str, Any]:
    try:
        names = [column[0] for column in cursor.description or ()]
        rows = take(cursor, limit) if names else []
        if not statement.only_reads:  # RETURNING is done, and counted, when it has been read to its end
            deque(cursor, maxlen=0)
        return outcome(names, rows, cursor.rowcount)
    finally:
        cursor.close()


def as_failure(error: sqlite3.Error) -> SqlFailed:
    """The database's message, as a flow's author meets it."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # the module's own errors have none
    if code == sqlite3.SQLITE_INTERRUPT:
        return SqlFailed(
            "the statement took longer than its time limit", hint="raise the step's timeout, or help it with an index"
        )
    if code == sqlite3.SQLITE_AUTH:
        return SqlFailed(f"{error}: the box's own tables, PRAGMA, ATTACH and transactions are out of a flow's reach")
    return SqlFailed(str(error), passing=code in _LOCKED)
