"""The tables of a new box, without Alembic: a box must start in a second, and keep its memory for its work."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa

from onebox.kernel.errors import OneboxError
from onebox.storage.opening import is_postgres
from onebox.storage.tables import SCHEMA, VERSION_TABLE, metadata
from onebox.storage.version import CURRENT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_PATIENCE = 60.0
"""seconds: a box that runs holds the database for moments, again and again"""


def create_tables(where: str | Path) -> None:
    """Gives a database that has no tables those of this release, all or none. Blocks: it is not for the event loop.

    The same as all migrations one after another (a test compares them). Postgres: the database itself must exist.
    """
    with writing(where) as connection:
        version = sa.Table(
            VERSION_TABLE,
            sa.MetaData(),
            sa.Column("version_num", sa.String(32), nullable=False),
            sa.PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
        )
        if sa.inspect(connection).has_table(VERSION_TABLE):
            return  # another process was faster
        metadata.create_all(connection)
        version.create(connection)
        connection.execute(version.insert().values(version_num=CURRENT))


class DatabaseHeld(OneboxError):
    """Another program holds the box's database, and does not let go of it."""

    code: ClassVar[str] = "database_held"


@contextmanager
def writing(where: str | Path, *, patience: float = _PATIENCE) -> Iterator[sa.Connection]:
    """A connection in a transaction that no other process writes beside; creates the SQLite file, or the schema.

    SQLite: waits up to `patience` seconds for the others' transactions to end, then raises DatabaseHeld.
    """
    made = _postgres(str(where)) if is_postgres(where) else _sqlite(Path(where), patience)
    with made as connection:
        yield connection
        connection.exec_driver_sql("commit")


@contextmanager
def _sqlite(path: Path, patience: float) -> Iterator[sa.Connection]:
    from onebox.storage.sqlite import connect, create

    create(path)

    def connect_for_steps() -> sqlite3.Connection:
        made = connect(path, readonly=False)
        made.execute(f"pragma busy_timeout = {round(patience * 1000)}")
        # To change a table may mean to make it anew: with keys in force, to drop the old one would empty others.
        made.execute("pragma foreign_keys = off")
        return made

    engine = sa.create_engine("sqlite://", creator=connect_for_steps, poolclass=sa.NullPool)
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql("begin immediate")
        except sa.exc.OperationalError as error:
            message = f"the database {path} cannot be written: {error.orig}, for {patience:g} s"
            raise DatabaseHeld(message, hint="what holds it: a backup, an open shell? end it, and try again") from error
        yield connection
    engine.dispose()


@contextmanager
def _postgres(url: str) -> Iterator[sa.Connection]:
    from onebox.storage.postgres import connect

    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: connect(url, readonly=False), poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("begin")
        connection.exec_driver_sql(f"select pg_advisory_xact_lock(hashtext('{SCHEMA} migrate'))")
        connection.exec_driver_sql(f"create schema if not exists {SCHEMA}")
        yield connection
    engine.dispose()
