"""What is read of feeds. See `flows.feeds.FeedReader`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.flows.feeds import Feed
from onebox.kernel.encoding import to_json
from onebox.storage import tables
from onebox.storage.dialects import Say
from onebox.storage.feeds import COLUMNS, INSTANTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.storage.dialects import Dialect
    from onebox.storage.readers import ReadPool


class FeedReading:
    """Reads feeds through a pool of connections."""

    def __init__(self, pool: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._moment = dialect.moment
        say = Say(dialect)
        feed, item = tables.feed, tables.feed_item
        all_feeds = sa.select(*[feed.c[name] for name in COLUMNS]).order_by(feed.c.flow, feed.c.url)
        self._all_feeds = say(all_feeds, "")
        self._feeds = say(all_feeds.where(feed.c.flow == sa.bindparam("flow_")), "flow_")
        of_flow = item.c.flow == sa.bindparam("flow_")
        asked = item.c.item.in_(say.dialect.members("items"))
        known = sa.select(item.c.item, item.c.seen_at).where(of_flow, item.c.url == sa.bindparam("url_"), asked)
        self._known = say(known, "flow_ url_ items")
        self._counts = say(sa.select(item.c.url, sa.func.count()).where(of_flow).group_by(item.c.url), "flow_")

    async def feeds(self, flow: str | None = None) -> list[Feed]:
        """Those of a flow, or all."""
        sql, values = (self._all_feeds, ()) if flow is None else (self._feeds, (flow,))
        return [self._feed(row) for row in await self._pool.run(lambda connection: connection.rows(sql, values))]

    async def known_items(self, flow: str, url: str, items: Sequence[str]) -> dict[str, datetime]:
        """When each of those that are known was last seen."""
        values = (flow, url, to_json(list(items)))
        found = await self._pool.run(lambda connection: connection.rows(self._known, values))
        return {item: self._moment(seen_at) for item, seen_at in found}

    async def item_counts(self, flow: str) -> dict[str, int]:
        """By URL."""
        found = await self._pool.run(lambda connection: connection.rows(self._counts, (flow,)))
        return dict(found)

    def _feed(self, row: Sequence[Any]) -> Feed:
        values = dict(zip(COLUMNS, row, strict=True))
        for name in INSTANTS:
            values[name] = None if values[name] is None else self._moment(values[name])
        return Feed(**values)
