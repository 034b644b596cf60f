"""What is read of broadcasts. See `messaging.broadcast.BroadcastReader`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import load
from onebox.messaging.broadcast import Broadcast, BroadcastState
from onebox.storage import tables
from onebox.storage.dialects import Say, up_to_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.storage.dialects import Dialect
    from onebox.storage.readers import ReadConnection, ReadPool

_COLUMNS = "id account content created_by created_at state total skipped".split()


class BroadcastReading:
    """Reads broadcasts through a pool of connections."""

    def __init__(self, pool: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._moment = dialect.moment
        say = Say(dialect)
        table, message = tables.broadcast, tables.message
        all_of_it = sa.select(*[table.c[name] for name in _COLUMNS])
        self._newest_broadcasts = say(up_to_limit(all_of_it.order_by(table.c.id.desc())), "limit")
        self._named_broadcast = say(all_of_it.where(table.c.id == sa.bindparam("id_")), "id_")
        of_broadcast = (message.c.broadcast_id == sa.bindparam("id_"), message.c.broadcast_id.is_not(None))
        doubtful = sa.func.sum(
            sa.case((message.c.doubt > sa.literal_column("0"), sa.literal_column("1")), else_=sa.literal_column("0"))
        )
        counts = sa.select(message.c.state, sa.func.count(), doubtful).where(*of_broadcast).group_by(message.c.state)
        self._broadcast_counts = say(counts, "id_")

    async def broadcasts(self, limit: int = 20) -> list[Broadcast]:
        """The newest first."""
        return await self._pool.run(lambda connection: self._read(connection, self._newest_broadcasts, (limit,)))

    async def broadcast(self, id: str) -> Broadcast | None:
        """None if there is none."""
        found = await self._pool.run(lambda connection: self._read(connection, self._named_broadcast, (id,)))
        return found[0] if found else None

    def _read(self, connection: ReadConnection, sql: str, values: tuple[Any, ...]) -> list[Broadcast]:
        with connection.snapshot():
            return [self._broadcast(connection, row) for row in connection.rows(sql, values)]

    def _broadcast(self, connection: ReadConnection, row: Sequence[Any]) -> Broadcast:
        id_, account, content, created_by, created_at, state, total, skipped = row
        counts = connection.rows(self._broadcast_counts, (id_,))
        return Broadcast(
            id=id_,
            account=account,
            content=load(content),
            created_by=created_by,
            created_at=self._moment(created_at),
            state=BroadcastState(state),
            total=total,
            skipped=skipped,
            counts={state: count for state, count, _ in counts},
            doubtful=sum(int(doubtful or 0) for _, _, doubtful in counts),
        )
