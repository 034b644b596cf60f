"""Bringing the tables to the version of this release. The only module that loads Alembic."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

from onebox.storage.creating import writing

if TYPE_CHECKING:
    import sqlalchemy as sa

_STEPS = Path(__file__).with_name("migrations")


def migrate(where: str | Path, *, to: str = "head") -> None:
    """Creates the database file if there is none, and applies the steps that are missing, all or none.

    Postgres: the database itself must exist. May run beside a box of the release before. Blocks: it is not for the
    event loop.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of its own set-up
    with writing(where) as connection:
        _upgrade(connection, to)


def _upgrade(connection: sa.Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
