"""Timers: a page in memory, the rest in the database."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from onebox.dispatch.timers import Timers
from onebox.flows.run import DueTimer
from tests.dispatch.boxes import START, TestClock


class Rows:
    """Timer rows; what fired still stands here, as its run waits for its turn."""

    def __init__(self, *minutes: int) -> None:
        self.rows = [(START + timedelta(minutes=minute), f"r{number}", "w") for number, minute in enumerate(minutes)]
        self.fired: list[str] = []
        self.reads = 0

    async def timers(self, *, limit: int, after: tuple[datetime, str, str]) -> list[DueTimer]:
        self.reads += 1
        found = sorted(row for row in self.rows if row > after)[:limit]
        return [DueTimer(run_id, path, due_at, "f") for due_at, run_id, path in found]

    async def fire(self, due: list[tuple[str, str]]) -> None:
        self.fired += [run_id for run_id, _ in due]


async def fired_by(rows: Rows, clock: TestClock, *, count: int, added: int | None = None) -> list[str]:
    timers = Timers(rows, clock, rows.fire, page=2)  # type: ignore[arg-type] # it reads nothing else
    task = asyncio.create_task(timers.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if added is not None:
        for minute in range(added):
            rows.rows.append((START + timedelta(minutes=minute), f"a{minute}", "w"))
            timers.add(f"a{minute}", "w", START + timedelta(minutes=minute))
        clock.at += timedelta(minutes=added)
        timers.poke()
    async with asyncio.timeout(20):
        while len(rows.fired) < count:  # noqa: ASYNC110 - the rows tell nobody
            await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return rows.fired


async def test_timers_behind_a_page_of_fired_ones_fire_too() -> None:
    assert await fired_by(Rows(0, 0, 0, 0, 0), TestClock(), count=5) == ["r0", "r1", "r2", "r3", "r4"]


async def test_what_is_set_meanwhile_fires_though_memory_holds_a_few_pages_alone() -> None:
    rows = Rows()
    found = await fired_by(rows, TestClock(), count=40, added=40)
    assert sorted(set(found)) == sorted(run_id for _, run_id, _ in rows.rows)
    assert rows.reads > 10
