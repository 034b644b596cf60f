"""A box's own tables: the files of tables/, brought to the database together with the tables of the release."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onebox.app.clock import SystemClock
from onebox.app.secrets import Vault
from onebox.app.settings import read_settings
from onebox.storage.opening import applied_files, is_postgres, migratable
from onebox.storage.table_files import choose, compare
from onebox.storage.version import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from onebox.app.folder import BoxFolder
    from onebox.kernel.clock import Clock
    from onebox.storage.table_files import Standing, TableFile

_KNOWS_FILES = "0002"
"""the version of the tables that keeps in mind which files were applied"""


@dataclass(frozen=True, slots=True)
class Todo:
    """What a database lacks: its tables' version (None: there are none yet) and the one that is needed, and its files."""

    version: str | None
    standing: Standing
    needed: str = CURRENT

    @property
    def tables_are_current(self) -> bool:
        """Whether the tables are of this release's version."""
        return self.version == self.needed


def read_files(folder: BoxFolder, where: str | Path) -> list[TableFile]:
    """The files for this database, in their order. Raises OSError for one that cannot be read."""
    sources: dict[str, str] = {}
    for file, text in folder.table_sources().items():
        if isinstance(text, OSError):
            raise text
        sources[file] = text
    return choose(sources, postgres=is_postgres(where))


async def look(folder: BoxFolder, where: str | Path) -> Todo:
    """What is to be done on this database. Raises TablesInvalid, TablesChanged, WrongVersion for a newer release's
    tables, CannotOpen, OSError."""
    version = await migratable(where, box=folder.path)
    applied = await applied_files(where) if version is not None and version >= _KNOWS_FILES else {}
    standing = compare(read_files(folder, where), applied)
    standing.check()
    return Todo(version, standing)


async def make_tables(folder: BoxFolder, where: str | Path, *, clock: Clock | None = None) -> Todo:
    """Gives a database without tables all of them. Raises as `look`; TableFileFailed."""
    todo = await look(folder, where)
    await asyncio.to_thread(_create, folder, where)
    await asyncio.to_thread(_apply, folder, where, todo.standing, clock or SystemClock(), lambda _file: None)
    return todo


def _create(folder: BoxFolder, where: str | Path) -> None:
    from onebox.storage.creating import create_tables

    folder.prepare()
    create_tables(where)


def _apply(
    folder: BoxFolder, where: str | Path, standing: Standing, clock: Clock, applied: Callable[[TableFile], None]
) -> None:
    from onebox.storage.table_applying import apply_files

    apply_files(where, standing.waiting, clock=clock, box=str(folder), applied=applied)


async def todo_of(folder: BoxFolder, environ: Mapping[str, str]) -> Todo:
    """What `migrate_box` would do. Raises SettingsInvalid, SecretsUnreadable, and as `look`."""
    return await look(folder, _where(folder, environ))


async def migrate_box(
    folder: BoxFolder, environ: Mapping[str, str], *, applied: Callable[[TableFile], None] = lambda _file: None
) -> Todo:
    """Brings a box's tables to the version of this release, then applies the files that wait, and tells `applied` of
    each. Returns what was to be done. Raises SettingsInvalid, SecretsUnreadable, TableFileFailed, and as `look`."""
    where = _where(folder, environ)
    todo = await look(folder, where)
    if not todo.tables_are_current:
        await asyncio.to_thread(_migrate, folder, where)
    await asyncio.to_thread(_apply, folder, where, todo.standing, SystemClock(), applied)
    return todo


def _where(folder: BoxFolder, environ: Mapping[str, str]) -> str | Path:
    return read_settings(folder).database(folder, Vault(folder, environ).read())


def _migrate(folder: BoxFolder, where: str | Path) -> None:
    from onebox.storage.migrating import migrate

    folder.prepare()
    migrate(where)
