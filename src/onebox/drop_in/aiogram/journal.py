"""Updates and answers on disk: one SQLite file, which may be a box's. Written by one thread, several at a time."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

Result = TypeVar("Result")

_log = logging.getLogger(__name__)
_TABLES = """
create table if not exists drop_in_update (
    bot integer not null,
    update_id integer not null,
    sender text not null,
    kind text not null,
    content text not null,          -- the update, JSON
    came_at text not null,
    decision text not null default 'taken',
    reason text not null default '',
    starts integer not null default 1,  -- how often its handler was begun; the first time is not looked at
    done_at text,
    primary key (bot, update_id)
) without rowid;
create index if not exists drop_in_update_unfinished on drop_in_update (bot, update_id) where done_at is null;
create index if not exists drop_in_update_done on drop_in_update (done_at) where done_at is not null;
create table if not exists drop_in_message (
    id integer primary key,
    bot integer not null,
    method text not null,
    content text not null,          -- its arguments, JSON
    handed_at text not null,
    failure text
);
create index if not exists drop_in_message_failed on drop_in_message (handed_at) where failure is not null;
"""
_KEPT_FOR = timedelta(days=7)
_FORGET_UPDATES = (
    "delete from drop_in_update where (bot, update_id) in"
    " (select bot, update_id from drop_in_update where done_at < ? limit ?)"
)
_FORGET_MESSAGES = (
    "delete from drop_in_message where id in"
    " (select id from drop_in_message where failure is not null and handed_at < ? limit ?)"
)
_FORGOTTEN_AT_ONCE = 200
"""more than the most updates that come at once, so that a file that is behind catches up"""
_AGAIN_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """An update to keep."""

    update_id: int
    sender: str
    kind: str
    content: str


class Journal:
    """What the bots of one process took, and what became of it."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="drop-in-journal")
        self._pending: deque[tuple[str, Sequence[Any]]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._database: sqlite3.Connection | None = None

    async def keep(self, bot: int, updates: Sequence[Kept]) -> set[int]:
        """Makes updates durable; the numbers of those that were not known."""
        return await self._in_thread(lambda database: _keep(database, bot, updates))

    async def unfinished(self, bot: int) -> list[tuple[str, int]]:
        """The updates that were kept and not done, in order, and how often the handler of each was begun."""
        sql = "select content, starts from drop_in_update where bot = ? and done_at is null order by update_id"
        return await self._in_thread(lambda database: database.execute(sql, (bot,)).fetchall())

    async def begun(self, bot: int, update_id: int) -> None:
        """Makes durable that the handler of an update begins once more, before it can end the bot."""
        sql = "update drop_in_update set starts = starts + 1 where bot = ? and update_id = ?"
        try:
            await self._in_thread(lambda database: _write(database, [(sql, (bot, update_id))]))
        except sqlite3.Error as error:
            _log.warning("that update %d is begun again cannot be written to %s: %s", update_id, self._path, error)

    async def unsent(self, bot: int) -> list[tuple[int, str, str]]:
        """The messages that were handed over and not sent: id, method, arguments."""
        sql = "select id, method, content from drop_in_message where bot = ? and failure is null order by id"
        return await self._in_thread(lambda database: database.execute(sql, (bot,)).fetchall())

    def decided(self, bot: int, update_id: int, decision: str, reason: str) -> None:
        """Says soon what was decided of an update that is not handled."""
        sql = "update drop_in_update set decision = ?, reason = ?, done_at = ? where bot = ? and update_id = ?"
        self._soon(sql, (decision, reason, _now(), bot, update_id))

    def done(self, bot: int, update_id: int, failure: str) -> None:
        """Says soon that an update was handled; `failure`: what its handler raised, or nothing."""
        sql = "update drop_in_update set reason = ?, done_at = ? where bot = ? and update_id = ?"
        self._soon(sql, (failure, _now(), bot, update_id))

    async def hand_over(self, number: int, bot: int, method: str, content: str) -> None:
        """Makes a message durable before its sender is told that it will be sent."""
        sql = "insert or ignore into drop_in_message (id, bot, method, content, handed_at) values (?, ?, ?, ?, ?)"
        # It may be sent while it is written; in one queue, what `sent` says comes after it.
        self._soon(sql, (number, bot, method, content, _now()))
        await self._in_thread(lambda _database: None)

    def sent(self, number: int, failure: str | None) -> None:
        """Says soon that a message was sent, or that it cannot be."""
        if failure is None:
            self._soon("delete from drop_in_message where id = ?", (number,))
        else:
            self._soon("update drop_in_message set failure = ? where id = ?", (failure, number))

    async def close(self) -> None:
        """Writes what is pending."""
        try:
            await self._in_thread(lambda _database: None)
        finally:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)

    # --- the thread

    def _soon(self, sql: str, values: Sequence[Any]) -> None:
        self._pending.append((sql, values))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_pending())

    async def _write_pending(self) -> None:
        while self._pending:
            try:
                await self._in_thread(lambda _database: None)
            except sqlite3.Error as error:
                _log.warning("%s cannot be written, trying again: %s", self._path, error)
                await asyncio.sleep(_AGAIN_AFTER)

    async def _in_thread(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def _work(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        database = self._connect()
        batch = list(self._pending)
        if batch:
            _write(database, batch)
            for _ in batch:
                self._pending.popleft()
        return work(database)

    def _connect(self) -> sqlite3.Connection:
        if self._database is None:
            database = sqlite3.connect(self._path, isolation_level=None, timeout=30)
            database.execute("pragma journal_mode = wal")
            database.execute("pragma synchronous = full")
            database.executescript(_TABLES)
            _write(database, _forgetting())
            self._database = database
        return self._database

    def _disconnect(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _now(later: timedelta = timedelta(0)) -> str:
    return (datetime.now(UTC) + later).isoformat(timespec="milliseconds")


def _write(database: sqlite3.Connection, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
    database.execute("begin immediate")
    try:
        for sql, values in statements:
            database.execute(sql, values)
        database.execute("commit")
    except BaseException:
        if database.in_transaction:
            database.execute("rollback")
        raise


def _keep(database: sqlite3.Connection, bot: int, updates: Sequence[Kept]) -> set[int]:
    sql = "select update_id from drop_in_update where bot = ? and update_id in (select value from json_each(?))"
    numbers = json.dumps([update.update_id for update in updates])
    known = {number for (number,) in database.execute(sql, (bot, numbers))}
    fresh = [update for update in updates if update.update_id not in known]
    insert = "insert or ignore into drop_in_update (bot, update_id, sender, kind, content, came_at) values (?, ?, ?, ?, ?, ?)"
    came_at = _now()
    rows = [(bot, update.update_id, update.sender, update.kind, update.content, came_at) for update in fresh]
    if rows:
        _write(database, [*((insert, row) for row in rows), *_forgetting()])
    return {update.update_id for update in fresh}


def _forgetting() -> list[tuple[str, Sequence[Any]]]:
    """Deletes some of what is over for long. Done with each write of updates, since a bot may run for months."""
    values = (_now(-_KEPT_FOR), _FORGOTTEN_AT_ONCE)
    return [(_FORGET_UPDATES, values), (_FORGET_MESSAGES, values)]
