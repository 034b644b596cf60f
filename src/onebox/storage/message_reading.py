"""What senders read. See `messaging.outbox.MessageReader`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import load, to_json
from onebox.messaging.outbox import Waiting
from onebox.storage import rows, tables
from onebox.storage.dialects import Say, const, up_to_limit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.messaging.message import Message, Priority
    from onebox.storage.dialects import Dialect
    from onebox.storage.readers import ReadPool


class MessageReading:
    """Reads the outbox through a pool of connections."""

    def __init__(self, pool: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._rows = rows.Rows(dialect)
        self._instant = dialect.instant
        say = Say(dialect)
        self._due = say(_due_messages(dialect), "account_ priority_ busy now limit")
        self._next = say(_next_due(), "account_ priority_ now")
        message = tables.message
        self._one = say(sa.select(*rows.MESSAGE).where(message.c.id == sa.bindparam("id_")), "id_")
        own = (message.c.account == sa.bindparam("account_"), message.c.channel_id == sa.bindparam("channel_id_"))
        taken_as = sa.select(*rows.MESSAGE).where(*own, message.c.channel_id.is_not(None))
        self._taken_as = say(taken_as, "account_ channel_id_")
        receipt = sa.select(message.c.receipt).where(message.c.id == sa.bindparam("id_"))
        self._receipt = say(receipt, "id_")

    async def waiting(
        self, account: str, *, priority: Priority, now: datetime, busy: Sequence[str], limit: int
    ) -> Waiting:
        """What may go now, and when the next message may."""
        at = self._instant(now)
        found, next_due = await self._pool.run(
            lambda connection: (
                connection.rows(self._due, (account, int(priority), to_json(list(busy)), at, limit)),
                connection.rows(self._next, (account, int(priority), at)),
            )
        )
        return Waiting([self._rows.message(row) for row in found], self._rows.maybe_moment(next_due[0][0]))

    async def message_taken_as(self, account: str, channel_id: str) -> Message | None:
        """The message that the channel gave this id of its own; None if there is none."""
        found = await self._pool.run(lambda connection: connection.rows(self._taken_as, (account, channel_id)))
        return self._rows.message(found[0]) if found else None

    async def message(self, message_id: str) -> Message | None:
        """None if there is none."""
        found = await self._pool.run(lambda connection: connection.rows(self._one, (message_id,)))
        return self._rows.message(found[0]) if found else None

    async def receipt(self, message_id: str) -> Any:
        """What the channel said when it took a message; None if it did not, or there is no such message."""
        found = await self._pool.run(lambda connection: connection.rows(self._receipt, (message_id,)))
        return load(found[0][0]) if found and found[0][0] is not None else None


def _due_messages(dialect: Dialect) -> sa.Select[Any]:
    message, ahead = tables.message, tables.message.alias("ahead")
    held = sa.exists().where(
        ahead.c.account == message.c.account,
        ahead.c.priority == message.c.priority,
        ahead.c.recipient == message.c.recipient,
        ahead.c.id <= message.c.id,
        ahead.c.state == const("queued"),
        ahead.c.due_at.is_not(None),  # fits the partial index, which holds few
        ahead.c.due_at > sa.bindparam("now"),
    )
    waiting = sa.select(*rows.MESSAGE).where(
        message.c.state == const("queued"),
        message.c.account == sa.bindparam("account_"),
        message.c.priority == sa.bindparam("priority_"),
        message.c.recipient.not_in(dialect.members("busy")),
        ~held,
    )
    return up_to_limit(waiting.order_by(message.c.id))


def _next_due() -> sa.Select[Any]:
    message = tables.message
    return sa.select(sa.func.min(message.c.due_at)).where(
        message.c.state == const("queued"),
        message.c.account == sa.bindparam("account_"),
        message.c.priority == sa.bindparam("priority_"),
        message.c.due_at.is_not(None),
        message.c.due_at > sa.bindparam("now"),
    )
