"""People's statements on Postgres: on the schema `public`, the box's own schema out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from onebox.flows.run import SqlFailed
from onebox.storage.people_sql import as_parameter, check_arguments, outcome, read_statement
from onebox.storage.tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from onebox.storage.people_sql import Statement

_OUT_OF_REACH = frozenset({SCHEMA, "set_config"})
_PASSING = ("40", "55P03", "53", "57")


class PeopleSql:
    """Runs people's statements within the open transaction of a connection."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def run(self, text: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta) -> dict[str, Any]:
        """Raises SqlFailed; psycopg's error if the connection is gone or the disk is full."""
        statement = read_statement(text)
        check_arguments(statement, arguments)
        if reached := statement.words & _OUT_OF_REACH:
            raise SqlFailed(f"{min(reached)} is out of a flow's reach", hint="people's tables are in the schema public")
        try:
            return self._run(statement, arguments, limit, time_limit)
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
        cursor = psycopg.RawCursor(self._connection)
        cursor.execute(sql, [as_parameter(arguments[name]) for name in names])
        columns = [column.name for column in cursor.description or ()]
        rows = cursor.fetchmany(limit) if columns else []
        count = -1 if statement.only_reads else cursor.rowcount
        self._connection.execute("set local statement_timeout = 0")
        self._connection.execute(f"set local search_path = {SCHEMA}")
        return outcome(columns, rows, count)


def as_failure(error: psycopg.Error) -> SqlFailed:
    """The database's message, as a flow's author meets it."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return SqlFailed(
            "the statement took longer than its time limit", hint="raise the step's timeout, or help it with an index"
        )
    message = error.diag.message_primary or str(error)
    return SqlFailed(message, passing=(error.sqlstate or "").startswith(_PASSING), hint=error.diag.message_hint)
