"""A trial of people's tables and statements on an empty SQLite in memory, so that what is not there is found before
anything runs. It says what is sure: Postgres' own words, and whatever else SQLite does not understand, are no fault."""

from __future__ import annotations

import re
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.flows.run import SqlFailed
from onebox.kernel.nearest import did_you_mean
from onebox.storage.people_sql import read_statement
from onebox.storage.sqlite_people import PeopleSql, as_failure
from onebox.storage.tables import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onebox.storage.table_files import TableFile
    from onebox.storage.table_sql import TableStatement

_NO_TABLE = re.compile(r"no such table: (?:main\.)?(\w+)")
_NO_COLUMN = re.compile(r"no such column: (?:[\w.]*\.)?(\w+)|table \w+ has no column named (\w+)")
_OTHERS_OWN = re.compile(
    r"(?:pg|sqlite|information)_\w+|generate_\w+|json\w*|unnest|regexp_\w+|dual"
    r"|(?:current|session|system)_\w+|user|localtime\w*|date|time|timestamp\w*|interval|ctid|xm(?:in|ax)|tableoid|oid"
)
"""tables and columns that Postgres has by itself, and words that SQLite takes for columns: `date '2026-03-01'`"""
_LONGEST = 3.0
"""seconds, after which nothing more is found out"""
_STEPS_BETWEEN_LOOKS = 5000
_CERTAIN = re.compile(r"syntax error|incomplete input|unrecognized token|not authorized")
_MAKING = ("create", "alter")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A table or a column that a statement names and nobody makes."""

    message: str
    hint: str | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A statement of a file that SQLite did not take. `certain`: it would not take it in any database, as it cannot be
    read, or reaches for the box's own tables."""

    file: str
    statement: TableStatement
    message: str
    certain: bool


class TableTrial:
    """People's tables as they would be. `close` it."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._people = PeopleSql(self._connection)
        ends = time.monotonic() + _LONGEST
        self._connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)

    def close(self) -> None:
        """Forgets it all."""
        self._connection.close()

    def apply(self, files: Iterable[TableFile]) -> Stopped | None:
        """Makes the tables of these files; where SQLite did not take one, after which nothing is known."""
        for file in files:
            for statement in file.statements():
                try:
                    self._people.apply(statement.text)
                except sqlite3.Error as error:
                    certain = _CERTAIN.search(str(error)) is not None
                    return Stopped(file.file, statement, as_failure(error).message, certain)
                except SqlFailed as failed:
                    return Stopped(file.file, statement, failed.message, certain=True)
        return None

    def make(self, statements: Sequence[str]) -> None:
        """Does those of flows' statements that make or change tables, as far as they can be done."""
        for text in statements:
            try:
                if read_statement(text).leading in _MAKING:
                    self._people.apply(text)
            except (sqlite3.Error, SqlFailed):
                continue

    def unknown(self, text: str) -> Unknown | None:
        """What a flow's statement names that is not there; None if nothing is, or if that is not sure."""
        try:
            self._people.prepare(text, read_statement(text).parameters)
        except SqlFailed:  # is another's to tell
            return None
        except sqlite3.Error as error:
            return self._judged(str(error))
        return None

    def _judged(self, said: str) -> Unknown | None:
        table, column = _NO_TABLE.fullmatch(said), _NO_COLUMN.fullmatch(said)
        name = table[1] if table else (column[1] or column[2]) if column else None
        if name is None or _OTHERS_OWN.fullmatch(name.lower()):
            return None
        if table and name.lower() in NAMES:
            return Unknown(f"the table {name!r} is the box's own, and out of reach", "onebox runs shows what is kept")
        if table:
            known = self._tables()
            near = did_you_mean(name, known)
            return Unknown(f"no file of tables/ makes a table {name!r}{near}", None if near else _listed(known))
        near = did_you_mean(name, set(self._columns()) - {name})
        return Unknown(f"the tables of this statement have no column {name!r}{near}", None)

    def _tables(self) -> list[str]:
        return [name for (name,) in self._rows("select name from sqlite_schema where type in ('table', 'view')")]

    def _columns(self) -> list[str]:
        names = "select distinct c.name from sqlite_schema m, pragma_table_info(m.name) c where m.type = 'table'"
        return [name for (name,) in self._rows(names)]

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(f"{sql} order by 1").fetchall()


def _listed(names: Sequence[str]) -> str:
    return f"there are: {', '.join(names) or 'none'}"
