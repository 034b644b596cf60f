"""The SQL files of a box's tables/ folder, on both databases."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from onebox.storage.table_files import FileStatement, TableFile, TableFileInvalid, apply, compare, statements

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LEADS = TableFile(
    "0001_leads.sql",
    """\
-- People who wrote; the price of a ';' in a comment is nothing.
create table leads (
    id integer  primary
        key, -- both databases number it
    name text not null default 'a;b',
    photo blob,
    at timestamptz not null default current_timestamp
);
create index leads_name on leads (name);
""",
)


def ask(database: Path | str, statement: str) -> list[tuple[Any, ...]]:
    if isinstance(database, str):
        with psycopg.connect(database, autocommit=True, options="-c search_path=public") as server:
            return server.execute(statement.encode()).fetchall()
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def refused(database: Path | str, file: TableFile) -> str:
    with pytest.raises(TableFileInvalid) as invalid:
        apply(database, file, NOON)
    return str(invalid.value)


def test_one_text_makes_a_table_that_numbers_its_rows(database: Path | str) -> None:
    assert apply(database, LEADS, NOON)

    assert ask(database, "insert into leads (name) values ('Ana') returning id") == [(1,)]
    assert ask(database, "insert into leads (photo) values (null) returning id, name") == [(2, "a;b")]


def test_a_file_is_applied_once(database: Path | str) -> None:
    assert [apply(database, LEADS, NOON), apply(database, LEADS, NOON)] == [True, False]
    assert compare(database, [LEADS]).waiting == []


def test_files_wait_in_order_of_their_names(database: Path | str) -> None:
    later, sooner = (
        TableFile("0003_b.sql", "create table b (n integer)"),
        TableFile("0002_a.sql", "create table a (n int)"),
    )
    apply(database, LEADS, NOON)

    assert [file.name for file in compare(database, [later, LEADS, sooner]).waiting] == ["0002_a.sql", "0003_b.sql"]


def test_a_file_that_was_changed_after_it_was_applied_is_refused(database: Path | str) -> None:
    apply(database, LEADS, NOON)

    with pytest.raises(
        TableFileInvalid, match=r"tables/0001_leads.sql:1: it was changed after it was applied"
    ) as invalid:
        compare(database, [TableFile(LEADS.name, LEADS.text + "\n-- more")])

    assert invalid.value.hint == "take the change back (git shows it), and write what is new into a new file"


def test_a_file_that_is_gone_is_told(database: Path | str) -> None:
    apply(database, LEADS, NOON)

    assert compare(database, []).gone == ["0001_leads.sql"]


def test_a_file_that_fails_leaves_nothing(database: Path | str) -> None:
    broken = TableFile("0001.sql", "create table kept (n integer);\n\ninsert into nowhere values (1);\n")

    said = refused(database, broken)

    assert said.startswith("tables/0001.sql:3: ")
    assert "nowhere" in said
    assert [file.name for file in compare(database, [broken]).waiting] == ["0001.sql"]
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)):
        ask(database, "select * from kept")


@pytest.mark.parametrize(
    "statement",
    [
        "drop table event",
        "create table mine as select * from secret_run, run",
        'update "Message" set state = 1',
        "create trigger t after insert on run begin select 1; end",
        "alter table timer add column n integer",
    ],
)
def test_the_box_s_own_tables_are_out_of_reach(statement: str, database: Path | str) -> None:
    refused(database, TableFile("0001.sql", statement))

    schema = "onebox." if isinstance(database, str) else ""
    assert ask(database, f"select count(*) from {schema}run") == [(0,)]


def test_the_box_s_schema_is_out_of_reach(migrated_postgres: str) -> None:
    assert "onebox is out of a flow's reach" in refused(
        migrated_postgres, TableFile("0001.sql", "create table x as select * from onebox.run")
    )


def test_a_trigger_of_one_s_own_is_one_statement(migrated_sqlite: Path) -> None:
    text = """
    create table log (name text);
    create trigger told after insert on leads begin
        insert into log values (case when new.name = '' then 'nobody' else new.name end);
        delete from log where name = 'nobody';
    end;
    create view names as select name from leads;
    """
    apply(migrated_sqlite, LEADS, NOON)
    apply(migrated_sqlite, TableFile("0002.sql", text), NOON)

    ask(migrated_sqlite, "insert into leads (name) values ('Ana'), ('')")
    assert ask(migrated_sqlite, "select * from log") == [("Ana",)]
    assert ask(migrated_sqlite, "select count(*) from names") == [(2,)]


def test_a_function_of_one_s_own_is_one_statement(migrated_postgres: str) -> None:
    text = "create function twice(n integer) returns integer as $$ select n * 2; $$ language sql;"

    apply(migrated_postgres, TableFile("0001.sql", text), NOON)

    assert ask(migrated_postgres, "select twice(21)") == [(42,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "tables/x.sql:1: there is no statement in it"),
        ("-- nothing\n;;\n", "tables/x.sql:1: there is no statement in it"),
        ("create table a (n int);\nbegin;\n", "tables/x.sql:2: a statement cannot begin with 'begin'"),
        ("\n\npragma foreign_keys = off", "tables/x.sql:3: a statement cannot begin with 'pragma'"),
        ("create table a (n text default 'b)", "tables/x.sql:1: a ' is opened and not closed"),
    ],
)
def test_what_is_no_file_of_tables_is_refused(text: str, said: str) -> None:
    with pytest.raises(TableFileInvalid, match=said):
        statements(TableFile("x.sql", text), postgres=False)


def test_words_in_texts_and_comments_stay_as_they_are_on_postgres() -> None:
    text = "create table a (n INTEGER PRIMARY KEY, b blob default 'blob', c text default 'integer primary key')"

    [statement] = statements(TableFile("x.sql", text), postgres=True)

    assert statement.text == (
        "create table a (n bigint generated by default as identity primary key, b bytea default 'blob',"
        " c text default 'integer primary key')"
    )
    assert isinstance(statement, FileStatement)
