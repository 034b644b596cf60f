"""The tables that a person's data lies in: SQL files of the box, which its database gets in order, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.app.clock import SystemClock
from onebox.flows.definition.faults import Fault
from onebox.storage.opening import is_postgres
from onebox.storage.table_files import TableFile, TableFileInvalid, TableFilesWait, apply, compare, statements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onebox.app.folder import BoxFolder


def table_files(folder: BoxFolder, where: str | Path) -> list[TableFile]:
    """The files for this database."""
    found = folder.table_files(postgres=is_postgres(where))
    return [TableFile(name, text) for name, text in sorted(found.items())]


def apply_tables(folder: BoxFolder, where: str | Path, told: Callable[[str], None]) -> list[str]:
    """Applies the files that wait, telling of each, and returns the names of applied ones that are gone.

    Raises TableFileInvalid; the files before that one stay applied. Blocks: it is not for the event loop.
    """
    found = compare(where, table_files(folder, where))
    for file in found.waiting:
        if apply(where, file, SystemClock().now()):
            told(file.name)
    return list(found.gone)


def check_tables(folder: BoxFolder, where: str | Path) -> None:
    """Raises TableFilesWait, TableFileInvalid. Blocks."""
    files = table_files(folder, where)
    waiting = compare(where, files).waiting if files else ()
    if waiting:
        raise TableFilesWait([file.name for file in waiting], str(folder))


def table_faults(folder: BoxFolder, *, postgres: bool) -> list[Fault]:
    """What can be found wrong with the files without a database."""
    faults = []
    for name, text in folder.table_files(postgres=postgres).items():
        try:
            statements(TableFile(name, text), postgres=postgres)
        except TableFileInvalid as invalid:
            faults.append(Fault(f"tables/{name}", invalid.line, 1, invalid.reason, invalid.hint))
    return faults
