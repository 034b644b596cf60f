"""Performs sql steps on named databases: a few connections each, used in threads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from onebox.connectors.sql.database import Connection, DatabaseMisconfigured, fill_secrets, sqlite_path
from onebox.connectors.sql.pool import Pool
from onebox.connectors.sql.postgres import PostgresConnection
from onebox.connectors.sql.sqlite import SqliteConnection
from onebox.connectors.sql.statement import read_statement
from onebox.flows.handlers import StepFailed
from onebox.kernel.encoding import EncodingError, normalise
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from onebox.connectors.sql.statement import Statement
    from onebox.flows.handlers import Call

DEFAULT_ROWS = 1000
_DEFAULT_SECONDS = 30.0
_SCHEMES = ("postgresql://", "postgres://")


class SqlConnector:
    """The handler of `sql` where it names a `database`.

    `databases` maps names to URLs (`postgresql://…`, `sqlite:///crm.db`), which may hold `${secret.NAME}`; `folder` is
    the box's. Raises DatabaseMisconfigured for a URL of no use.
    """

    def __init__(self, *, databases: Mapping[str, str], secrets: Mapping[str, str], folder: Path) -> None:
        self._pools = {name: Pool(_opener(name, url, secrets, folder)) for name, url in databases.items()}

    async def __call__(self, call: Call) -> dict[str, Any]:
        """`{rows, row, count}`. Raises StepFailed."""
        arguments = call.arguments
        name = str(arguments.get("database"))
        pool = self._pools.get(name)
        if pool is None:
            near = did_you_mean(name, self._pools) or "; databases are named under `databases` in box.yaml"
            raise StepFailed("no_database", f"sql: this box knows no database {name!r}{near}", passing=False)
        statement = read_statement(arguments["run"])
        values = values_for(statement, arguments.get("args"))
        seconds = _DEFAULT_SECONDS if call.timeout is None else call.timeout.total_seconds()
        answer = await pool.run(statement, values, limit=row_limit(arguments.get("limit")), seconds=seconds)
        try:
            rows = normalise(answer.rows)
        except EncodingError as error:
            raise StepFailed("sql_failed", f"sql: database {name!r}: {error.message}", passing=False) from None
        return {"rows": rows, "row": rows[0] if rows else None, "count": answer.count}

    async def close(self) -> None:
        """Interrupts what runs, and closes all connections."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))


def values_for(statement: Statement, given: Any) -> dict[str, Any]:
    """The values of the statement's parameters; what it does not ask for is left out. Raises StepFailed."""
    if given is None:
        given = {}
    if not hasattr(given, "keys"):
        raise StepFailed("bad_argument", f"sql: args: expected a mapping, got {given!r:.80}", passing=False)
    missing = [name for name in dict.fromkeys(statement.names) if name not in given]
    if missing:
        names = ", ".join(f":{name}" for name in missing)
        has = ", ".join(str(key) for key in given) or "nothing"
        message = f"sql: the statement asks for {names}, but args has {has}{did_you_mean(missing[0], map(str, given))}"
        raise StepFailed("bad_argument", message, passing=False)
    return {name: given[name] for name in statement.names}


def row_limit(given: Any) -> int:
    """Rows that are read at most. Raises StepFailed."""
    if given is None:
        return DEFAULT_ROWS
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return given
    raise StepFailed("bad_argument", f"sql: limit: expected a number of rows, got {given!r}", passing=False)


def _opener(name: str, url: str, secrets: Mapping[str, str], folder: Path) -> Callable[[], Connection]:
    url = fill_secrets(name, url, secrets)
    if url.startswith("sqlite:"):
        path = sqlite_path(name, url, folder)
        return lambda: SqliteConnection(name, path)
    if url.startswith(_SCHEMES):
        return lambda: PostgresConnection(name, url)
    scheme = url.partition(":")[0]
    message = f"databases.{name}: expected a URL that begins with postgresql:// or sqlite:///, got {scheme!r}"
    raise DatabaseMisconfigured(message)
