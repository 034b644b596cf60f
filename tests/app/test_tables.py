"""The files of tables/ in a box's folder: found, checked, applied."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support.process import BoxProcess

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


async def test_a_file_is_applied_beside_a_box_at_work(box: BoxProcess) -> None:
    await box.start()
    box.write("tables/0002_phone.sql", "alter table leads add column phone text;\n")

    working = [asyncio.create_task(box.post("keep", '{"name": "Ana"}')) for _ in range(50)]
    applied = await asyncio.to_thread(onebox, box, "migrate")

    assert applied.returncode == 0, applied.stderr
    assert await asyncio.gather(*working) == [200] * 50
    assert await box.post("keep", '{"name": "Bo"}') == 200
    assert box.rows("select count(*), count(phone) from leads") == [(51, 0)]
