"""What the engine reads. See `flows.run.RunReader` and `flows.run.SqlReader`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.flows.run import DueTimer, History, ReadyRun, Request
from onebox.kernel.encoding import load
from onebox.storage import rows, tables
from onebox.storage.dialects import Say, const, up_to_limit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from onebox.storage.dialects import Dialect
    from onebox.storage.readers import ReadConnection, ReadPool

_RUN_WIDTH = len(rows.RUN)


class RunReading:
    """Reads runs through a pool of connections. People's statements have a pool of their own, so that slow ones keep
    only each other waiting."""

    def __init__(self, pool: ReadPool, people: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._people = people
        self._rows = rows.Rows(dialect)
        say = Say(dialect)
        self._ready_counts, self._ready_runs = _ready(say)
        self._history = _history(say)
        self._instant = dialect.instant
        self._timers = say(_due_timers(), "due run path limit")
        version, tick = tables.flow_version, tables.schedule_tick
        self._text = say(sa.select(version.c.text).where(version.c.version == sa.bindparam("version_")), "version_")
        self._ticks = say(sa.select(tick.c.trigger_key, tick.c.last_at), "")
        self._open_requests, self._request_result = _requests(say)

    async def ready_counts(self) -> dict[str, int]:
        """How many runs are ready, by flow."""
        found = await self._pool.run(lambda connection: connection.rows(self._ready_counts))
        return dict(found)

    async def ready_runs(self, flow: str, *, limit: int, after: str = "") -> list[ReadyRun]:
        """The first ready runs of a flow with an id above `after`, in order of id."""
        found = await self._pool.run(lambda connection: connection.rows(self._ready_runs, (flow, after, limit)))
        make = self._rows
        return [ReadyRun(make.run(row[:_RUN_WIDTH]), make.event(row[_RUN_WIDTH:-1]), bool(row[-1])) for row in found]

    async def history(self, run_id: str) -> History | None:
        """Everything that a run needs to go on, as of one instant."""
        return await self._pool.run(lambda connection: self._read_history(connection, run_id))

    def _read_history(self, connection: ReadConnection, run_id: str) -> History | None:
        with connection.snapshot():
            parts = [connection.rows(statement, (run_id,)) for statement in self._history]
        found, entries, signals, timers = parts
        if not found:
            return None
        make, row = self._rows, found[0]
        return History(
            run=make.run(row[:_RUN_WIDTH]),
            event=make.event(row[_RUN_WIDTH:]),
            entries=[make.entry(entry) for entry in entries],
            signals=[make.signal(signal) for signal in signals],
            timers={path: make.moment(due_at) for path, due_at in timers},
        )

    async def timers(self, *, limit: int, after: tuple[datetime, str, str]) -> list[DueTimer]:
        """The timers that fire next, soonest first."""
        values = (self._instant(after[0]), *after[1:], limit)
        found = await self._pool.run(lambda connection: connection.rows(self._timers, values))
        moment = self._rows.moment
        return [DueTimer(run_id, path, moment(due_at), flow) for run_id, path, due_at, flow in found]

    async def version_text(self, version: str) -> str | None:
        """The text that KeepVersion kept."""
        found = await self._pool.run(lambda connection: connection.rows(self._text, (version,)))
        return found[0][0] if found else None

    async def last_ticks(self) -> dict[str, datetime]:
        """When each schedule fired last, by trigger key."""
        found = await self._pool.run(lambda connection: connection.rows(self._ticks))
        return {key: self._rows.moment(last_at) for key, last_at in found}

    async def open_requests(self, *, limit: int) -> list[Request]:
        """The requests that have no answer yet, oldest first."""
        found = await self._pool.run(lambda connection: connection.rows(self._open_requests, (limit,)))
        return [self._rows.request(row) for row in found]

    async def request_result(self, request_id: str) -> Mapping[str, Any] | None:
        """None while there is no answer."""
        found = await self._pool.run(lambda connection: connection.rows(self._request_result, (request_id,)))
        return load(found[0][0]) if found and found[0][0] is not None else None

    async def read_sql(
        self, statement: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta
    ) -> dict[str, Any] | None:
        """A person's SELECT; None if the statement would write."""
        return await self._people.run(
            lambda connection: connection.people_sql(statement, arguments, limit=limit, time_limit=time_limit)
        )


def _ready(say: Say) -> tuple[str, str]:
    run, event = tables.run, tables.event
    ready = (run.c.state == const("ready"), run.c.state != const("done"))  # the second fits the partial index
    counts = sa.select(run.c.flow, sa.func.count()).where(*ready).group_by(run.c.flow)
    journaled = sa.exists().where(tables.step_result.c.run_id == run.c.id)
    signalled = sa.exists().where(tables.signal.c.run_id == run.c.id)
    fresh = sa.not_(sa.or_(journaled, signalled))
    runs = sa.select(*rows.RUN, *rows.EVENT, fresh).join_from(run, event, event.c.id == run.c.event_id)
    runs = runs.where(*ready, run.c.flow == sa.bindparam("flow_"), run.c.id > sa.bindparam("after_"))
    runs = runs.order_by(run.c.id)
    return say(counts, ""), say(up_to_limit(runs), "flow_ after_ limit")


def _history(say: Say) -> list[str]:
    run, event, journal, signal, timer = tables.run, tables.event, tables.step_result, tables.signal, tables.timer
    of_run: sa.BindParameter[str] = sa.bindparam("run_")
    found = sa.select(*rows.RUN, *rows.EVENT).join_from(run, event, event.c.id == run.c.event_id)
    return [
        say(found.where(run.c.id == of_run), "run_"),
        say(sa.select(*rows.ENTRY).where(journal.c.run_id == of_run).order_by(journal.c.position), "run_"),
        say(sa.select(*rows.SIGNAL).where(signal.c.run_id == of_run).order_by(signal.c.at, signal.c.path), "run_"),
        say(sa.select(timer.c.path, timer.c.due_at).where(timer.c.run_id == of_run).order_by(timer.c.due_at), "run_"),
    ]


def _due_timers() -> sa.Select[Any]:
    timer, run = tables.timer, tables.run
    found = sa.select(timer.c.run_id, timer.c.path, timer.c.due_at, run.c.flow)
    found = found.join_from(timer, run, run.c.id == timer.c.run_id)
    place = sa.tuple_(timer.c.due_at, timer.c.run_id, timer.c.path)
    found = found.where(place > sa.tuple_(sa.bindparam("due"), sa.bindparam("run"), sa.bindparam("path")))
    return up_to_limit(found.order_by(timer.c.due_at, timer.c.run_id, timer.c.path))


def _requests(say: Say) -> tuple[str, str]:
    request = tables.request
    unanswered = sa.select(*rows.REQUEST).where(request.c.done_at.is_(None)).order_by(request.c.id)
    result = sa.select(request.c.result).where(request.c.id == sa.bindparam("id_"))
    return say(up_to_limit(unanswered), "limit"), say(result, "id_")
