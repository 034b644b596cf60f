"""The tables of a new box, without Alembic: a box must start in a second, and keep its memory for its work."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from onebox.storage.opening import is_postgres
from onebox.storage.tables import SCHEMA, VERSION_TABLE, metadata
from onebox.storage.version import CURRENT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


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


@contextmanager
def writing(where: str | Path) -> Iterator[sa.Connection]:
    """A connection in a transaction that no other process writes beside; creates the SQLite file, or the schema."""
    made = _postgres(str(where)) if is_postgres(where) else _sqlite(Path(where))
    with made as connection:
        yield connection
        connection.exec_driver_sql("commit")


@contextmanager
def _sqlite(path: Path) -> Iterator[sa.Connection]:
    from onebox.storage.sqlite import connect, create

    create(path)

    def connect_for_steps() -> sqlite3.Connection:
        return connect(path, readonly=False)

    engine = sa.create_engine("sqlite://", creator=connect_for_steps, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("begin immediate")
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
