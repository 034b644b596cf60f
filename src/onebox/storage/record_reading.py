"""What operators read. See `flows.records.Records`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.flows.records import FlowStats, JournalLine, PendingTimer, PendingWait, RunDetail
from onebox.kernel.encoding import load
from onebox.messaging.event import StoredResponse
from onebox.storage import rows, tables
from onebox.storage.dialects import compile_with

if TYPE_CHECKING:
    from onebox.flows.records import SentMessage
    from onebox.flows.run import Run, RunState
    from onebox.messaging.event import Event
    from onebox.messaging.message import MessageState
    from onebox.storage.dialects import Dialect
    from onebox.storage.readers import ReadConnection, ReadPool


class RecordReading:
    """Lists for people. Their statements are put together for each question: nothing here is read for each event."""

    def __init__(self, pool: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._dialect = dialect
        self._rows = rows.Rows(dialect)

    def _ask(self, connection: ReadConnection, statement: sa.Select[Any]) -> list[tuple[Any, ...]]:
        sql, names, values = compile_with(self._dialect, statement)
        return connection.rows(sql, tuple(values[name] for name in names))

    async def _find(self, statement: sa.Select[Any]) -> list[tuple[Any, ...]]:
        return await self._pool.run(lambda connection: self._ask(connection, statement))

    async def list_runs(
        self, *, state: RunState | None = None, flow: str | None = None, limit: int = 50, before: str | None = None
    ) -> list[Run]:
        """Newest first."""
        run = tables.run
        statement = sa.select(*rows.RUN).order_by(run.c.id.desc())
        if state is not None:
            statement = statement.where(run.c.state == sa.literal_column(f"'{state.value}'"))
            if state != "done":
                statement = statement.where(run.c.state != sa.literal_column("'done'"))  # fits the partial index
        if flow is not None:
            statement = statement.where(run.c.flow == flow)
        if before is not None:
            statement = statement.where(run.c.id < before)
        return [self._rows.run(row) for row in await self._find(statement.limit(limit))]

    async def count_runs(self) -> dict[str, int]:
        """By state."""
        run = tables.run
        found = await self._find(sa.select(run.c.state, sa.func.count()).group_by(run.c.state))
        return dict(found)

    async def run_detail(self, run_id: str) -> RunDetail | None:
        """All that is kept of a run, as of one instant."""
        return await self._pool.run(lambda connection: self._read_detail(connection, run_id))

    def _read_detail(self, connection: ReadConnection, run_id: str) -> RunDetail | None:
        make = self._rows
        with connection.snapshot():
            found = self._ask(connection, sa.select(*rows.RUN).where(tables.run.c.id == run_id))
            if not found:
                return None
            run = make.run(found[0])
            event = self._ask(connection, sa.select(*rows.EVENT).where(tables.event.c.id == run.event_id))
            parts = [self._ask(connection, statement) for statement in _parts_of(run_id)]
        journal, timers, waits, messages, children = parts
        return RunDetail(
            run=run,
            event=make.event(event[0]),
            journal=[JournalLine(line[0], line[1], make.entry(line[2:])) for line in journal],
            timers=[PendingTimer(path, make.moment(due_at)) for path, due_at in timers],
            waits=[PendingWait(path, topic, load(match)) for path, topic, match in waits],
            messages=[make.sent_message(row) for row in messages],
            children=[make.run(row) for row in children],
        )

    async def event(self, event_id: str) -> Event | None:
        found = await self._find(sa.select(*rows.EVENT).where(tables.event.c.id == event_id))
        return self._rows.event(found[0]) if found else None

    async def response(self, event_id: str) -> StoredResponse | None:
        table = tables.response
        statement = sa.select(table.c.status, table.c.headers, table.c.body).where(table.c.event_id == event_id)
        found = await self._find(statement)
        return StoredResponse(found[0][0], load(found[0][1]), bytes(found[0][2])) if found else None

    async def runs_of_event(self, event_id: str) -> list[Run]:
        """Oldest first."""
        run = tables.run
        found = await self._find(sa.select(*rows.RUN).where(run.c.event_id == event_id).order_by(run.c.id))
        return [self._rows.run(row) for row in found]

    async def list_messages(
        self,
        *,
        state: MessageState | None = None,
        account: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[SentMessage]:
        """Newest first."""
        message = tables.message
        statement = sa.select(*rows.SENT).select_from(rows.SENT_FROM).order_by(message.c.id.desc())
        for column, value in ((message.c.state, state and state.value), (message.c.account, account)):
            if value is not None:
                statement = statement.where(column == value)
        if before is not None:
            statement = statement.where(message.c.id < before)
        return [self._rows.sent_message(row) for row in await self._find(statement.limit(limit))]

    async def flow_stats(self) -> dict[str, FlowStats]:
        """By flow."""
        counts, failures = await self._pool.run(
            lambda connection: (self._ask(connection, _counts()), self._ask(connection, _last_failures()))
        )
        stats: dict[str, FlowStats] = {}
        for flow, state, count, newest in counts:
            found = stats.setdefault(flow, FlowStats(flow))
            found.counts[state] = count
            at = self._rows.moment(newest)
            found.last_run_at = at if found.last_run_at is None else max(found.last_run_at, at)
        for row in failures:
            run = self._rows.run(row)
            stats.setdefault(run.flow, FlowStats(run.flow)).last_failed = run
        return stats


def _parts_of(run_id: str) -> list[sa.Select[Any]]:
    journal, timer, wait, message, run = (
        tables.step_result,
        tables.timer,
        tables.wait,
        tables.message,
        tables.run,
    )
    lines = sa.select(journal.c.position, journal.c.step_kind, *rows.ENTRY).where(journal.c.run_id == run_id)
    return [
        lines.order_by(journal.c.position),
        sa.select(timer.c.path, timer.c.due_at).where(timer.c.run_id == run_id).order_by(timer.c.due_at),
        sa.select(wait.c.path, wait.c.topic, wait.c.match).where(wait.c.run_id == run_id).order_by(wait.c.path),
        sa.select(*rows.SENT).select_from(rows.SENT_FROM).where(message.c.run_id == run_id).order_by(message.c.id),
        sa.select(*rows.RUN).where(run.c.parent_run_id == run_id).order_by(run.c.id),
    ]


def _counts() -> sa.Select[Any]:
    run = tables.run
    found = sa.select(run.c.flow, run.c.state, sa.func.count(), sa.func.max(run.c.created_at))
    return found.group_by(run.c.flow, run.c.state)


def _last_failures() -> sa.Select[Any]:
    run = tables.run
    failed = (run.c.state == sa.literal_column("'failed'"), run.c.state != sa.literal_column("'done'"))
    newest = sa.select(sa.func.max(run.c.id)).where(*failed).group_by(run.c.flow)
    return sa.select(*rows.RUN).where(run.c.id.in_(newest))
