"""A named SQLite database."""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from onebox.connectors.sql.database import Answer
from onebox.flows.handlers import StepFailed
from onebox.kernel.encoding import normalise, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onebox.connectors.sql.statement import Statement

_BUSY_SECONDS = 5.0
_STEPS_BETWEEN_LOOKS = 10_000
# ATTACH would lead to any file of the box, its own database too; the function takes addresses.
_REFUSED = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})
_UNSAFE = "fts3_tokenizer"
_LIMITS = ((sqlite3.SQLITE_LIMIT_LENGTH, 50_000_000), (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000))
"""of one value and of one pattern: a function's work on them is not watched by the time limit, and takes memory"""
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


class SqliteConnection:
    """One connection to a file that exists already."""

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._interrupted = False
        if not path.is_file():
            message = f"sql: database {name!r}: there is no file {path}"
            raise StepFailed("sql_unavailable", message, passing=True)
        # Used by one thread at a time; `interrupt` alone comes from another.
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection.set_authorizer(_authorise)
        for which, most in _LIMITS:
            self._connection.setlimit(which, most)

    @property
    def usable(self) -> bool:
        return not self._connection.in_transaction  # a step that says BEGIN would hold its locks for ever

    def run(self, statement: Statement, values: Mapping[str, Any], *, limit: int, seconds: float | None) -> Answer:
        self._interrupted = False
        self._limit_time(seconds)
        given = {name: _value(value) for name, value in values.items()}
        try:
            cursor = self._connection.execute(statement.with_marks(":", ""), given)
            try:
                return _answer(cursor, limit)
            finally:
                cursor.close()
        except sqlite3.Error as error:
            raise self._failure(error, seconds) from None
        except (OverflowError, UnicodeEncodeError) as error:
            message = f"sql: database {self._name!r} takes no such value: {error}"
            raise StepFailed("bad_argument", message, passing=False) from None

    def interrupt(self) -> None:
        self._interrupted = True
        self._connection.interrupt()

    def close(self) -> None:
        self._connection.close()

    def _limit_time(self, seconds: float | None) -> None:
        ends = None if seconds is None else time.monotonic() + seconds

        def over() -> int:
            return int(self._interrupted or (ends is not None and time.monotonic() > ends))

        busy = _BUSY_SECONDS if seconds is None else min(seconds, _BUSY_SECONDS)
        self._connection.execute(f"pragma busy_timeout = {int(busy * 1000)}")
        self._connection.set_progress_handler(over, _STEPS_BETWEEN_LOOKS)

    def _failure(self, error: sqlite3.Error, seconds: float | None) -> StepFailed:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            limit = "in time" if seconds is None else f"within {seconds:g} s"
            return StepFailed("timeout", f"sql: database {self._name!r} was not done {limit}", passing=True)
        if code == sqlite3.SQLITE_AUTH:
            text = f"sql: database {self._name!r}: {error}: a statement reaches this database alone"
            return StepFailed("sql_failed", text, passing=False)
        kind = "sql_constraint" if isinstance(error, sqlite3.IntegrityError) else "sql_failed"
        return StepFailed(kind, f"sql: database {self._name!r}: {error}", passing=code in _PASSING)


def _authorise(action: int, _first: str | None, second: str | None, *_where: str | None) -> int:
    unsafe = action == sqlite3.SQLITE_FUNCTION and (second or "").lower() == _UNSAFE
    return sqlite3.SQLITE_DENY if action in _REFUSED or unsafe else sqlite3.SQLITE_OK


def _answer(cursor: sqlite3.Cursor, limit: int) -> Answer:
    if cursor.description is None:
        return Answer([], max(0, cursor.rowcount))
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(limit)]
    if cursor.rowcount >= 0:  # a writing statement with RETURNING is only done when all is read
        cursor.fetchall()
    return Answer(rows, max(len(rows), cursor.rowcount))


def _value(value: Any) -> Any:
    if isinstance(value, (dict, list, tuple)):
        return to_json(normalise(value))
    return value.isoformat() if isinstance(value, datetime) else normalise(value)
