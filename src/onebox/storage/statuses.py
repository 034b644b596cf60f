"""What channels said of messages that they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from onebox.messaging.message import NoteStatus
from onebox.storage import tables
from onebox.storage.dialects import const
from onebox.storage.session import keepable, maybe_keepable

if TYPE_CHECKING:
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session

RANKS = ("sent", "delivered", "read", "failed")
"""a status replaces those before it"""


class Statuses:
    """Writes NoteStatus."""

    def __init__(self, say: Say) -> None:
        status, message = tables.delivery_status, tables.message
        columns = ("account", "channel_id", "status", "at", "error")
        new = say.dialect.insert(status).values({name: sa.bindparam(name) for name in columns})
        further = new.on_conflict_do_update(
            index_elements=["account", "channel_id"],
            set_={name: new.excluded[name] for name in columns[2:]},
            where=_rank(status.c.status) < _rank(new.excluded.status),
        )
        self._note = say(further, " ".join(columns))
        fail = (
            sa.update(message)
            .values(state=const("failed"), error=sa.bindparam("error_"))
            .where(
                message.c.account == sa.bindparam("account_"),
                message.c.channel_id == sa.bindparam("channel_id_"),
                message.c.channel_id.is_not(None),
                message.c.state == const("sent"),
            )
            .returning(message.c.id)
        )
        self._fail = say(fail, "error_ account_ channel_id_")
        self.appliers = {NoteStatus: self.note}

    def note(self, session: Session, change: NoteStatus) -> str | None:
        """The id of the message that failed by it."""
        if change.status not in RANKS:
            return None
        place = (keepable(change.account), keepable(change.message_id))
        error = maybe_keepable(change.error)
        session.do(self._note, (*place, change.status, session.instant(change.at), error))
        if change.status != "failed":
            return None
        failed = session.rows(self._fail, (error, *place))
        return str(failed[0][0]) if failed else None


def _rank(status: sa.ColumnElement[str]) -> sa.Case[int]:
    ranks: dict[str, sa.ColumnClause[int]] = {name: sa.literal_column(str(rank)) for rank, name in enumerate(RANKS)}
    return sa.case(*((status == const(name), rank) for name, rank in ranks.items()), else_=sa.literal_column("-1"))


def fail_if_told(say: Say) -> str:
    """Fails a message that was just marked as sent, where its channel had said so before."""
    status, message = tables.delivery_status, tables.message
    told = (
        status.c.account == message.c.account,
        status.c.channel_id == message.c.channel_id,
        status.c.status == const("failed"),
    )
    why = sa.select(status.c.error).where(*told).scalar_subquery()
    fail = sa.update(message).values(state=const("failed"), error=why)
    return say(
        fail.where(message.c.id == sa.bindparam("id_"), sa.exists().where(*told)).returning(message.c.error), "id_"
    )
