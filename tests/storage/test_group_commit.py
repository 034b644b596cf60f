"""What many tasks want to write at once becomes few transactions, and each unit has its own fate."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.storage.rows import NOON, event, run, started

from onebox.flows.run import RunSql, SqlFailed, StartRun
from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.event import Stored, StoreEvent
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from onebox.kernel.ledger import Change
    from onebox.storage.opening import Storage


@pytest.fixture
async def storage(database: Path | str) -> AsyncIterator[Storage]:
    opened = await open_storage(database, own=True)
    yield opened
    await opened.close()


async def commit_all(storage: Storage, units: list[list[Change[Any]]]) -> list[Any]:
    outcomes = await asyncio.gather(*[storage.ledger.commit(unit) for unit in units], return_exceptions=True)
    return list(outcomes)


async def test_many_tasks_share_few_transactions(storage: Storage) -> None:
    outcomes = await commit_all(storage, [[started(f"r{number:03}")] for number in range(400)])
    assert outcomes == [[Stored(f"e-r{number:03}")] for number in range(400)]
    assert storage.ledger.tally.units == 400
    assert storage.ledger.tally.transactions <= 10


async def test_failing_unit_rolls_back_alone(storage: Storage) -> None:
    await storage.ledger.commit([started("r3")])
    outcomes = await commit_all(storage, [[started(f"r{number}", StartRun(run(f"x{number}")))] for number in range(6)])
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, False, False, True, False, False]
    found = await storage.reader.list_runs()
    assert sorted(one.id for one in found) == ["r0", "r1", "r2", "r3", "r4", "r5", "x0", "x1", "x2", "x4", "x5"]


async def test_failing_statement_harms_nobody_else(storage: Storage) -> None:
    bad = RunSql("r1", 1, "a", 1, NOON, "insert into nowhere values (1)", {}, 1, timedelta(seconds=5))
    outcomes = await commit_all(storage, [[started("r1")], [bad], [started("r2")], [bad], [started("r3")]])
    assert [type(outcome) for outcome in outcomes] == [list, SqlFailed, list, SqlFailed, list]
    assert await storage.reader.count_runs() == {"ready": 3}


async def test_statement_stopped_by_its_time_limit_harms_nobody_else(storage: Storage) -> None:
    create = RunSql("r1", 1, "a", 1, NOON, "create table n (i integer)", {}, 1, timedelta(seconds=5))
    endless = "insert into n with recursive c(i) as (select 1 union all select i + 1 from c) select i from c"
    slow = RunSql("r1", 2, "b", 1, NOON, endless, {}, 1, timedelta(seconds=0.05))
    await storage.ledger.commit([started("r0"), create])
    outcomes = await commit_all(storage, [[started("r1")], [slow], [started("r2")]])
    assert [type(outcome) for outcome in outcomes] == [list, SqlFailed, list]
    assert await storage.reader.count_runs() == {"ready": 3}


async def test_unknown_change_fails_its_unit_alone(storage: Storage) -> None:
    outcomes = await commit_all(storage, [[started("r1")], [object()], [started("r2")]])  # type: ignore[list-item]
    assert [type(outcome) for outcome in outcomes] == [list, KeyError, list]


async def test_cancelled_task_does_not_stop_the_others(storage: Storage) -> None:
    impatient = asyncio.ensure_future(storage.ledger.commit([started("r1")]))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await storage.ledger.commit([started("r2")]) == [Stored("e-r2")]


async def test_closing_writes_what_was_handed_in(database: Path | str) -> None:
    storage = await open_storage(database, own=True)
    handed_in = [asyncio.ensure_future(storage.ledger.commit([started(f"r{number}")])) for number in range(5)]
    await asyncio.sleep(0)
    await storage.close()
    assert [await unit for unit in handed_in] == [[Stored(f"e-r{number}")] for number in range(5)]


async def test_closed_ledger_says_so(database: Path | str) -> None:
    storage = await open_storage(database, own=True)
    await storage.close()
    with pytest.raises(StorageClosed):
        await storage.ledger.commit([started()])
    with pytest.raises(StorageClosed):
        await storage.reader.count_runs()


async def test_reader_does_not_wait_for_the_writer(storage: Storage) -> None:
    await storage.ledger.commit([started("r1")])
    writing = asyncio.ensure_future(commit_all(storage, [[started(f"x{number}")] for number in range(200)]))
    await asyncio.sleep(0)
    assert (await storage.reader.count_runs())["ready"] >= 1
    await writing


async def test_another_program_holding_the_file_is_waited_for(migrated_sqlite: Path) -> None:
    storage = await open_storage(migrated_sqlite, own=True)
    shell = sqlite3.connect(migrated_sqlite, isolation_level=None)
    shell.execute("begin immediate")
    unit = asyncio.ensure_future(storage.ledger.commit([started()]))
    assert await storage.reader.count_runs() == {}
    shell.execute("commit")
    shell.close()
    assert await unit == [Stored("e-r1")]
    await storage.close()


async def test_closing_does_not_wait_for_another_program_for_ever(migrated_sqlite: Path) -> None:
    storage = await open_storage(migrated_sqlite, own=True)
    shell = sqlite3.connect(migrated_sqlite, isolation_level=None)
    shell.execute("begin immediate")
    unit = asyncio.ensure_future(storage.ledger.commit([started()]))
    await asyncio.sleep(0)
    await storage.ledger.close(patience=0)
    with pytest.raises(StorageClosed):
        await unit
    shell.close()
    await storage.close()


async def test_full_disk_refuses_and_recovers(migrated_sqlite: Path) -> None:
    storage = await open_storage(migrated_sqlite, own=True)
    await storage.ledger.commit([started("r0")])
    limit_pages(storage, 120)
    outcomes = await commit_all(storage, [[big_event(f"e{number}")] for number in range(40)])
    refused = await commit_all(storage, [[big_event(f"f{number}")] for number in range(40)])
    assert {type(outcome) for outcome in refused} == {StorageFull}
    kept = [f"e{number}" for number, outcome in enumerate(outcomes) if not isinstance(outcome, Exception)]
    limit_pages(storage, 1_000_000)
    assert await storage.ledger.commit([started("r1")]) == [Stored("e-r1")]
    assert [await storage.reader.event(event_id) is not None for event_id in kept] == [True] * len(kept)
    assert await storage.reader.event("f0") is None
    assert await storage.quick_check() == []
    await storage.close()


def big_event(event_id: str) -> StoreEvent:
    return StoreEvent(event(event_id, {"text": "x" * 50_000}))


def limit_pages(storage: Storage, pages: int) -> None:
    """SQLite's own quota: over it, it says SQLITE_FULL as it does for a full disk."""
    storage.ledger._connection.do(f"pragma max_page_count = {pages}", ()).fetchall()


async def test_a_unit_of_nothing_harms_no_other(storage: Storage) -> None:
    assert await commit_all(storage, [[], [started("r1")], []]) == [[], [Stored("e-r1")], []]
