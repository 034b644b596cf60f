"""The files of tables/ in a box's folder: found, checked, applied."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support.process import BoxProcess

from onebox.app.checking import check_box
from onebox.app.folder import BoxFolder
from onebox.app.starting import make_box
from onebox.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LEADS = "create table leads (id integer primary key, name text not null);\n"
FLOW = """\
flow: keep
on:
  webhook: {path: keep, respond: step}
steps:
  - id: lead
    do: sql
    with: {run: insert into leads (name) values (:name) returning id, args: {name: "${event.body.name}"}}
  - do: respond
    with: {json: "${lead.row.id}"}
"""


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[BoxProcess]:
    made = BoxProcess(tmp_path / "box", flows={"keep.yaml": FLOW})
    made.write("tables/0001_leads.sql", LEADS)
    yield made
    await made.clean_up()


def onebox(box: BoxProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onebox", *arguments, "--box", str(box.folder)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


async def test_a_new_box_makes_its_tables_by_itself(box: BoxProcess) -> None:
    await box.start()

    assert await box.post("keep", '{"name": "Ana"}') == 200
    assert box.rows("select id, name from leads") == [(1, "Ana")]


async def test_a_box_that_was_looked_into_first_makes_them_too(box: BoxProcess) -> None:
    await asyncio.to_thread(onebox, box, "runs", "list")

    await box.start()

    assert await box.post("keep", '{"name": "Ana"}') == 200


async def test_a_file_that_waits_keeps_a_box_from_starting_until_it_is_applied(box: BoxProcess) -> None:
    await box.start()
    await box.stop()
    box.write("tables/0002_phone.sql", "alter table leads add column phone text;\n")

    await box.start(ready=False)
    assert await box.ended(within=20) == Exit.wrong_version
    assert "not applied yet: tables/0002_phone.sql" in box.log()
    assert f"run: onebox migrate --box {box.folder}" in box.log()

    applied = await asyncio.to_thread(onebox, box, "migrate")
    assert (applied.returncode, applied.stderr.splitlines()[0]) == (0, "applied tables/0002_phone.sql")
    await box.start()
    assert box.rows("select phone from leads") == []


async def test_a_file_is_applied_beside_a_box_at_work(box: BoxProcess) -> None:
    await box.start()
    box.write("tables/0002_phone.sql", "alter table leads add column phone text;\n")

    working = [asyncio.create_task(box.post("keep", '{"name": "Ana"}')) for _ in range(50)]
    applied = await asyncio.to_thread(onebox, box, "migrate")

    assert applied.returncode == 0, applied.stderr
    assert await asyncio.gather(*working) == [200] * 50
    assert await box.post("keep", '{"name": "Bo"}') == 200
    assert box.rows("select count(*), count(phone) from leads") == [(51, 0)]


async def test_a_statement_that_fails_is_told_with_its_line(box: BoxProcess) -> None:
    box.write("tables/0002_broken.sql", "create table a (n integer);\ninsert into nowhere values (1);\n")

    failed = await asyncio.to_thread(onebox, box, "migrate")

    assert failed.returncode != 0
    assert "tables/0002_broken.sql:2: no such table: nowhere" in failed.stderr
    assert [row[0] for row in box.rows("select name from table_file")] == ["0001_leads.sql"]


def test_check_tells_of_a_file_without_a_statement(tmp_path: Path) -> None:
    make_box(tmp_path / "box", ["hello"])
    folder = BoxFolder(tmp_path / "box")
    folder.tables.mkdir()
    (folder.tables / "0001.sql").write_text("create table a (n integer);\ncommit;\n")

    [fault] = check_box(folder, {}).faults
    assert str(fault).startswith("tables/0001.sql:2:1: a statement cannot begin with 'commit'")
    assert fault.hint is not None


def test_a_file_for_one_database_takes_the_place_of_the_one_for_both(tmp_path: Path) -> None:
    folder = BoxFolder(tmp_path)
    folder.tables.mkdir()
    for name in ("1.sql", "1.postgres.sql", "2.sqlite.sql"):
        (folder.tables / name).write_text(name)

    assert folder.table_files(postgres=True) == {"1.sql": "1.postgres.sql"}
    assert folder.table_files(postgres=False) == {"1.sql": "1.sql", "2.sql": "2.sqlite.sql"}
