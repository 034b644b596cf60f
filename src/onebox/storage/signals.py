"""What runs wait for, and what they are told: timers, waits, signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.flows.run import (
    AwaitEvent,
    DropSignal,
    DropTimer,
    DropWait,
    EntryKind,
    SendSignal,
    SetTimer,
)
from onebox.kernel.encoding import dump, normalise
from onebox.storage import tables
from onebox.storage.dialects import const
from onebox.storage.session import keepable

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.kernel.ledger import Change
    from onebox.messaging.event import Event
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session


class Signals:
    """Writes timers, waits and signals."""

    def __init__(self, say: Say) -> None:
        run = tables.run
        self._set_timer = say.insert(tables.timer, "run_id", "path", "due_at", once=True)
        self._await = say.insert(tables.wait, "run_id", "path", "topic", "match", once=True)
        self._signal = say(_signal_to_the_living(say), "run_id path kind value at alive")
        wake = sa.update(run).values(state=const("ready")).where(run.c.id == sa.bindparam("id_"))
        self._wake = say(wake.where(run.c.state == const("waiting")), "id_")
        self._drop: dict[type[DropTimer | DropWait | DropSignal], str] = {
            DropTimer: say(_drop(tables.timer), "run path"),
            DropWait: say(_drop(tables.wait), "run path"),
            DropSignal: say(_drop(tables.signal), "run path"),
        }
        self.appliers: dict[type[Change[Any]], Callable[[Session, Any], Any]] = {
            SetTimer: self.set_timer,
            AwaitEvent: self.await_event,
            SendSignal: self.send_signal,
            **dict.fromkeys(self._drop, self.drop),
        }

    def set_timer(self, session: Session, change: SetTimer) -> None:
        """The first of a run and path stays."""
        session.do(self._set_timer, (change.run_id, change.path, session.instant(change.due_at)))

    def await_event(self, session: Session, change: AwaitEvent) -> None:
        """The first of a run and path stays."""
        topic = keepable(change.topic)
        session.topics.add(topic)
        session.do(self._await, (change.run_id, change.path, topic, dump(normalise(change.match))))

    def send_signal(self, session: Session, change: SendSignal) -> None:
        """To a run that has not ended; wakes it."""
        at, run_id = session.instant(change.at), change.run_id
        session.do(self._signal, (run_id, change.path, change.kind.value, dump(change.value), at, run_id))
        session.do(self._wake, (run_id,))

    def drop(self, session: Session, change: DropTimer | DropWait | DropSignal) -> None:
        session.do(self._drop[type(change)], (change.run_id, change.path))

    def end_wait(self, session: Session, run_id: str, path: str, event: Event) -> None:
        """The awaited event came: the wait becomes a signal."""
        at = session.instant(event.received_at)
        session.do(self._drop[DropWait], (run_id, path))
        session.do(self._signal, (run_id, path, EntryKind.event.value, event.payload, at, run_id))
        session.do(self._wake, (run_id,))


def _drop(table: sa.Table) -> sa.Delete:
    return sa.delete(table).where(table.c.run_id == sa.bindparam("run"), table.c.path == sa.bindparam("path"))


def _signal_to_the_living(say: Say) -> sa.Insert:
    run, signal = tables.run, tables.signal
    given = [
        sa.cast(sa.bindparam(column.name, type_=column.type), column.type).label(column.name) for column in signal.c
    ]
    living = run.c.state.in_([const("ready"), const("waiting")])
    row = sa.select(*given).where(sa.exists().where(run.c.id == sa.bindparam("alive"), living))
    insert: sa.Insert = say.dialect.insert(signal).from_select([column.name for column in signal.c], row)
    return insert.on_conflict_do_nothing()  # type: ignore[attr-defined, no-any-return]
