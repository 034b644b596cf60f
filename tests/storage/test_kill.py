"""kill -9 of a process that writes: what it was told is kept, is kept."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from typing import TYPE_CHECKING

import pytest

from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from pathlib import Path

WRITE = """
import asyncio, sys
from tests.storage.rows import started, done
from onebox.storage.opening import open_storage

async def main():
    storage = await open_storage(sys.argv[1], own=True)
    async def write(name):
        for number in range(1_000_000):
            run_id = f"{sys.argv[2]}-{name}-{number:06}"
            await storage.ledger.commit([started(run_id)])
            print(run_id, flush=True)
    await asyncio.gather(*[write(name) for name in range(16)])

asyncio.run(main())
"""


@pytest.mark.soak
@pytest.mark.parametrize("acknowledgements", [1, 50, 500])
async def test_killed_writer_keeps_what_it_acknowledged(database: Path | str, acknowledgements: int) -> None:
    acknowledged: list[str] = []
    for life in range(2):
        command = (sys.executable, "-c", WRITE, str(database), str(life))
        writer = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert writer.stdout is not None
        acknowledged += [(await writer.stdout.readline()).decode().strip() for _ in range(acknowledgements)]
        writer.send_signal(signal.SIGKILL)
        rest, _ = await writer.communicate()
        acknowledged += [line for line in rest.decode().split("\n")[:-1] if line]
    storage = await open_storage(database, own=True)  # the lock went with the process
    found = {one.id for one in await storage.reader.list_runs(limit=1_000_000)}
    assert set(acknowledged) <= found
    assert await storage.quick_check() == []
    await storage.close()


async def test_killed_writer_leaves_a_sound_file(migrated_sqlite: Path) -> None:
    command = (sys.executable, "-c", WRITE, str(migrated_sqlite), "0")
    writer = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert writer.stdout is not None
    await writer.stdout.readline()
    writer.kill()
    await writer.communicate()
    with sqlite3.connect(migrated_sqlite) as shell:
        assert shell.execute("pragma integrity_check").fetchone() == ("ok",)
    shell.close()
