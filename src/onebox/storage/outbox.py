"""Messages of the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import dump, normalise, to_json
from onebox.messaging.message import CancelDelayed, MarkFailed, MarkHanded, MarkRetried, MarkSent, QueueMessage
from onebox.storage import tables
from onebox.storage.dialects import const
from onebox.storage.session import keepable, maybe_keepable
from onebox.storage.statuses import fail_if_told

if TYPE_CHECKING:
    from onebox.messaging.message import Message
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session

_COLUMNS = (
    "id run_id step account recipient content state attempts due_at created_at error priority broadcast_id".split()
)


class Outbox:
    """Writes messages."""

    def __init__(self, say: Say) -> None:
        message = tables.message
        self._insert = say.insert(message, *_COLUMNS)
        # One that is just being delivered may be paused or cancelled meanwhile: what became of it counts.
        known = (message.c.id == sa.bindparam("id_"), message.c.state.not_in([const("sent"), const("failed")]))
        more = {
            "attempts": message.c.attempts + sa.literal_column("1"),
            "doubt": message.c.doubt + sa.bindparam("doubtful", type_=sa.Integer),
        }
        tried = sa.update(message).where(*known).values(handed_at=sa.null(), **more)
        given: dict[str, sa.BindParameter[Any]] = {
            name: sa.bindparam(name) for name in ("due_at", "ended_at", "receipt", "error", "channel_id")
        }
        sent = tried.values(
            state=const("sent"),
            ended_at=given["ended_at"],
            receipt=given["receipt"],
            error=sa.null(),
            channel_id=given["channel_id"],
        )
        self._sent = say(sent, "ended_at receipt doubtful channel_id id_")
        self._fail_if_told = fail_if_told(say)
        self._retried = say(tried.values(due_at=given["due_at"], error=given["error"]), "due_at error doubtful id_")
        failed = tried.values(state=const("failed"), ended_at=given["ended_at"], error=given["error"])
        self._failed = say(failed, "ended_at error doubtful id_")
        handed = sa.update(message).where(message.c.id.in_(say.dialect.members("ids")))
        handed = handed.where(message.c.state == const("queued")).values(handed_at=sa.bindparam("handed_at"))
        self._handed = say(handed, "handed_at ids")
        delayed = (
            message.c.account == sa.bindparam("account_"),
            message.c.recipient == sa.bindparam("recipient_"),
            message.c.state == const("queued"),
            message.c.due_at.is_not(None),
            message.c.due_at > sa.bindparam("now"),
        )
        dropped = sa.update(message).where(*delayed).values(state=const("cancelled"), ended_at=sa.bindparam("ended_at"))
        self._cancel_delayed = say(dropped, "ended_at account_ recipient_ now")
        self.appliers = {
            QueueMessage: self.queue,
            CancelDelayed: self.cancel_delayed,
            MarkHanded: self.mark_handed,
            MarkSent: self.mark_sent,
            MarkRetried: self.mark_retried,
            MarkFailed: self.mark_failed,
        }

    def queue(self, session: Session, change: QueueMessage) -> None:
        session.do(self._insert, _row(session, change.message))

    def cancel_delayed(self, session: Session, change: CancelDelayed) -> None:
        at = session.instant(change.at)
        session.do(self._cancel_delayed, (at, keepable(change.account), keepable(change.recipient), at))

    def mark_handed(self, session: Session, change: MarkHanded) -> None:
        session.do(self._handed, (session.instant(change.at), to_json(list(change.message_ids))))

    def mark_sent(self, session: Session, change: MarkSent) -> str | None:
        at, own = session.instant(change.at), change.receipt.get("message_id")
        channel_id = None if own is None else keepable(str(own))
        session.do(self._sent, (at, dump(normalise(change.receipt)), 0, channel_id, change.message_id))
        if channel_id is None:
            return None
        failed = session.rows(self._fail_if_told, (change.message_id,))
        return str(failed[0][0] or "the channel said that it failed") if failed else None

    def mark_retried(self, session: Session, change: MarkRetried) -> None:
        due_at = session.instant(change.due_at)
        session.do(self._retried, (due_at, keepable(change.error), int(change.doubtful), change.message_id))

    def mark_failed(self, session: Session, change: MarkFailed) -> None:
        at = session.instant(change.at)
        session.do(self._failed, (at, keepable(change.error), int(change.doubtful), change.message_id))


def _row(session: Session, message: Message) -> tuple[Any, ...]:
    due_at: Any = None if message.due_at is None else session.instant(message.due_at)
    recipient, content = keepable(message.recipient), dump(normalise(message.content))
    place = (message.id, message.run_id, message.step, message.account, recipient, content)
    created_at, error = session.instant(message.created_at), maybe_keepable(message.error)
    rank = (int(message.priority), message.broadcast)
    return (*place, message.state.value, message.attempts, due_at, created_at, error, *rank)
