"""Bringing the tables to the version of this release. The only module that loads Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from onebox.storage.opening import is_postgres
from onebox.storage.tables import SCHEMA

if TYPE_CHECKING:
    import sqlite3

_STEPS = Path(__file__).with_name("migrations")


def migrate(where: str | Path, *, to: str = "head") -> None:
    """Creates the database file if there is none, and applies the steps that are missing, all or none.

    Postgres: the database itself must exist. May run beside a box of the release before. Blocks: it is not for the
    event loop.
    """
    if is_postgres(where):
        _migrate_postgres(str(where), to)
    else:
        _migrate_sqlite(Path(where), to)


def _migrate_sqlite(path: Path, to: str) -> None:
    from onebox.storage.sqlite import connect, create

    create(path)

    def connect_for_steps() -> sqlite3.Connection:
        return connect(path, readonly=False)

    engine = sa.create_engine("sqlite://", creator=connect_for_steps, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("begin immediate")
        _upgrade(connection, to)
        connection.exec_driver_sql("commit")
    engine.dispose()


def _migrate_postgres(url: str, to: str) -> None:
    from onebox.storage.postgres import connect

    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: connect(url, readonly=False), poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("begin")
        connection.exec_driver_sql(f"select pg_advisory_xact_lock(hashtext('{SCHEMA} migrate'))")
        connection.exec_driver_sql(f"create schema if not exists {SCHEMA}")
        _upgrade(connection, to)
        connection.exec_driver_sql("commit")
    engine.dispose()


def _upgrade(connection: sa.Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
