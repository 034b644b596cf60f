"""People's statements on Postgres: on the schema `public`, the box's own schema out of reach."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg

from onebox.flows.run import SqlFailed
from onebox.storage.people_sql import as_parameter, check_arguments, outcome, read_statement, take
from onebox.storage.sql_tokens import tokens
from onebox.storage.tables import BOX_PATH, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from onebox.storage.people_sql import Statement

# A slip must not reach the box's own tables, settings and lock. It is no wall against the author of the flows, who may
# run code anyway: what the database's user may do, a function that somebody made in psql may do too.
_OUT_OF_REACH = re.compile(
    rf"{SCHEMA}|set_config|pg_(?:try_)?advisory_\w+|pg_(?:terminate|cancel)_backend|pg_reload_conf"
    r"|\w+_to_xml(?:schema|_and_xmlschema)?|lo_(?:import|export|unlink)|dblink\w*|pg_(?:read|ls|stat)_\w*(?:file|dir)"
)
_ESCAPED_NAME = re.compile(r"""\bu&["']""", re.IGNORECASE)
_BEFORE_OBJECT = frozenset("or replace temp temporary global local unlogged unique recursive".split())
_OBJECTS = frozenset("table index view materialized sequence type domain".split())
_NOT_OF_A_BOX = frozenset("role user group database system tablespace subscription publication event".split())
_PASSING = ("40", "55P03", "53", "57")


class PeopleSql:
    """Runs people's statements within the open transaction of a connection."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def run(self, text: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta) -> dict[str, Any]:
        """Raises SqlFailed; psycopg's error if the connection is gone or the disk is full."""
        statement = read_statement(text)
        check_arguments(statement, arguments)
        _check_reach(text, statement)
        try:
            return self._run(statement, arguments, limit, time_limit)
        except UnicodeEncodeError as error:
            raise SqlFailed(f"Postgres takes no such value: {error}") from None
        except psycopg.Error as error:
            if self._connection.closed or error.sqlstate == "53100":
                raise
            raise as_failure(error) from error

    def _run(
        self, statement: Statement, arguments: Mapping[str, Any], limit: int, time_limit: timedelta
    ) -> dict[str, Any]:
        milliseconds = max(1, round(time_limit.total_seconds() * 1000))
        self._connection.execute("set local search_path = public")
        self._connection.execute(f"set local statement_timeout = {milliseconds}")
        sql, names = statement.numbered()
        with self._cursor(statement) as cursor:
            values = [as_parameter(arguments[name]) for name in names]
            if isinstance(cursor, psycopg.RawServerCursor):
                cursor.execute(sql, values)
            else:  # what is prepared would go on with the columns that the table had then
                cursor.execute(sql, values, prepare=False)
            columns = [column.name for column in cursor.description or ()]
            rows = take(cursor.fetchmany(limit), limit) if columns else []
            count = -1 if statement.only_reads else cursor.rowcount
        self._connection.execute("set local statement_timeout = 0")
        self._connection.execute(f"set local search_path = {BOX_PATH}")
        return outcome(columns, rows, count)

    def _cursor(self, statement: Statement) -> psycopg.Cursor[tuple[Any, ...]]:
        if statement.only_reads and "into" not in statement.words:
            # The server keeps the rows: else all of a large table would come, however few are wanted.
            return psycopg.RawServerCursor(self._connection, "of_a_flow")
        return psycopg.RawCursor(self._connection)


def _check_reach(text: str, statement: Statement) -> None:
    _check_words(text, statement.words)
    if statement.leading in ("create", "alter", "drop"):
        made = next((word for word in statement.opening[1:] if word not in _BEFORE_OBJECT), "nothing")
        if made not in _OBJECTS:
            known = ", ".join(sorted(_OBJECTS))
            raise SqlFailed(f"a flow cannot {statement.leading} a {made}, but: {known}", hint="use psql for it")


def _check_words(text: str, words: Iterable[str]) -> None:
    if _ESCAPED_NAME.search(text):
        raise SqlFailed("names and texts with escapes (U&) are not taken", hint="write the characters themselves")
    for word in sorted(words):
        if _OUT_OF_REACH.fullmatch(word):
            raise SqlFailed(f"{word} is out of reach", hint="people's tables are in the schema public")


def apply(connection: psycopg.Connection[Any], text: str, opening: Sequence[str]) -> None:
    """Runs a statement of a file of tables/ on the schema `public`, however long it takes; what it may make is for the
    file's author to say, but roles and databases, which are not of this box. Raises SqlFailed, and psycopg's errors."""
    _check_words(text, _all_words(text))
    made = next((word for word in opening[1:] if word not in _BEFORE_OBJECT), "nothing")
    if opening[0] in ("create", "alter", "drop") and made in _NOT_OF_A_BOX:
        raise SqlFailed(f"a file of tables/ cannot {opening[0]} a {made}", hint="use psql for it")
    connection.execute("set local search_path = public")
    psycopg.RawCursor(connection).execute(text)
    connection.execute(f"set local search_path = {BOX_PATH}")


def _all_words(text: str) -> Iterator[str]:
    """Also those of bodies between dollar signs."""
    for kind, token in tokens(text):
        if kind in ("word", "name"):
            yield token.strip('"').lower()
        elif kind == "dollar":
            yield from _all_words(token.strip("$"))


def as_failure(error: psycopg.Error) -> SqlFailed:
    """The database's message, as a flow's author meets it."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return SqlFailed(
            "the statement took longer than its time limit", hint="raise the step's timeout, or help it with an index"
        )
    message = error.diag.message_primary or str(error)
    return SqlFailed(message, passing=(error.sqlstate or "").startswith(_PASSING), hint=error.diag.message_hint)
