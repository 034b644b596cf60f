"""`sql` on the box's own database: what writes is one unit with its journal entry, what reads goes beside the writer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.flows.handlers import Call, StepFailed
from onebox.flows.run import Entry, EntryKind, RecordEntry, RunSql, SqlFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from onebox.flows.run import SqlReader
    from onebox.kernel.ledger import Ledger

_READ_LIMIT = timedelta(seconds=10)
_WRITE_LIMIT = timedelta(seconds=2)  # all other writing waits meanwhile
_ROWS = 1000


class BoxSql:
    """Performs and records in one."""

    def __init__(self, ledger: Ledger, reader: SqlReader, mask: Callable[[Any], Any]) -> None:
        self._ledger = ledger
        self._reader = reader
        self._mask = mask

    def handles(self, call: Call) -> bool:
        """Calls without a `database` are on the box's own."""
        return not call.arguments.get("database")

    async def __call__(self, call: Call, *, position: int, at: datetime) -> Any:
        statement, arguments = call.arguments["run"], call.arguments.get("args") or {}
        limit = call.arguments.get("limit") or _ROWS
        if not isinstance(arguments, dict):
            message = f"sql: args must be a mapping of parameter names to values, got {arguments!r:.80}"
            raise StepFailed("bad_argument", message, passing=False)
        try:
            found = await self._read(statement, arguments, limit)
            if found is None:
                return await self._write(call, statement, arguments, limit, position, at)
        except SqlFailed as failed:
            raise StepFailed("sql_failed", failed.message, passing=failed.passing, hint=failed.hint) from failed
        found = self._mask(found)
        entry = Entry(call.path, EntryKind.result, found, at, call.attempt)
        await self._ledger.commit([RecordEntry(call.run_id, position, entry, call.kind)])
        return found

    async def _read(self, statement: str, arguments: dict[str, Any], limit: int) -> dict[str, Any] | None:
        return await self._reader.read_sql(statement, arguments, limit=limit, time_limit=_READ_LIMIT)

    async def _write(
        self, call: Call, statement: str, arguments: dict[str, Any], limit: int, position: int, at: datetime
    ) -> Any:
        change = RunSql(
            call.run_id, position, call.path, call.attempt, at, statement, arguments, limit, _WRITE_LIMIT, self._mask
        )
        [result] = await self._ledger.commit([change])
        return result
