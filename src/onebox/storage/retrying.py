"""A run that failed or was cancelled is taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from onebox.flows.machine.machine import ABORT
from onebox.flows.run import RetryRun
from onebox.kernel.encoding import load
from onebox.storage import tables
from onebox.storage.dialects import const

if TYPE_CHECKING:
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session


class Retrying:
    """Writes RetryRun."""

    def __init__(self, say: Say) -> None:
        run, journal = tables.run, tables.step_result
        one = run.c.id == sa.bindparam("id_")
        ended_badly = run.c.state.in_([const("failed"), const("cancelled")])
        self._failed = say(sa.select(run.c.error).where(one, ended_badly), "id_")
        again = dict.fromkeys(("ended_at", "output", "error"), sa.null())
        self._ready = say(sa.update(run).values(state=const("ready"), **again).where(one), "id_")
        line = (journal.c.run_id == sa.bindparam("run"), journal.c.position == sa.bindparam("old"))
        lines = sa.select(journal.c.position, journal.c.path, journal.c.outcome)
        lines = lines.where(journal.c.run_id == sa.bindparam("run")).order_by(journal.c.position)
        self._lines = say(lines, "run")
        self._forget = say(sa.delete(journal).where(*line), "run old")
        self._move = say(sa.update(journal).values(position=sa.bindparam("new")).where(*line), "new run old")
        self.appliers = {RetryRun: self.retry}

    def retry(self, session: Session, change: RetryRun) -> bool:
        """Whether it had failed or was cancelled."""
        found = session.rows(self._failed, (change.run_id,))
        if not found:
            return False
        error = {} if found[0][0] is None else load(found[0][0])
        self._forget_failure(session, change.run_id, error.get("step") or "")
        session.do(self._ready, (change.run_id,))
        return True

    def _forget_failure(self, session: Session, run_id: str, failed: str) -> None:
        kept = 0
        for position, path, outcome in session.rows(self._lines, (run_id,)):
            if is_of_failure(failed, path, outcome):
                session.do(self._forget, (run_id, position))
                continue
            kept += 1
            if kept != position:  # the engine counts on positions without gaps
                session.do(self._move, (kept, run_id, position))


def is_of_failure(failed: str, path: str, outcome: str) -> bool:
    """Whether a journal line belongs to the failure at this path: a failed attempt, or the pause before the next; or
    it is what ended the run from outside.

    >>> is_of_failure("order", "order", "failure"), is_of_failure("order", "order!2", "fired")
    (True, True)
    >>> is_of_failure("order", "order", "result"), is_of_failure("order", "orders", "failure")
    (False, False)
    >>> is_of_failure("", "!abort", "failure"), is_of_failure("", "order", "failure")
    (True, False)
    """
    if path == ABORT:
        return True
    return bool(failed) and ((path == failed and outcome == "failure") or path.startswith(failed + "!"))
