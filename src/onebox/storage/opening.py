"""Opening what a box keeps: the one place that knows both databases."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from urllib.parse import urlsplit

from onebox.flows.run import FileRequest
from onebox.kernel.errors import OneboxError
from onebox.storage.broadcast_reading import BroadcastReading
from onebox.storage.changes import appliers_for
from onebox.storage.chat_reading import ChatReading
from onebox.storage.conversation_reading import ConversationReading
from onebox.storage.feed_reading import FeedReading
from onebox.storage.message_reading import MessageReading
from onebox.storage.readers import ReadPool
from onebox.storage.record_reading import RecordReading
from onebox.storage.run_reading import RunReading
from onebox.storage.version import CannotOpen, check_version, refuse_newer
from onebox.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.booking.appointment import AppointmentReader
    from onebox.kernel.ledger import Change
    from onebox.storage.dialects import Dialect
    from onebox.storage.readers import ReadConnection
    from onebox.storage.session import Connection, Session

_POSTGRES = ("postgresql://", "postgres://")


class NotOwner(OneboxError):
    """A process that does not run the box may only file requests."""

    code: ClassVar[str] = "not_owner"


class Reader(
    RunReading,
    MessageReading,
    RecordReading,
    FeedReading,
    ConversationReading,
    BroadcastReading,
    ChatReading,
):
    """All that is read, by whom it may concern: RunReader, SqlReader, MessageReader, Records, FeedReader, …"""

    def __init__(self, pool: ReadPool, people: ReadPool, dialect: Dialect) -> None:
        RunReading.__init__(self, pool, people, dialect)
        MessageReading.__init__(self, pool, dialect)
        RecordReading.__init__(self, pool, dialect)
        FeedReading.__init__(self, pool, dialect)
        ChatReading.__init__(self, pool, dialect)
        ConversationReading.__init__(self, pool, dialect)
        BroadcastReading.__init__(self, pool, dialect)
        self._for_appointments = pool, dialect

    @cached_property
    def appointments(self) -> AppointmentReader:
        """What is read of appointments. A box without them does not load it."""
        from onebox.storage.appointment_reading import AppointmentReading

        return AppointmentReading(*self._for_appointments)


@dataclass(frozen=True, slots=True)
class _Backend:
    """One database, as this module needs it."""

    name: str
    dialect: Dialect
    error: type[Exception]
    version: Callable[[], list[tuple[str, ...]] | None]
    write: Callable[[bool], Connection]
    read: Callable[[], ReadConnection]
    size: Callable[[ReadConnection], int]
    check: Callable[[ReadConnection], list[str]]


class Storage:
    """An open box: `ledger` writes, `reader` reads."""

    def __init__(self, backend: _Backend, connection: Connection, *, own: bool) -> None:
        appliers = appliers_for(backend.dialect)
        self._backend = backend
        self._pool = ReadPool(backend.read)
        self._people = ReadPool(backend.read)
        self.reader = Reader(self._pool, self._people, backend.dialect)
        self.ledger = Writer(connection, appliers if own else _RequestsAlone(appliers))

    async def size_bytes(self) -> int:
        """What the box's tables take on disk, free space within included."""
        return await self._pool.run(self._backend.size)

    async def quick_check(self) -> list[str]:
        """What is wrong with the database file; empty when nothing is."""
        return await self._pool.run(self._backend.check)

    async def close(self) -> None:
        """Writes what was handed in, then gives up ownership."""
        await self.ledger.close()
        await self._people.close()
        await self._pool.close()


class _RequestsAlone(dict["type[Change[Any]]", "Callable[[Session, Any], Any]"]):
    def __init__(self, appliers: dict[type[Change[Any]], Callable[[Session, Any], Any]]) -> None:
        super().__init__({FileRequest: appliers[FileRequest]})

    def __missing__(self, kind: type[Change[Any]]) -> NoReturn:
        raise NotOwner(f"only the process that runs the box may write {kind.__name__}", hint="file a request")


