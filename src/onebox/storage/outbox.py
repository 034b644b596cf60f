"""Messages of the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import dump, normalise
from onebox.messaging.message import MarkFailed, MarkRetried, MarkSent, QueueMessage
from onebox.storage import tables
from onebox.storage.dialects import const
from onebox.storage.session import keepable, maybe_keepable

if TYPE_CHECKING:
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session

_COLUMNS = "id run_id step account recipient content state attempts due_at created_at error".split()


class Outbox:
    """Writes messages."""

    def __init__(self, say: Say) -> None:
        message = tables.message
        self._insert = say.insert(message, *_COLUMNS)
        queued = (message.c.id == sa.bindparam("id_"), message.c.state == const("queued"))
        tried = sa.update(message).where(*queued).values(attempts=message.c.attempts + sa.literal_column("1"))
        given: dict[str, sa.BindParameter[Any]] = {
            name: sa.bindparam(name) for name in ("due_at", "ended_at", "receipt", "error")
        }
        sent = tried.values(state=const("sent"), ended_at=given["ended_at"], receipt=given["receipt"], error=sa.null())
        self._sent = say(sent, "ended_at receipt id_")
        self._retried = say(tried.values(due_at=given["due_at"], error=given["error"]), "due_at error id_")
        failed = tried.values(state=const("failed"), ended_at=given["ended_at"], error=given["error"])
        self._failed = say(failed, "ended_at error id_")
        self.appliers = {
            QueueMessage: self.queue,
            MarkSent: self.mark_sent,
            MarkRetried: self.mark_retried,
            MarkFailed: self.mark_failed,
        }

    def queue(self, session: Session, change: QueueMessage) -> None:
        message = change.message
        due_at: Any = None if message.due_at is None else session.instant(message.due_at)
        recipient, content = keepable(message.recipient), dump(normalise(message.content))
        place = (message.id, message.run_id, message.step, message.account, recipient, content)
        created_at, error = session.instant(message.created_at), maybe_keepable(message.error)
        session.do(self._insert, (*place, message.state.value, message.attempts, due_at, created_at, error))

    def mark_sent(self, session: Session, change: MarkSent) -> None:
        receipt = dump(normalise(change.receipt))
        session.do(self._sent, (session.instant(change.at), receipt, change.message_id))

    def mark_retried(self, session: Session, change: MarkRetried) -> None:
        due_at = session.instant(change.due_at)
        session.do(self._retried, (due_at, keepable(change.error), change.message_id))

    def mark_failed(self, session: Session, change: MarkFailed) -> None:
        at = session.instant(change.at)
        session.do(self._failed, (at, keepable(change.error), change.message_id))
