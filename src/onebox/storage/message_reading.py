"""What senders read. See `messaging.outbox.MessageReader`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import to_json
from onebox.messaging.outbox import Waiting
from onebox.storage import rows, tables
from onebox.storage.dialects import Say, const, up_to_limit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.storage.dialects import Dialect
    from onebox.storage.readers import ReadPool


class MessageReading:
    """Reads the outbox through a pool of connections."""

    def __init__(self, pool: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._rows = rows.Rows(dialect)
        self._instant = dialect.instant
        say = Say(dialect)
        self._due = say(_due_messages(dialect), "account_ busy now limit")
        self._next = say(_next_due(), "account_ now")

    async def waiting(self, account: str, *, now: datetime, busy: Sequence[str], limit: int) -> Waiting:
        """What may go now, and when the next message may."""
        at = self._instant(now)
        found, next_due = await self._pool.run(
            lambda connection: (
                connection.rows(self._due, (account, to_json(list(busy)), at, limit)),
                connection.rows(self._next, (account, at)),
            )
        )
        return Waiting([self._rows.message(row) for row in found], self._rows.maybe_moment(next_due[0][0]))


def _due_messages(dialect: Dialect) -> sa.Select[Any]:
    message, ahead = tables.message, tables.message.alias("ahead")
    held = sa.exists().where(
        ahead.c.account == message.c.account,
        ahead.c.recipient == message.c.recipient,
        ahead.c.id <= message.c.id,
        ahead.c.state == const("queued"),
        ahead.c.due_at.is_not(None),  # fits the partial index, which holds few
        ahead.c.due_at > sa.bindparam("now"),
    )
    waiting = sa.select(*rows.MESSAGE).where(
        message.c.state == const("queued"),
        message.c.account == sa.bindparam("account_"),
        message.c.recipient.not_in(dialect.members("busy")),
        ~held,
    )
    return up_to_limit(waiting.order_by(message.c.id))


def _next_due() -> sa.Select[Any]:
    message = tables.message
    return sa.select(sa.func.min(message.c.due_at)).where(
        message.c.state == const("queued"),
        message.c.account == sa.bindparam("account_"),
        message.c.due_at.is_not(None),
        message.c.due_at > sa.bindparam("now"),
    )
