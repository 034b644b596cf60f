"""What is old enough goes: ended runs with all that belongs to them, events that started none, entries of web chats and
their visitors, answered requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from onebox.flows.run import Prune
from onebox.kernel.encoding import to_json
from onebox.storage import tables
from onebox.storage.dialects import const, up_to_limit

if TYPE_CHECKING:
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session


class Pruning:
    """Writes Prune."""

    def __init__(self, say: Say) -> None:
        one_flow = _old_runs().where(tables.run.c.flow == sa.bindparam("flow"))
        self._one_flow = say(up_to_limit(one_flow), "before flow limit")
        other_flows = _old_runs().where(tables.run.c.flow.not_in(say.dialect.members("flows")))
        self._other_flows = say(up_to_limit(other_flows), "before flows limit")
        self._belongings = _belongings(say)
        self._events = _events(say)
        self._idle_events = _idle_events(say)
        one: sa.ColumnClause[int] = sa.literal_column("1")
        loose = (_lone_messages(), _statuses(), _broadcasts(), _chat_entries(), _requests())
        self._loose = [say(statement.returning(one), "before limit") for statement in loose]
        self._silent, self._silent_unheard = _silent(say)
        self._visitor = _visitor(say)
        self.appliers = {Prune: self.prune}

    def prune(self, session: Session, change: Prune) -> int:
        """How many rows went of the kind of which most did."""
        before = session.instant(change.before)
        if change.flow is not None:
            runs = session.rows(self._one_flow, (before, change.flow, change.limit))
        else:
            runs = session.rows(self._other_flows, (before, to_json(list(change.except_flows)), change.limit))
        for run_id, event_id in runs:
            for statement in self._belongings:
                session.do(statement, (run_id,))
            for statement in self._events:
                session.do(statement, (event_id, event_id))
        if change.flow is None:
            return max(len(runs), self._prune_what_had_no_run(session, before, change.limit))
        return len(runs)

    def _prune_what_had_no_run(self, session: Session, before: object, limit: int) -> int:
        response, event = self._idle_events
        idle = session.rows(event, (before, limit))
        for (event_id,) in idle:
            session.do(response, (event_id,))
        loose = [len(session.rows(statement, (before, limit))) for statement in self._loose]
        # After their entries: who still has one is there still.
        return max(len(idle), *loose, *self._prune_visitors(session, before, limit))

    def _prune_visitors(self, session: Session, before: object, limit: int) -> tuple[int, int]:
        long_ago, unheard = session.rows(self._silent, (before, limit)), session.rows(self._silent_unheard, (limit,))
        conversation, address, person = self._visitor
        for account, chat, person_id in long_ago + unheard:
            session.do(conversation, (account, chat))
            session.do(address, (account, chat))
            session.do(person, (person_id,) * 4)
        return len(long_ago), len(unheard)


def _old_runs() -> sa.Select[tuple[str, str]]:
    run = tables.run
    old = sa.select(run.c.id, run.c.event_id).where(run.c.ended_at.is_not(None))
    return old.where(run.c.ended_at < sa.bindparam("before")).order_by(run.c.ended_at)


def _belongings(say: Say) -> list[str]:
    message, run = tables.message, tables.run
    of_run = message.c.run_id == sa.bindparam("run")
    return [
        say(sa.delete(tables.step_result).where(tables.step_result.c.run_id == sa.bindparam("run")), "run"),
        say(sa.delete(message).where(of_run, message.c.state.not_in([const("queued"), const("paused")])), "run"),
        # What still waits to be sent is sent, and goes as a message without a run.
        say(sa.update(message).values(run_id=sa.null()).where(of_run), "run"),
        say(sa.delete(run).where(run.c.id == sa.bindparam("run")), "run"),
    ]


def _events(say: Say) -> list[str]:
    event, response, run = tables.event, tables.response, tables.run
    needed = sa.exists().where(run.c.event_id == sa.bindparam("needed"))
    return [
        say(sa.delete(response).where(response.c.event_id == sa.bindparam("gone"), ~needed), "gone needed"),
        say(sa.delete(event).where(event.c.id == sa.bindparam("gone"), ~needed), "gone needed"),
    ]


def _idle_events(say: Say) -> tuple[str, str]:
    event, response = tables.event, tables.response
    idle = event.c.runs == sa.literal_column("0")
    old = sa.select(event.c.id).where(idle, event.c.received_at < sa.bindparam("before"))
    gone = sa.delete(event).where(event.c.id.in_(up_to_limit(old))).returning(event.c.id)
    return say(sa.delete(response).where(response.c.event_id == sa.bindparam("gone")), "gone"), say(
        gone, "before limit"
    )


def _lone_messages() -> sa.Delete:
    message = tables.message
    lone = sa.select(message.c.id).where(message.c.run_id.is_(None), message.c.ended_at < sa.bindparam("before"))
    return sa.delete(message).where(message.c.id.in_(up_to_limit(lone)))


def _chat_entries() -> sa.Delete:
    entry = tables.chat_entry
    key = (entry.c.account, entry.c.chat, entry.c.position)
    old = sa.select(*key).where(entry.c.at < sa.bindparam("before"))
    return sa.delete(entry).where(sa.tuple_(*key).in_(up_to_limit(old)))


def _statuses() -> sa.Delete:
    """By then nobody asks any more whether a message was read."""
    status = tables.delivery_status
    key = sa.tuple_(status.c.account, status.c.channel_id)
    old = sa.select(status.c.account, status.c.channel_id).where(status.c.at < sa.bindparam("before"))
    return sa.delete(status).where(key.in_(up_to_limit(old)))


def _broadcasts() -> sa.Delete:
    """Those of which no message is left."""
    broadcast, message = tables.broadcast, tables.message
    has_any = sa.exists().where(message.c.broadcast_id == broadcast.c.id, message.c.broadcast_id.is_not(None))
    old = sa.select(broadcast.c.id).where(broadcast.c.created_at < sa.bindparam("before"), ~has_any)
    return sa.delete(broadcast).where(broadcast.c.id.in_(up_to_limit(old)))


def _requests() -> sa.Delete:
    request = tables.request
    old = sa.select(request.c.id).where(request.c.done_at.is_not(None), request.c.done_at < sa.bindparam("before"))
    return sa.delete(request).where(request.c.id.in_(up_to_limit(old)))


def _silent(say: Say) -> tuple[str, str]:
    """Conversations of web chats in which nothing stands any more: those that were heard of long ago, and those of which
    nothing was heard since they went before."""
    talk, entry = tables.conversation, tables.chat_entry
    stands = sa.exists().where(entry.c.account == talk.c.account, entry.c.chat == talk.c.chat)
    silent = sa.select(talk.c.account, talk.c.chat, talk.c.person_id).where(sa.text(tables.OF_CHATS), ~stands)
    long_ago = silent.where(talk.c.heard_at < sa.bindparam("before")).order_by(talk.c.heard_at)
    unheard = silent.where(talk.c.heard_at.is_(None))
    return say(up_to_limit(long_ago), "before limit"), say(up_to_limit(unheard), "limit")


def _visitor(say: Say) -> tuple[str, str, str]:
    """A visitor's conversation and address, and the person, if they are known nowhere else and never had an appointment.
    A visitor's user id is the name of their chat."""
    talk, address, person, visit = tables.conversation, tables.person_address, tables.person, tables.appointment
    elsewhere = sa.exists().where(address.c.person_id == sa.bindparam("known"))
    talks = sa.exists().where(talk.c.person_id == sa.bindparam("talking"), talk.c.person_id.is_not(None))
    visits = sa.exists().where(visit.c.person_id == sa.bindparam("visiting"), visit.c.person_id.is_not(None))
    here = (talk.c.account == sa.bindparam("account_"), talk.c.chat == sa.bindparam("chat_"))
    known = (address.c.account == sa.bindparam("account_"), address.c.user_id == sa.bindparam("user"))
    nobody = person.c.id == sa.bindparam("person")
    return (
        say(sa.delete(talk).where(*here), "account_ chat_"),
        say(sa.delete(address).where(*known), "account_ user"),
        say(sa.delete(person).where(nobody, ~elsewhere, ~talks, ~visits), "person known talking visiting"),
    )
