"""Postgres: how its connections are opened, and the writer's session on one."""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import structlog

from onebox.kernel.ledger import StorageClosed
from onebox.storage.dialects import Postgres
from onebox.storage.locking import BoxTaken, who_am_i
from onebox.storage.postgres_people import PeopleSql
from onebox.storage.tables import BOX_PATH
from onebox.storage.writer import StorageUncertain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta

log = structlog.get_logger(__name__)

_LOCK = int.from_bytes(b"onebox", "big")
_OWNERSHIP_PATIENCE = 2.0
_RECONNECT_PATIENCE = 30.0
_PAUSE = 0.1
_FULL = frozenset({"53100"})
_RACED = frozenset({"23P01", "40P01"})
"""an EXCLUDE constraint, a deadlock"""
_MARK = "insert into commit_mark (id, mark) values (1, %s) on conflict (id) do update set mark = excluded.mark"

_Row = tuple[Any, ...]


def connect(url: str, *, readonly: bool) -> psycopg.Connection[_Row]:
    """A connection for one thread at a time, each statement its own transaction unless BEGIN is said."""
    options = f"-c search_path={BOX_PATH.replace(' ', '')} -c timezone=UTC"
    # What is acknowledged is on disk, whatever the cluster's own setting.
    options += " -c default_transaction_read_only=on" if readonly else " -c synchronous_commit=on"
    return psycopg.connect(
        url,
        autocommit=True,
        options=options,
        application_name=f"onebox: {who_am_i()}"[:63],
        connect_timeout=10,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
    )


def take_ownership(connection: psycopg.Connection[_Row], *, patience: float = _OWNERSHIP_PATIENCE) -> None:
    """A lock that ends with the session. Waits a little, for a server may see late that its client died.

    Raises BoxTaken.
    """
    ends = time.monotonic() + patience
    while connection.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
        if time.monotonic() > ends:
            database = connection.info.dbname
            raise BoxTaken(f"database {database}", _owner(connection))
        time.sleep(_PAUSE)


def _owner(connection: psycopg.Connection[_Row]) -> str:
    found = connection.execute(
        "select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid"
        " where l.locktype = 'advisory' and l.granted and (l.classid::bigint << 32) | l.objid::bigint = %s"
        " and l.database = (select oid from pg_database where datname = current_database())",
        (_LOCK,),
    ).fetchone()
    return "another process" if found is None else str(found[0]).removeprefix("onebox: ")


class _Lost(Exception):
    """The connection is gone, and the server says that nothing was kept. Only the writer meets it."""


class Later:
    """Whether a row was touched, once the pipeline has been read."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: psycopg.Cursor[_Row]) -> None:
        self._cursor = cursor

    def touched(self) -> bool:
        """After the pipeline has ended."""
        return self._cursor.fetchone() is not None


class PostgresSession:
    """The writer's connection. See `storage.session` for the contract.

    Statements go out in a pipeline: a round trip is waited for only where an answer decides what comes next.
    """

    attributes_errors = False

    def __init__(self, url: str, *, own: bool) -> None:
        self._url = url
        self._own = own
        self._pipeline: AbstractContextManager[Any] | None = None
        self._marks = (f"{uuid4().hex} {number}" for number in count(1))
        self._mark = ""
        self.instant: Callable[[datetime], Any] = Postgres().instant
        self.topics: set[str] = set()
        self._connection = connect(url, readonly=False)
        self._connect()

    def _connect(self, patience: float = _OWNERSHIP_PATIENCE) -> None:
        self._connection.close()
        self._connection = connect(self._url, readonly=False)
        self._people = PeopleSql(self._connection)
        try:
            if self._own:
                take_ownership(self._connection, patience=patience)
            self._find_topics()
        except BaseException:
            self._connection.close()
            raise

    def _find_topics(self) -> None:
        self.topics.update(str(topic) for (topic,) in self.rows("select distinct topic from wait", ()))

    def do(self, sql: str, values: _Row) -> Any:
        return self._connection.execute(sql, values)

    def touched(self, sql: str, values: _Row) -> Later:
        return Later(self._connection.execute(sql, values))

    def rows(self, sql: str, values: _Row) -> list[_Row]:
        return self._connection.execute(sql, values).fetchall()

    def rows_of(self, *asked: tuple[str, _Row]) -> list[list[_Row]]:
        cursors = [self._connection.execute(sql, values) for sql, values in asked]
        return [cursor.fetchall() for cursor in cursors]

    def people_sql(
        self, statement: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta
    ) -> dict[str, Any]:
        return self._people.run(statement, arguments, limit=limit, time_limit=time_limit)

    def begin(self, given_up: Callable[[], bool]) -> None:
        self._enter_pipeline()
        # Whatever the server's own default: each statement sees what was committed before it.
        self._connection.execute("begin isolation level read committed")

    def _enter_pipeline(self) -> None:
        pipeline = self._pipeline = self._connection.pipeline()
        pipeline.__enter__()

    def _leave_pipeline(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.__exit__(None, None, None)

    def savepoint(self) -> None:
        self._leave_pipeline()
        self._connection.execute("savepoint unit")

    def release(self) -> None:
        # Deferred constraints are due now, so that they fail this unit and not the whole batch.
        self._connection.execute("set constraints all immediate")
        self._connection.execute("release unit")
        self._enter_pipeline()

    def undo(self) -> bool:
        if self._connection.closed:
            return False
        self._connection.execute("rollback to unit")
        self._connection.execute("release unit")
        self._find_topics()
        self._enter_pipeline()
        return True

    def settle(self, results: Sequence[list[Any]]) -> None:
        self._mark = next(self._marks)
        self._connection.execute(_MARK, (self._mark,))
        self._leave_pipeline()
        for unit in results:
            for index, result in enumerate(unit):
                if type(result) is Later:
                    unit[index] = result.touched()

    def commit(self) -> None:
        try:
            self._connection.execute("commit")
        except psycopg.OperationalError as error:
            if not self._connection.closed:
                raise
            self._find_out(error)

    def _find_out(self, error: Exception) -> None:
        """The server went away during COMMIT: when it is back, the mark says what became of the transaction.

        An owner has its lock again, so the session before has ended, and nobody else has written a mark since.
        """
        self.reconnect(lambda: False, unknown=StorageUncertain)
        if self.rows("select mark from commit_mark", ()) != [(self._mark,)]:
            raise _Lost from error

    def rollback(self) -> None:
        with suppress(psycopg.Error):
            self._leave_pipeline()
        with suppress(psycopg.Error):
            self._connection.execute("rollback")
            self._find_topics()

    def is_full(self, error: BaseException) -> bool:
        return isinstance(error, psycopg.Error) and error.sqlstate in _FULL

    def is_raced(self, error: BaseException) -> bool:
        return isinstance(error, psycopg.Error) and error.sqlstate in _RACED

    def is_lost(self, error: BaseException) -> bool:
        return isinstance(error, _Lost) or (isinstance(error, psycopg.OperationalError) and self._connection.closed)

    def reconnect(self, given_up: Callable[[], bool], *, unknown: type[StorageClosed] = StorageClosed) -> None:
        log.warning("the connection to the database is lost; connecting again")
        ends = time.monotonic() + _RECONNECT_PATIENCE
        while True:
            try:
                self._connect(patience=0)
            except (psycopg.Error, BoxTaken) as error:
                if given_up() or time.monotonic() > ends:
                    raise unknown(f"the database is away: {error}", hint="is Postgres running?") from error
                time.sleep(_PAUSE)
            else:
                return

    def give_back(self) -> None:
        """Autovacuum makes the room of deleted rows usable again."""

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()