async def open_storage(where: str | Path, *, own: bool, box: str | Path = ".") -> Storage:
    """Opens a database that has been migrated: a Postgres URL, or the path of a SQLite file.

    `own`: this process runs the box; else it reads, and files requests to the process that does. `box` is for the
    hints of errors. Raises WrongVersion, BoxTaken, CannotOpen.
    """
    backend = await asyncio.to_thread(_backend, where)
    try:
        check_version(await asyncio.to_thread(backend.version), where=backend.name, box=str(box))
        connection = await asyncio.to_thread(backend.write, own)
    except backend.error as error:
        raise CannotOpen(backend.name, str(error)) from error
    return Storage(backend, connection, own=own)


async def open_for_requests(where: str | Path, *, box: str | Path = ".") -> Storage:
    """For the CLI beside a running box."""
    return await open_storage(where, own=False, box=box)


async def migratable(where: str | Path, *, box: str | Path = ".") -> str | None:
    """The version of the tables, as `current_version`. Raises WrongVersion if a newer release made them, CannotOpen if
    they cannot be read."""
    found = await current_version(where)
    refuse_newer(found, where=(await asyncio.to_thread(_backend, where)).name, box=str(box))
    return found


async def applied_files(where: str | Path) -> dict[str, str]:
    """The digests of the files of tables/ that were applied, by name. The database has been migrated. Raises CannotOpen."""
    backend = await asyncio.to_thread(_backend, where)
    try:
        return await asyncio.to_thread(_applied_files, backend)
    except backend.error as error:
        raise CannotOpen(backend.name, str(error)) from error


def _applied_files(backend: _Backend) -> dict[str, str]:
    connection = backend.read()
    try:
        return dict(connection.rows("select name, digest from table_file order by name"))
    finally:
        connection.close()


async def current_version(where: str | Path) -> str | None:
    """The version of the tables; None if there are none yet. Raises CannotOpen."""
    backend = await asyncio.to_thread(_backend, where)
    try:
        rows = await asyncio.to_thread(backend.version)
    except backend.error as error:
        raise CannotOpen(backend.name, str(error)) from error
    return rows[0][0] if rows else None


def is_postgres(where: str | Path) -> bool:
    """Whether this names a Postgres database; else it is the path of a SQLite file."""
    return str(where).startswith(_POSTGRES)


def dialect_of(where: str | Path) -> Dialect:
    """How this database is told things."""
    return _backend(where).dialect


def _backend(where: str | Path) -> _Backend:
    return _postgres(str(where)) if is_postgres(where) else _sqlite(Path(where))


def _sqlite(path: Path) -> _Backend:
    import sqlite3

    from onebox.storage import sqlite, sqlite_reading
    from onebox.storage.dialects import Sqlite
    from onebox.storage.locking import FileLock

    def write(own: bool) -> Connection:  # noqa: FBT001
        if own and not os.access(path, os.W_OK):  # SQLite would open it for reading, and fail at the first event
            raise CannotOpen(str(path), "this user may not write it")
        lock = FileLock(path.with_name(path.name + ".lock"), str(path)) if own else None
        try:
            return sqlite.SqliteSession(sqlite.connect(path, readonly=False), lock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    return _Backend(
        name=str(path),
        dialect=Sqlite(),
        error=sqlite3.Error,
        version=lambda: sqlite_reading.read_version(path),
        write=write,
        read=lambda: sqlite_reading.SqliteReader(path),
        size=lambda _: sqlite_reading.size_bytes(path),
        check=sqlite_reading.quick_check,
    )


def _postgres(url: str) -> _Backend:
    import psycopg

    from onebox.storage import postgres, postgres_reading
    from onebox.storage.dialects import Postgres

    parts = urlsplit(url)
    return _Backend(
        name=f"{parts.hostname or 'localhost'}{parts.path}",
        dialect=Postgres(),
        error=psycopg.Error,
        version=lambda: postgres_reading.read_version(url),
        write=lambda own: postgres.PostgresSession(url, own=own),
        read=lambda: postgres_reading.PostgresReader(url),
        size=postgres_reading.size_bytes,
        check=postgres_reading.quick_check,
    )
