"""Port suite: people's own SQL, beside the box's tables."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.storage.rows import NOON, recorded, started

from onebox.flows.run import FinishRun, RunSql, RunState, SqlFailed
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.storage.conftest import Kept

    from onebox.storage.opening import Storage

LEADS = "create table leads (id integer primary key, name text, more text)"


def sql(statement: str, position: int = 1, seconds: float = 5, limit: int = 100, **arguments: Any) -> RunSql:
    return RunSql("r1", position, "lead", 1, NOON, statement, arguments, limit, timedelta(seconds=seconds))


async def read(kept: Kept, statement: str, limit: int = 100, **arguments: Any) -> dict[str, Any] | None:
    return await kept.read.read_sql(statement, arguments, limit=limit, time_limit=timedelta(seconds=5))


async def test_statement_and_journal_entry_are_one(kept: Kept) -> None:
    await kept(started())
    await kept(sql(LEADS))
    insert = "insert into leads values (:id, :name, :more) returning id, name"
    [result] = await kept(sql(insert, 2, id=7, name="Ana's", more={"tags": ["a"]}))
    assert result == {"rows": [{"id": 7, "name": "Ana's"}], "row": {"id": 7, "name": "Ana's"}, "count": 1}
    history = await kept.read.history("r1")
    assert history is not None
    assert history.entries[1].value == result


async def test_secrets_are_taken_out_of_what_is_recorded(kept: Kept) -> None:
    await kept(started(), sql(LEADS))
    change = sql("insert into leads values (1, :name, null) returning name", 2, name="s3cret")
    change.mask = lambda value: {**value, "rows": "***", "row": "***"}
    [result] = await kept(change)
    history = await kept.read.history("r1")
    assert history is not None
    assert history.entries[1].value == result == {"rows": "***", "row": "***", "count": 1}


async def test_failed_statement_leaves_no_entry(kept: Kept) -> None:
    await kept(started(), recorded(1, "a"))
    with pytest.raises(SqlFailed, match="nowhere"):
        await kept(sql("insert into nowhere values (1)", 2))
    history = await kept.read.history("r1")
    assert history is not None
    assert len(history.entries) == 1


async def test_statement_is_undone_with_its_unit(kept: Kept) -> None:
    await kept(started(), recorded(1, "a"))
    with pytest.raises(Exception, match=r"(?i)unique|known already"):
        await kept(sql(LEADS, 1))
    with pytest.raises(SqlFailed, match="leads"):
        await read(kept, "select * from leads")


async def test_select_is_read_beside_the_writer(kept: Kept) -> None:
    await kept(started(), sql(LEADS))
    await kept(sql("insert into leads values (1, 'Ana', null), (2, 'Bo', null), (3, 'Cy', null)", 2))
    found = await read(kept, "with l as (select * from leads) select id, name from l where id <> :id order by id", id=2)
    assert found == {
        "rows": [{"id": 1, "name": "Ana"}, {"id": 3, "name": "Cy"}],
        "row": {"id": 1, "name": "Ana"},
        "count": 2,
    }


async def test_select_reads_up_to_the_limit(kept: Kept) -> None:
    assert await read(kept, "values (1), (2), (3)", limit=2) is not None
    found = await read(kept, "select 1 as n union select 2 union select 3 order by n", limit=2)
    assert found == {"rows": [{"n": 1}, {"n": 2}], "row": {"n": 1}, "count": 2}


async def test_no_row_is_none(kept: Kept) -> None:
    assert await read(kept, "select 1 as n where 1 = 2") == {"rows": [], "row": None, "count": 0}


async def test_writing_statement_is_not_read(kept: Kept) -> None:
    await kept(started(), sql(LEADS))
    assert await read(kept, "delete from leads") is None


async def test_update_counts_what_it_changed(kept: Kept) -> None:
    await kept(started(), sql(LEADS))
    await kept(sql("insert into leads values (1, 'Ana', null), (2, 'Bo', null)", 2))
    [result] = await kept(sql("update leads set more = :more", 3, more="x"))
    assert result == {"rows": [], "row": None, "count": 2}


async def test_missing_argument_is_named(kept: Kept) -> None:
    await kept(started())
    with pytest.raises(SqlFailed, match="name"):
        await kept(sql("select :name"))


@pytest.fixture
async def storage(database: Path | str) -> AsyncIterator[Storage]:
    opened = await open_storage(database, own=True)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "statement",
    [
        "select * from onebox.run",
        "select * from run",
        "delete from event",
        'insert into "message" (id) values (1)',
        "drop table run",
        "create index i on run (id)",
        "alter table run rename to mine",
        "with x as (select 1) select * from Step_Result",
        "pragma writable_schema = on",
        "attach database ':memory:' as other",
        "set search_path = onebox",
        "select set_config('search_path', 'onebox', true)",
        "begin",
        "commit",
        "rollback",
        "vacuum",
        "select 1; select 2",
        "",
        "-- nothing",
    ],
)
async def test_box_is_out_of_reach(storage: Storage, statement: str) -> None:
    await storage.ledger.commit([started()])
    with pytest.raises(SqlFailed):
        await storage.ledger.commit([sql(statement)])
    assert (await storage.reader.count_runs()) == {"ready": 1}


@pytest.mark.parametrize("statement", ["select * from run", "with x as (select * from event) select * from x"])
async def test_box_cannot_be_read(storage: Storage, statement: str) -> None:
    with pytest.raises(SqlFailed):
        await storage.reader.read_sql(statement, {}, limit=9, time_limit=timedelta(seconds=5))


async def test_column_may_be_called_as_a_box_table(storage: Storage) -> None:
    await storage.ledger.commit([started(), sql("create table notes (message text, run text)")])
    await storage.ledger.commit([sql("insert into notes (message, run) values (:m, 'x')", 2, m="hi")])
    found = await storage.reader.read_sql("select message from notes", {}, limit=9, time_limit=timedelta(seconds=5))
    assert found is not None
    assert found["rows"] == [{"message": "hi"}]


ENDLESS = {
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
    "postgres": "select pg_sleep(60)",
}


async def test_statement_is_stopped_at_its_time_limit(storage: Storage, request: pytest.FixtureRequest) -> None:
    kind = "postgres" if "postgres" in request.node.name else "sqlite"
    await storage.ledger.commit([started()])
    with pytest.raises(SqlFailed, match="time limit"):
        await storage.ledger.commit([sql(ENDLESS[kind], seconds=0.05)])
    with pytest.raises(SqlFailed, match="time limit"):
        await storage.reader.read_sql(ENDLESS[kind], {}, limit=9, time_limit=timedelta(seconds=0.05))


async def test_write_inside_with_is_left_to_the_writer(storage: Storage) -> None:
    await storage.ledger.commit([started(), sql(LEADS)])
    for statement in (
        "insert into leads (id) values (1)",
        "with x as (select 5 as i) insert into leads (id) select i from x",
    ):
        found = await storage.reader.read_sql(statement, {}, limit=9, time_limit=timedelta(seconds=5))
        assert found is None


async def test_slow_statements_keep_the_box_waiting_for_one_of_them_alone(storage: Storage) -> None:
    await storage.ledger.commit([started()])
    endless = "create table t as with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"
    done: list[str] = []

    async def write(name: str, change: Any) -> None:
        with contextlib.suppress(SqlFailed):
            await storage.ledger.commit([change])
        done.append(name)

    slow = [write("slow", sql(endless, position, seconds=0.3)) for position in range(1, 5)]
    await asyncio.gather(*slow, write("box", started("r2")))
    assert done.index("box") <= 1


@pytest.mark.soak
@pytest.mark.alone
async def test_slow_reading_leaves_the_box_its_own(storage: Storage, request: pytest.FixtureRequest) -> None:
    kind = "postgres" if "postgres" in request.node.name else "sqlite"
    limit = timedelta(seconds=1)
    slow = [
        asyncio.create_task(storage.reader.read_sql(ENDLESS[kind], {}, limit=9, time_limit=limit)) for _ in range(8)
    ]
    assert await storage.reader.count_runs() == {}
    assert not any(task.done() for task in slow)
    await asyncio.gather(*slow, return_exceptions=True)


@pytest.mark.parametrize(
    "statement",
    [
        "create table t (x text references run(state))",
        "create table t (x text references 'event'(runs))",
        "create table t (x text, foreign key (x) references [message](id) on delete cascade)",
        "select fts3_tokenizer('mine', x'4141414141414141')",
        "select load_extension('/tmp/mine.so')",
        "select length(zeroblob(900000000))",
        "select hex(zeroblob(9000000)) from (values (1), (2), (3), (4), (5), (6))",
        f"select 'a' like '{'%a' * 1000}'",
    ],
)
async def test_sqlite_statement_cannot_harm_the_box(migrated_sqlite: Path, statement: str) -> None:
    storage = await open_storage(migrated_sqlite, own=True)
    with pytest.raises(SqlFailed):
        await storage.ledger.commit([started(), sql(statement)])
    await storage.ledger.commit([started(), FinishRun("r1", RunState.done, NOON, None, None)])
    assert await storage.reader.count_runs() == {"done": 1}
    await storage.close()


@pytest.mark.parametrize(
    "statement",
    [
        'select * from U&"\\006Fnebox".run',
        "select query_to_xml('select * from one'||'box.run', true, true, '')",
        "select pg_advisory_unlock_all()",
        "select pg_terminate_backend(pid) from pg_stat_activity",
        "create function f() returns int language plpgsql as $$ begin delete from run; return 1; end $$",
        "create or replace procedure p() language sql as ''",
        "create schema mine",
        "drop schema public cascade",
        "alter role current_user set search_path = public",
    ],
)
async def test_postgres_statement_cannot_harm_the_box(migrated_postgres: str, statement: str) -> None:
    storage = await open_storage(migrated_postgres, own=True)
    with pytest.raises(SqlFailed):
        await storage.ledger.commit([started(), sql(statement)])
    await storage.close()


async def test_temporary_table_hides_none_of_the_box(migrated_postgres: str) -> None:
    storage = await open_storage(migrated_postgres, own=True)
    await storage.ledger.commit([started()])
    await storage.ledger.commit([sql("create temp table run (id text, state text)")])
    await storage.ledger.commit([FinishRun("r1", RunState.done, NOON, None, None)])
    assert await storage.reader.count_runs() == {"done": 1}
    await storage.close()


@pytest.mark.parametrize("value", [2**70, "\ud800"])
async def test_value_that_no_database_takes_is_the_statements_failure(storage: Storage, value: Any) -> None:
    await storage.ledger.commit([started(), sql("create table numbers (n integer)")])
    with pytest.raises(SqlFailed):
        await storage.ledger.commit([sql("insert into numbers values (:n)", 2, n=value)])
