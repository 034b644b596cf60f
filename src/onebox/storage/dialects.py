"""What differs between the two databases when a statement is put into words and values."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable

Values = tuple[Any, ...]


class Dialect(Protocol):
    """One database's way to say it. Parameters are positional, for they cost least."""

    name: str

    @property
    def insert(self) -> Callable[[sa.Table], Any]:
        """The INSERT that has ON CONFLICT."""
        ...

    @property
    def core(self) -> sa.Dialect:
        """SQLAlchemy's dialect, to compile with."""
        ...

    def instant(self, at: datetime) -> Any:
        """An instant as a parameter."""
        ...

    def moment(self, value: Any) -> datetime:
        """An instant as it was read, in UTC."""
        ...

    def members(self, parameter: str) -> sa.ScalarSelect[Any] | sa.Select[Any]:
        """The strings of a JSON list that is given as a parameter."""
        ...

    def lists(self, parameter: str, *columns: sa.Column[Any]) -> sa.Subquery:
        """The rows of a JSON list of lists of strings that is given as a parameter, in these columns."""
        ...


class Sqlite:
    """SQLite by the standard library's sqlite3."""

    name = "sqlite"

    @cached_property
    def insert(self) -> Callable[[sa.Table], Any]:
        from sqlalchemy.dialects.sqlite.dml import insert

        return insert

    @cached_property
    def core(self) -> sa.Dialect:
        from sqlalchemy.dialects.sqlite.base import SQLiteDialect

        return SQLiteDialect(paramstyle="qmark")

    def instant(self, at: datetime) -> str:
        """
        >>> Sqlite().instant(datetime(2026, 1, 2, tzinfo=UTC))
        '2026-01-02T00:00:00.000000+00:00'
        """
        return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")

    def moment(self, value: Any) -> datetime:
        return datetime.fromisoformat(value)

    def members(self, parameter: str) -> sa.Select[Any]:
        listed = sa.func.json_each(sa.bindparam(parameter, type_=sa.Text)).table_valued("value")
        return sa.select(listed.c.value)

    def lists(self, parameter: str, *columns: sa.Column[Any]) -> sa.Subquery:
        listed = sa.func.json_each(sa.bindparam(parameter, type_=sa.Text)).table_valued("value")
        places = [sa.literal_column(f"'$[{place}]'", sa.Text) for place in range(len(columns))]
        found = (sa.func.json_extract(listed.c.value, place) for place in places)
        return sa.select(*(value.label(column.name) for value, column in zip(found, columns, strict=True))).subquery()


class Postgres:
    """Postgres by psycopg."""

    name = "postgresql"

    @cached_property
    def insert(self) -> Callable[[sa.Table], Any]:
        from sqlalchemy.dialects.postgresql import insert

        return insert

    @cached_property
    def core(self) -> sa.Dialect:
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

        return PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]

    def instant(self, at: datetime) -> datetime:
        return at

    def moment(self, value: Any) -> datetime:
        at: datetime = value
        return at.astimezone(UTC)

    def members(self, parameter: str) -> sa.Select[Any]:
        given = sa.cast(sa.bindparam(parameter, type_=sa.Text), sa.JSON)
        listed = sa.func.json_array_elements_text(given).table_valued("value")
        return sa.select(listed.c.value)

    def lists(self, parameter: str, *columns: sa.Column[Any]) -> sa.Subquery:
        given = sa.cast(sa.bindparam(parameter, type_=sa.Text), sa.JSON)
        listed = sa.func.json_array_elements(given).table_valued("value")
        found = (listed.c.value.op("->>")(sa.literal_column(str(place))) for place in range(len(columns)))
        return sa.select(
            *(sa.cast(value, column.type).label(column.name) for value, column in zip(found, columns, strict=True))
        ).subquery()


def compile_with(dialect: Dialect, statement: sa.Executable) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """SQL text, the names of its parameters by position, and the values of those that the statement brings along."""
    compiled = statement.compile(dialect=dialect.core)  # type: ignore[attr-defined]
    return str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params)


class Say:
    """Puts statements into a database's words, once, at start."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def __call__(self, statement: sa.Executable, order: str) -> str:
        """The SQL text; its values are given in this order of parameter names."""
        sql, names, _ = compile_with(self.dialect, statement)
        if names != tuple(order.split()):
            raise ValueError(f"the parameters of this statement are {' '.join(names)}, not {order}: {sql}")
        return sql

    def touching(self, statement: sa.UpdateBase, order: str) -> str:
        """The same for `Session.touched`: psycopg's pipeline tells rows, not how many rows were touched."""
        if self.dialect.name == "postgresql":
            return self(statement.returning(sa.literal_column("1")), order)
        return self(statement, order)

    def insert(self, table: sa.Table, *columns: str, once: bool = False) -> str:
        """An INSERT of these columns; `once`: rows whose key is known are left as they are."""
        statement = self.dialect.insert(table).values({name: sa.bindparam(name) for name in columns})
        return self(statement.on_conflict_do_nothing() if once else statement, " ".join(columns))


def const(text: str) -> sa.ColumnClause[str]:
    """A constant word in the text of a statement, so that partial indexes are seen to fit."""
    return sa.literal_column(f"'{text}'", sa.Text)


def up_to_limit(statement: sa.Select[Any]) -> sa.Select[Any]:
    """With a parameter `limit`. SQLAlchemy would make the offset, which SQLite's LIMIT may have, a parameter too."""
    return statement.limit(sa.bindparam("limit", type_=sa.Integer)).offset(sa.literal_column("0"))
