"""The files of a box's tables/ folder: which of them this database takes, and which are still to be applied."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from onebox.kernel.errors import OneboxError
from onebox.kernel.faults import Fault
from onebox.storage.table_sql import faults_of, for_postgres, read_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from onebox.storage.table_sql import TableStatement

_FOLDER = "tables/"
_SUFFIX = ".sql"
_NAME = re.compile(r"tables/([A-Za-z0-9][A-Za-z0-9_-]*)(?:\.(sqlite|postgres))?\.sql")
_MOST_NAMED = 5


class TablesInvalid(OneboxError):
    """Files of tables/ have faults that show without a database. `faults` are all of them."""

    code: ClassVar[str] = "tables_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)), hint="docs/guides/own-tables.md says what a file may hold")
        self.faults = faults


class TablesChanged(OneboxError):
    """What was applied is not what the folder holds: it cannot be said any more which tables there are."""

    code: ClassVar[str] = "tables_changed"


class TablesWaiting(OneboxError):
    """The database has not got all files of tables/ yet."""

    code: ClassVar[str] = "tables_waiting"


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file for one database. It is kept in mind by its `name`; `file` is where it lies. `translated`: it is written
    for both databases, and Postgres is told it in its own words."""

    name: str
    file: str
    text: str
    translated: bool = False

    @property
    def digest(self) -> str:
        """Of the text. How its lines end is git's business."""
        text = self.text.replace("\r\n", "\n")
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def statements(self) -> list[TableStatement]:
        """As this database is told them."""
        found = read_statements(self.text)
        return [for_postgres(one) for one in found] if self.translated else found


def choose(sources: Mapping[str, str], *, postgres: bool) -> list[TableFile]:
    """The files that this database takes, in the order of their names. `sources`: texts by `tables/0001-leads.sql`.

    `NAME.postgres.sql` and `NAME.sqlite.sql` take the place of `NAME.sql` on their database.
    """
    own, other = ("postgres", "sqlite") if postgres else ("sqlite", "postgres")
    found: dict[str, TableFile] = {}
    for file, text in sources.items():
        name, kind = _parts(file)
        if kind == other or (kind is None and f"{_FOLDER}{name}.{own}{_SUFFIX}" in sources):
            continue
        found[name] = TableFile(name, file, text, translated=postgres and kind is None)
    return [found[name] for name in sorted(found)]


def _parts(file: str) -> tuple[str, str | None]:
    """The name, and the database that it is for."""
    found = _NAME.fullmatch(file)
    return (found[1], found[2]) if found else (file.removeprefix(_FOLDER).removesuffix(_SUFFIX), None)


def faults_in(sources: Mapping[str, str]) -> list[Fault]:
    """What is wrong with files as they stand, for whichever database they are."""
    faults = []
    for file, text in sorted(sources.items()):
        if not _NAME.fullmatch(file):
            hint = "call it such as 0001-leads.sql, 0001-leads.sqlite.sql or 0001-leads.postgres.sql"
            faults.append(Fault(file, 1, 1, "a name has letters, digits, - and _", hint))
        faults += faults_of(file, text)
    return faults


@dataclass(frozen=True, slots=True)
class Standing:
    """How files stand to a database: those that wait, and the names of those that were applied and are gone."""

    waiting: Sequence[TableFile]
    gone: Sequence[str]

    def check(self) -> None:
        """Raises TablesInvalid for those that wait: what was applied was good enough."""
        faults = faults_in({one.file: one.text for one in self.waiting})
        if faults:
            raise TablesInvalid(faults)

    def refuse_waiting(self, box: str) -> None:
        """Raises TablesWaiting if any does."""
        if self.waiting:
            files = "file waits" if len(self.waiting) == 1 else "files wait"
            message = f"{len(self.waiting)} {files} to be applied: {_listed(one.file for one in self.waiting)}"
            raise TablesWaiting(message, hint=f"run: onebox migrate --box {box}")


def compare(files: Sequence[TableFile], applied: Mapping[str, str]) -> Standing:
    """`applied`: the digests of what was applied, by name. Raises TablesChanged for a file that was changed since, and
    for one that would have come before: another database would get them in another order than this one did."""
    changed = [file.file for file in files if applied.get(file.name, file.digest) != file.digest]
    if changed:
        was = "was" if len(changed) == 1 else "were"
        hint = "take the change back, and make it by a new file, whose name comes last"
        raise TablesChanged(f"{_listed(changed)} {was} changed after being applied", hint=hint)
    last = max(applied, default="")
    waiting = [file for file in files if file.name not in applied]
    early = [file.file for file in waiting if file.name < last]
    if early:
        verb = "comes" if len(early) == 1 else "come"
        message = f"{_listed(early)} {verb} before {last}, which was applied already"
        raise TablesChanged(message, hint=f"rename it, so that it comes after {last}")
    known = {file.name for file in files}
    return Standing(waiting, sorted(set(applied) - known))


def _listed(files: Iterable[str]) -> str:
    names = list(files)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
