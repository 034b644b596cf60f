"""Runs from their start to their end, their journals, and the flow texts that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.flows.run import (
    ClaimOnce,
    FinishRun,
    KeepVersion,
    ParkRun,
    RecordEntry,
    ReleaseOnce,
    RunSql,
    StartRun,
    WakeRun,
)
from onebox.kernel.encoding import dump
from onebox.storage import tables
from onebox.storage.dialects import const
from onebox.storage.session import keepable, maybe_keepable

if TYPE_CHECKING:
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session


class Runs:
    """Writes runs and journals."""

    def __init__(self, say: Say) -> None:
        run = tables.run
        self._keep = say.insert(tables.flow_version, "version", "flow", "text", "kept_at", once=True)
        columns = "id event_id flow version state sender parent_run_id parent_path created_at".split()
        self._start = say.insert(run, *columns)
        columns = "run_id position path step_kind attempt outcome value at".split()
        self._record = say.insert(tables.step_result, *columns)
        one = run.c.id == sa.bindparam("id_")
        signal = sa.exists().where(tables.signal.c.run_id == run.c.id)
        self._park = say.touching(_to("waiting").where(one, run.c.state == const("ready"), ~signal), "id_")
        self._wake = say.touching(_to("ready").where(one, run.c.state == const("waiting")), "id_")
        names = ("state", "ended_at", "output", "error")
        finish = sa.update(run).values({name: sa.bindparam(name) for name in names})
        living = run.c.state.in_([const("ready"), const("waiting")])
        self._finish = say.touching(finish.where(one, living), "state ended_at output error id_")
        self._clear = [
            say(sa.delete(table).where(table.c.run_id == sa.bindparam("run")), "run")
            for table in (tables.timer, tables.wait, tables.signal)
        ]
        self._claim, self._release = _once_statements(say)
        self.appliers = {
            KeepVersion: self.keep_version,
            StartRun: self.start,
            RecordEntry: self.record,
            RunSql: self.run_sql,
            ClaimOnce: self.claim,
            ReleaseOnce: self.release,
            ParkRun: lambda session, change: session.touched(self._park, (change.run_id,)),
            WakeRun: lambda session, change: session.touched(self._wake, (change.run_id,)),
            FinishRun: self.finish,
        }

    def keep_version(self, session: Session, change: KeepVersion) -> None:
        """Once by version."""
        at = session.instant(change.at)
        session.do(self._keep, (change.version, change.flow, keepable(change.text), at))

    def start(self, session: Session, change: StartRun) -> None:
        run = change.run
        at, state = session.instant(run.created_at), run.state.value
        sender = maybe_keepable(run.sender)
        row = (run.id, run.event_id, run.flow, run.version, state, sender, run.parent_run_id, run.parent_path, at)
        session.do(self._start, row)

    def record(self, session: Session, change: RecordEntry) -> None:
        entry = change.entry
        at, outcome = session.instant(entry.at), entry.kind.value
        row = (change.run_id, change.position, entry.path, change.kind_of_step, entry.attempt, outcome)
        session.do(self._record, (*row, dump(entry.value), at))

    def run_sql(self, session: Session, change: RunSql) -> dict[str, Any]:
        """A person's statement, and its result in the journal."""
        given = change.arguments
        found = session.people_sql(change.statement, given, limit=change.limit, time_limit=change.time_limit)
        value: dict[str, Any] = change.mask(found)
        at = session.instant(change.at)
        row = (change.run_id, change.position, change.path, "sql", change.attempt, "result", dump(value), at)
        session.do(self._record, row)
        return value

    def claim(self, session: Session, change: ClaimOnce) -> bool:
        """Whether the key is this run's now."""
        at = session.instant(change.at)
        row = (change.flow, change.step, keepable(change.key), change.run_id, at)
        [(owner,)] = session.rows(self._claim, row)
        return bool(owner == change.run_id)

    def release(self, session: Session, change: ReleaseOnce) -> None:
        session.do(self._release, (change.flow, change.step, keepable(change.key), change.run_id))

    def finish(self, session: Session, change: FinishRun) -> Any:
        """Whether it had not ended yet."""
        output = None if change.output is None else dump(change.output)
        error = None if change.error is None else dump(change.error)
        row = (change.state.value, session.instant(change.at), output, error, change.run_id)
        finished = session.touched(self._finish, row)
        for clear in self._clear:  # of a run that had ended before there are none left
            session.do(clear, (change.run_id,))
        return finished


def _to(state: str) -> sa.Update:
    return sa.update(tables.run).values(state=const(state))


def _once_statements(say: Say) -> tuple[str, str]:
    once_key = tables.once_key
    columns = "flow step key run_id claimed_at".split()
    claim = say.dialect.insert(once_key).values({name: sa.bindparam(name) for name in columns})
    # A no-op update, since DO NOTHING would return no row and so hide whose it is.
    claim = claim.on_conflict_do_update(index_elements=["flow", "step", "key"], set_={"run_id": once_key.c.run_id})
    release = sa.delete(once_key).where(*[once_key.c[name] == sa.bindparam(name) for name in columns[:4]])
    return say(claim.returning(once_key.c.run_id), " ".join(columns)), say(release, "flow step key run_id")
