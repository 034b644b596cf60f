"""The files of tables/ in a box's folder: made by whichever command comes first."""

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


async def test_a_box_that_was_looked_into_first_makes_them_too(box: BoxProcess) -> None:
    await asyncio.to_thread(onebox, box, "runs", "list")

    await box.start()

    assert await box.post("keep", '{"name": "Ana"}') == 200
