"""What is wrong with tables/ and with the statements of flows beside it is told before anything runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.app.test_checking import made

from onebox.app.checking import check_box

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

LEADS = """\
create table leads (id integer primary key, name text not null, email text, at text default current_timestamp);
create table notes (lead integer references leads (id), text text);
create view names as select name from leads;
"""
STATEMENTS = """\
flow: statements
on: {manual: }
steps:
  - do: sql
    with: {run: "insert into leads (name, emial) values (:name, :mail)", args: {name: Ana, mail: null}}
  - if: ${event.more}
    then:
      - do: sql
        with:
          run: |
            select l.id, l.nmae
            from leads l join notes n on n.lead = l.id
  - each: [1, 2]
    do: sql
    with: {run: "delete from laeds where id = :id", args: {id: "${each}"}}
  - do: sql
    with: {run: select * from run}
  - try:
      - do: sql
        with: {file: look.sql}
    catch: [{do: stop}]
on_error:
  - do: sql
    with: {run: "update notes set txet = 'x'"}
"""
SILENT = """\
flow: silent
on: {manual: }
steps:
  - do: sql
    with: {run: "create table if not exists extra (a text)"}
  - do: sql
    with: {run: "insert into extra (a) values (:a) returning a", args: {a: 1}}
  - do: sql
    with: {run: "select name from names where name = :name order by 1", args: {name: "${event.name}"}}
  - do: sql
    with: {run: "with n as (select id from leads) insert into notes (lead, text) select id, 'x' from n"}
  - do: sql
    with: {run: "select now()::date, date '2026-03-01', current_user, at::timestamptz from leads"}
  - do: sql
    with: {run: "select timestamp '2026-03-01' > at from leads"}
  - do: sql
    with: {run: "select g from generate_series(1, 3) g"}
  - do: sql
    with: {run: "select * from information_schema.tables"}
  - do: sql
    with: {run: "select * from elsewhere", database: shop}
  - do: set
    with: {do: sql, with: {run: "select * from nowhere"}}
"""
SHOP = "databases: {shop: 'sqlite:///shop.db'}\n"


def faults(path: Path, tables: dict[str, str], box: str = SHOP, **flows: str) -> str:
    folder = made(path, box=box, **flows)
    folder.tables.mkdir()
    for name, text in tables.items():
        (folder.tables / name).write_text(text)
    (folder.flows / "look.sql").write_text("select 1\nfrom leads l, ntoes\n")
    return "\n".join(map(str, check_box(folder, {}).faults))


def test_names_that_no_file_makes_are_found_with_their_place(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert faults(tmp_path, {"1.sql": LEADS}, statements=STATEMENTS) == snapshot


def test_what_is_not_sure_is_not_told(tmp_path: Path) -> None:
    assert faults(tmp_path, {"1.sql": LEADS}, silent=SILENT) == ""


@pytest.mark.parametrize(
    ("tables", "box"),
    [
        ({}, SHOP),
        ({"1.sql": "alter table made_by_hand add column more text"}, SHOP),
        ({"1.sql": LEADS, "2.postgres.sql": "create table laeds (id serial)"}, "storage: postgresql://h/b\n"),
        ({"1.sql": LEADS + "create extension citext"}, "storage: postgresql://h/b\n"),
        ({"1.sql": LEADS}, "storage: mysql\n"),
    ],
    ids=["no files", "needs what is there", "words of postgres alone", "not for sqlite", "settings are broken"],
)
def test_without_knowing_the_tables_nothing_is_told(tmp_path: Path, tables: dict[str, str], box: str) -> None:
    told = faults(tmp_path, tables, box, statements=STATEMENTS)

    assert [line for line in told.splitlines() if not line.startswith(("box.yaml", " "))] == []


def test_a_box_on_postgres_is_checked_by_what_both_take(tmp_path: Path) -> None:
    told = faults(tmp_path, {"1.sql": LEADS}, "storage: postgresql://h/b\n", statements=STATEMENTS)

    assert "no file of tables/ makes a table 'laeds'; did you mean 'leads'?" in told


def test_a_file_for_sqlite_that_it_cannot_read_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, {"1.sql": "create table a (b text);\n\n  create table c (d text,)"}) == (
        'tables/1.sql:3:3: near ")": syntax error'
    )


def test_faults_of_files_are_told_beside_those_of_flows(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    tables = {"1.sql": "create table leads (a text);\ncommit", "2 b.sql": "select 'a"}
    (tmp_path / "tables").mkdir()

    folder = made(tmp_path, broken="flow: [")
    for name, text in tables.items():
        (folder.tables / name).write_text(text)
    (folder.tables / "3.sql").mkdir()

    assert "\n".join(map(str, check_box(folder, {}).faults)) == snapshot


@pytest.mark.soak
def test_a_file_that_never_ends_does_not_keep_the_check(tmp_path: Path) -> None:
    endless = "create table t as with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    began = time.monotonic()

    assert faults(tmp_path, {"1.sql": endless}, statements=STATEMENTS) == ""
    assert time.monotonic() - began < 10
