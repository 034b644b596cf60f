"""People's statements on SQLite: beside the box's own tables, which stay out of their reach."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from onebox.flows.run import SqlFailed
from onebox.storage.people_sql import as_sqlite, check_arguments, outcome, read_statement, take
from onebox.storage.tables import NAMES, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
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
_LOOKED_AT = frozenset({"data_version", "page_size"})
"""settings that a full-text index reads while it works"""
_NAME_A_COLUMN = frozenset({sqlite3.SQLITE_READ, sqlite3.SQLITE_UPDATE})
_UNSAFE_FUNCTIONS = frozenset({"fts3_tokenizer", "load_extension"})
"""they take addresses and libraries: a slip ends the process"""
_LIMITS = ((sqlite3.SQLITE_LIMIT_LENGTH, 50_000_000), (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000))
"""of one value and of one pattern: a function's work on them is not watched by the time limit, and takes memory"""
_REFERENCES = """
    select m.name, f."table" from sqlite_schema m, pragma_foreign_key_list(m.name) f where m.type = 'table'
"""
_MARK = "\n/* of a person */\n"
"""keeps sqlite3 from taking a statement of the box's own out of its cache, prepared unguarded"""
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
        with self._guarded():
            self._connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
            try:
                found = _fetch(self._connection.execute(text + _MARK, given), limit, statement)
            except (OverflowError, UnicodeEncodeError) as error:
                raise SqlFailed(f"SQLite takes no such value: {error}") from None
            finally:
                self._connection.set_progress_handler(None, 0)
        if statement.leading in ("create", "alter"):
            self._check_references()
        return found

    def apply(self, text: str) -> None:
        """Runs a statement of a file of tables/, however long it takes. Raises SqlFailed, and the errors of sqlite3."""
        with self._guarded():
            # In front: what stands behind becomes a part of an index's or a view's text.
            self._connection.execute(_MARK + text).fetchall()
        self._check_references()

    def prepare(self, text: str, parameters: Iterable[str]) -> None:
        """Looks whether a statement could be run, and does not run it. Raises the errors of sqlite3."""
        with self._guarded():
            self._connection.execute(f"explain {text}{_MARK}", dict.fromkeys(parameters)).close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        self._guarding = True
        usual = [(which, self._connection.setlimit(which, most)) for which, most in _LIMITS]
        try:
            yield
        finally:
            self._guarding = False
            for which, most in usual:
                self._connection.setlimit(which, most)

    def _authorise(self, action: int, first: str | None, second: str | None, *_where: str | None) -> int:
        if not self._guarding or (action == sqlite3.SQLITE_PRAGMA and first in _LOOKED_AT and second is None):
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
                raise SqlFailed(f"{table} references {referenced}: the box's own tables are out of reach")


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
        return SqlFailed(f"{error}: the box's own tables, PRAGMA, ATTACH and transactions are out of reach")
    return SqlFailed(str(error), passing=code in _LOCKED)
