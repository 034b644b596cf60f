"""A named Postgres database. psycopg is imported by the first use."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from onebox.connectors.sql.database import Answer
from onebox.connectors.sql.statement import is_read
from onebox.flows.handlers import StepFailed
from onebox.kernel.encoding import normalise, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from onebox.connectors.sql.statement import Statement

# A server that vanished is noticed within a minute, so that no thread waits for it for ever.
_LIVELINESS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_IDLE_SECONDS = 10.0
"""after which a connection is asked whether it still lives"""
_PASSING_CLASSES = ("08", "40", "53", "55", "57")
"""connection, rollback (deadlock, serialization), out of resources, lock not available, intervention"""
_CANCELED = "57014"
_CONSTRAINT = "23"


class PostgresConnection:
    """One connection, in autocommit: each statement is a transaction."""

    def __init__(self, name: str, url: str) -> None:
        import psycopg

        self._name = name
        self._url = url
        self._used_at = time.monotonic()
        self._interrupted = False
        try:
            self._connection = psycopg.connect(url, autocommit=True, **_LIVELINESS)
        except psycopg.Error as error:
            raise StepFailed("sql_unavailable", self._text(error), passing=True) from None

    @property
    def usable(self) -> bool:
        if self._interrupted or self._connection.closed or self._connection.broken:
            return False
        if self._connection.info.transaction_status:  # a step that says BEGIN would hold its locks for ever
            return False
        if time.monotonic() - self._used_at < _IDLE_SECONDS:
            return True
        return self._lives()

    def run(self, statement: Statement, values: Mapping[str, Any], *, limit: int, seconds: float | None) -> Answer:
        import psycopg

        text = statement.with_marks("%(", ")s", double_percent=True)
        given = {name: _value(value) for name, value in values.items()}
        try:
            with self._connection.cursor() as cursor:
                milliseconds = 0 if seconds is None else max(1, int(seconds * 1000))
                cursor.execute("select set_config('statement_timeout', %s, false)", (str(milliseconds),))
                answer = _read if is_read(text) else _write
                return answer(cursor, text, given, limit)
        except psycopg.Error as error:
            raise self._failure(error, seconds) from None
        except UnicodeEncodeError as error:
            message = f"sql: database {self._name!r} takes no such value: {error}"
            raise StepFailed("bad_argument", message, passing=False) from None
        finally:
            self._used_at = time.monotonic()

    def interrupt(self) -> None:
        self._interrupted = True  # the signal may come late, so the next statement gets another connection
        self._connection.cancel()

    def close(self) -> None:
        self._connection.close()

    def _lives(self) -> bool:
        import psycopg

        try:
            self._connection.execute("select 1")
        except psycopg.Error:
            return False
        return True

    def _failure(self, error: psycopg.Error, seconds: float | None) -> StepFailed:
        state = error.sqlstate or ""
        if state == _CANCELED:
            limit = "in time" if seconds is None else f"within {seconds:g} s"
            return StepFailed("timeout", f"sql: database {self._name!r} was not done {limit}", passing=True)
        if self._connection.closed or not state:
            lost = self._connection.closed
            return StepFailed("sql_unavailable" if lost else "sql_failed", self._text(error), passing=lost)
        kind = "sql_constraint" if state.startswith(_CONSTRAINT) else "sql_failed"
        return StepFailed(kind, self._text(error), passing=state.startswith(_PASSING_CLASSES))

    def _text(self, error: psycopg.Error) -> str:
        """What Postgres says, on one line. It never holds the password, but the address is taken out too."""
        said = " ".join((error.diag.message_primary or str(error)).split())
        return f"sql: database {self._name!r}: {said.replace(self._url, '…')}"


def _read(cursor: psycopg.Cursor[Any], text: str, given: Mapping[str, Any], limit: int) -> Answer:
    # Rows are taken as they come, and the rest is cancelled: a large table never comes to lie in memory.
    with_names = cursor.stream(text, given)
    try:
        found = list(itertools.islice(with_names, limit))
        names = [column.name for column in cursor.description or ()]
    finally:
        with_names.close()  # type: ignore[attr-defined]
    rows = [normalise(dict(zip(names, row, strict=True))) for row in found]
    return Answer(rows, len(rows))


def _write(cursor: psycopg.Cursor[Any], text: str, given: Mapping[str, Any], limit: int) -> Answer:
    cursor.execute(text, given)
    if cursor.description is None:
        return Answer([], max(0, cursor.rowcount))
    names = [column.name for column in cursor.description]
    rows = [normalise(dict(zip(names, row, strict=True))) for row in cursor.fetchmany(limit)]
    return Answer(rows, max(len(rows), cursor.rowcount))


def _value(value: Any) -> Any:
    return to_json(normalise(value)) if isinstance(value, (dict, list, tuple)) else normalise(value)
