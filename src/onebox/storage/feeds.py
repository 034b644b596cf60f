"""How feeds stand, and which of their items were met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from onebox.flows.feeds import DropItems, ForgetFeed, KeepItems, RememberFeed
from onebox.kernel.encoding import to_json
from onebox.storage import tables
from onebox.storage.session import keepable, maybe_keepable

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from onebox.flows.feeds import Feed
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session

COLUMNS = tuple(column.name for column in tables.feed.columns)
"""of the table `feed`; the record's fields have the same names"""
INSTANTS = frozenset({"next_at", "polled_at", "failing_since", "gone_at"})
_KEY = ("flow", "url")


class Feeds:
    """Writes feeds and their items."""

    def __init__(self, say: Say) -> None:
        self._remember = _remember(say)
        self._keep_items = _keep_items(say)
        feed, item = tables.feed, tables.feed_item
        of_feed = (item.c.flow == sa.bindparam("flow_"), item.c.url == sa.bindparam("url_"))
        unseen = sa.delete(item).where(*of_feed, item.c.seen_at < sa.bindparam("before"))
        self._drop_items = say(unseen, "flow_ url_ before")
        named = (feed.c.flow == sa.bindparam("flow_"), feed.c.url == sa.bindparam("url_"))
        self._forget = [
            say(sa.delete(item).where(*of_feed), "flow_ url_"),
            say(sa.delete(feed).where(*named), "flow_ url_"),
        ]
        self.appliers = {
            RememberFeed: self.remember,
            KeepItems: self.keep_items,
            DropItems: self.drop_items,
            ForgetFeed: self.forget,
        }

    def remember(self, session: Session, change: RememberFeed) -> None:
        session.do(self._remember, tuple(_kept(session, change.feed, column) for column in COLUMNS))

    def keep_items(self, session: Session, change: KeepItems) -> None:
        items = to_json(sorted(set(change.items)))  # no row may be touched twice by one statement
        session.do(self._keep_items, (keepable(change.flow), keepable(change.url), session.instant(change.at), items))

    def drop_items(self, session: Session, change: DropItems) -> None:
        row = (keepable(change.flow), keepable(change.url), session.instant(change.before))
        session.do(self._drop_items, row)

    def forget(self, session: Session, change: ForgetFeed) -> None:
        for statement in self._forget:
            session.do(statement, (keepable(change.flow), keepable(change.url)))


def _kept(session: Session, feed: Feed, column: str) -> Any:
    value: str | int | datetime | None = getattr(feed, column)
    if column in INSTANTS:
        return None if value is None else session.instant(value)  # type: ignore[arg-type]
    return value if isinstance(value, int) else maybe_keepable(value)  # type: ignore[arg-type]


def _remember(say: Say) -> str:
    new = say.dialect.insert(tables.feed).values({name: sa.bindparam(name) for name in COLUMNS})
    changed = {name: new.excluded[name] for name in COLUMNS if name not in _KEY}
    return say(new.on_conflict_do_update(index_elements=_KEY, set_=changed), " ".join(COLUMNS))


def _keep_items(say: Say) -> str:
    """One statement for all of them: a feed may have hundreds."""
    item = tables.feed_item
    listed = say.dialect.members("items").subquery()
    given = [sa.cast(sa.bindparam(name), item.c[name].type) for name in ("flow", "url", "seen_at")]
    # SQLite must see a WHERE, or it takes ON CONFLICT for the condition of a join.
    rows = sa.select(*given, listed.c.value).where(listed.c.value.is_not(None))
    new = say.dialect.insert(item).from_select(["flow", "url", "seen_at", "item"], rows)
    again = new.on_conflict_do_update(index_elements=[*_KEY, "item"], set_={"seen_at": new.excluded.seen_at})
    return say(again, "flow url seen_at items")
