"""Events and what their senders were answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.flows.run import EntryKind, RetryRun, RunState, SendSignal, StartRun
from onebox.flows.waiting import matches
from onebox.kernel.encoding import dump, load
from onebox.messaging.asking import newest_question
from onebox.messaging.event import Event, GiveVerdict, Stored, StoredResponse, StoreEvent, StoreResponse
from onebox.storage import tables
from onebox.storage.session import keepable, maybe_keepable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from onebox.messaging.asking import Question
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session
    from onebox.storage.signals import Signals


class Events:
    """Writes events. `apply` is how a consequence of an event is written."""

    def __init__(self, say: Say, signals: Signals, apply: Callable[[Session, Any], Any]) -> None:
        self._signals = signals
        self._apply = apply
        event, response, wait = tables.event, tables.response, tables.wait
        columns = ("id", "source", "topic", "key", "sender", "payload", "received_at", "runs", "verdict")
        self._insert = say.insert(event, *columns)
        known = say.dialect.insert(event).values({name: sa.bindparam(name) for name in columns})
        known = known.on_conflict_do_nothing(
            index_elements=[event.c.source, event.c.key], index_where=sa.text("key is not null")
        )
        self._insert_once = say(known.returning(sa.literal_column("1")), " ".join(columns))
        first = (
            sa.select(event.c.id, response.c.status, response.c.headers, response.c.body)
            .join_from(event, response, response.c.event_id == event.c.id, isouter=True)
            .where(event.c.source == sa.bindparam("source"), event.c.key == sa.bindparam("key"))
        )
        self._first = say(first, "source key")
        self._waits = say(
            sa.select(wait.c.run_id, wait.c.path, wait.c.match)
            .where(wait.c.topic == sa.bindparam("topic"))
            .order_by(wait.c.run_id, wait.c.path),
            "topic",
        )
        self._ended_child = say(_ended_child(), "event")
        self._respond = say.insert(response, "event_id", "status", "headers", "body", "at", once=True)
        judged = sa.update(event).values(verdict=sa.bindparam("verdict_")).where(event.c.id == sa.bindparam("id_"))
        self._verdict = say(judged, "verdict_ id_")
        self.appliers = {
            StoreEvent: self.store_event,
            StoreResponse: self.store_response,
            GiveVerdict: self.give_verdict,
        }

    def store_event(self, session: Session, change: StoreEvent) -> Stored:
        """Once by source and key; with what follows from it, and with the waits that it ends."""
        event = change.event
        question = self._question(session, event) if event.answers in session.topics else None
        consequences = change.then if question is None else ()
        verdict = event.verdict if question is None else None
        runs = sum([type(consequence) is StartRun for consequence in consequences])
        source, topic, key = keepable(event.source), keepable(event.topic), maybe_keepable(event.key)
        at = session.instant(event.received_at)
        row = (event.id, source, topic, key, maybe_keepable(event.sender), event.payload, at, runs, verdict)
        if key is None:
            session.do(self._insert, row)
        elif not session.rows(self._insert_once, row):
            return self._duplicate(session, source, key, change)
        for consequence in (*change.always, *consequences):
            self._apply(session, consequence)
        if question is not None:
            run_id, path, _ = question
            self._signals.end_wait(session, run_id, path, event)
            return Stored(event.id, woken=[run_id], answered=True)
        if verdict is not None:
            return Stored(event.id)
        woken = self._end_waits(session, topic, event) if topic in session.topics else []
        return Stored(event.id, woken=woken)

    def _question(self, session: Session, event: Event) -> Question | None:
        assert event.answers is not None
        waits = session.rows(self._waits, (event.answers,))
        if not waits:
            session.topics.discard(event.answers)
        return newest_question([(run_id, path, load(match)) for run_id, path, match in waits], event.data)

    def give_verdict(self, session: Session, change: GiveVerdict) -> None:
        session.do(self._verdict, (keepable(change.verdict), change.event_id))

    def _duplicate(self, session: Session, source: str, key: str, change: StoreEvent) -> Stored:
        [(event_id, status, headers, body)] = session.rows(self._first, (source, key))
        response = None if status is None else StoredResponse(status, load(headers), bytes(body))
        asks = any(type(one) is StartRun and one.run.parent_run_id is not None for one in change.then)
        woken = self._ask_again(session, event_id, change.event.received_at) if asks else []
        return Stored(event_id, duplicate=True, response=response, woken=woken)

    def _ask_again(self, session: Session, event_id: str, at: datetime) -> list[str]:
        """A parent that was retried asks again for a child that has ended: a failed one is retried with it."""
        woken: list[str] = []
        for run_id, state, output, parent, path in session.rows(self._ended_child, (event_id,)):
            if state == RunState.done:
                value = None if output is None else load(output)
                self._apply(session, SendSignal(parent, path, EntryKind.result, value, at))
                woken.append(parent)
            else:
                self._apply(session, RetryRun(run_id, at))
                woken.append(run_id)
        return woken

    def _end_waits(self, session: Session, topic: str, event: Event) -> list[str]:
        waits = session.rows(self._waits, (topic,))
        if not waits:
            session.topics.discard(topic)
        woken: dict[str, None] = {}
        for run_id, path, match in waits:
            if matches(load(match), event.data):
                self._signals.end_wait(session, run_id, path, event)
                woken[run_id] = None
        return list(woken)

    def store_response(self, session: Session, change: StoreResponse) -> None:
        """The first answer stays."""
        answer = change.response
        at = session.instant(change.at)
        row = (change.event_id, answer.status, dump(dict(answer.headers)), answer.body, at)
        session.do(self._respond, row)


def _ended_child() -> sa.Select[tuple[str, str, str, str, str]]:
    """The child of an event that ended, unless what it told its parent still lies there."""
    run, signal = tables.run, tables.signal
    told = sa.exists().where(signal.c.run_id == run.c.parent_run_id, signal.c.path == run.c.parent_path)
    found = sa.select(run.c.id, run.c.state, run.c.output, run.c.parent_run_id, run.c.parent_path)
    ended = (run.c.parent_run_id.is_not(None), run.c.ended_at.is_not(None))
    return found.where(run.c.event_id == sa.bindparam("event"), *ended, ~told)
