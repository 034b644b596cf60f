"""Broadcasts, written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import dump, normalise, to_json
from onebox.messaging.broadcast import BroadcastState, SetBroadcastState, StartBroadcast
from onebox.messaging.message import QueueMessage
from onebox.storage import tables
from onebox.storage.dialects import const

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.storage.dialects import Say
    from onebox.storage.session import Session

_COLUMNS = "id account content state total skipped created_by created_at".split()


class Broadcasts:
    """Writes broadcasts. Their messages are queued as any others."""

    def __init__(self, say: Say, apply: Callable[[Session, Any], Any]) -> None:
        self._apply = apply
        talk = tables.conversation
        named = talk.c.chat.in_(say.dialect.members("chats"))
        gone = sa.select(talk.c.chat).where(talk.c.account == sa.bindparam("account_"), named)
        self._gone = say(gone.where(talk.c.gone_at.is_not(None)), "account_ chats")
        table, message = tables.broadcast, tables.message
        self._insert = say.insert(table, *_COLUMNS)
        alive = (table.c.id == sa.bindparam("id_"), table.c.state != const("cancelled"))
        moved = sa.update(table).values(state=sa.bindparam("state_")).where(*alive)
        self._move = say(moved.returning(table.c.id), "state_ id_")
        of_broadcast = message.c.broadcast_id == sa.bindparam("id_")

        def changed(to: str, *states: str, ends: bool = False) -> str:
            values = {"state": const(to), **({"ended_at": sa.bindparam("ended_at")} if ends else {})}
            which = message.c.state.in_([const(state) for state in states])
            update = sa.update(message).values(values).where(of_broadcast, message.c.broadcast_id.is_not(None), which)
            return say(update, "ended_at id_" if ends else "id_")

        self._pause = changed("paused", "queued")
        self._resume = changed("queued", "paused")
        self._cancel = changed("cancelled", "queued", "paused", ends=True)
        self.appliers = {StartBroadcast: self.start, SetBroadcastState: self.set_state}

    def start(self, session: Session, change: StartBroadcast) -> int:
        """How many messages were queued."""
        one, recipients = change.broadcast, [message.recipient for message in change.messages]
        gone = {chat for (chat,) in session.rows(self._gone, (one.account, to_json(recipients)))}
        kept = [message for message in change.messages if message.recipient not in gone]
        for message in kept:
            self._apply(session, QueueMessage(message))
        total, skipped = len(kept), one.skipped + len(change.messages) - len(kept)
        content, at = dump(normalise(one.content)), session.instant(one.created_at)
        session.do(self._insert, (one.id, one.account, content, one.state.value, total, skipped, one.created_by, at))
        return total

    def set_state(self, session: Session, change: SetBroadcastState) -> bool:
        if not session.rows(self._move, (change.state.value, change.id)):
            return False
        match change.state:
            case BroadcastState.paused:
                session.do(self._pause, (change.id,))
            case BroadcastState.running:
                session.do(self._resume, (change.id,))
            case BroadcastState.cancelled:
                session.do(self._cancel, (session.instant(change.at), change.id))
        return True
