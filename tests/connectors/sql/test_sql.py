"""The same behaviour on a named SQLite and a named Postgres database."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.connectors.calls import call

from onebox.connectors.sql.connector import SqlConnector
from onebox.connectors.sql.database import DatabaseMisconfigured
from onebox.flows.handlers import StepFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres import Cluster

TABLE = "create table lead (id integer primary key, name text unique, note text)"
FOREVER = {
    "sqlite": "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n",
    "postgres": "select pg_sleep(600)",
}


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def sql(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[SqlConnector]:
    if kind == "sqlite":
        (tmp_path / "crm.db").touch()
        url = "sqlite:///crm.db"
    else:
        url = request.getfixturevalue("postgres_url")
    connector = SqlConnector(databases={"crm": url}, secrets={}, folder=tmp_path)
    await run(connector, TABLE)
    await run(connector, "insert into lead values (1, 'Ana', null), (2, 'Ben', 'late: 10:30')")
    yield connector
    await connector.close()


async def run(sql: SqlConnector, statement: str, *, step_limit: timedelta | None = None, **more: Any) -> dict[str, Any]:
    return await sql(call("sql", step_limit=step_limit, run=statement, **{"database": "crm", **more}))


async def failure(sql: SqlConnector, statement: str, **more: Any) -> StepFailed:
    with pytest.raises(StepFailed) as failed:
        await run(sql, statement, **more)
    return failed.value


async def test_rows_come_as_mappings(sql: SqlConnector) -> None:
    answer = await run(sql, "select id, name from lead order by id")
    assert answer == {
        "rows": [{"id": 1, "name": "Ana"}, {"id": 2, "name": "Ben"}],
        "row": {"id": 1, "name": "Ana"},
        "count": 2,
    }


async def test_nothing_found_is_no_row(sql: SqlConnector) -> None:
    assert await run(sql, "select id from lead where id = 9") == {"rows": [], "row": None, "count": 0}


async def test_named_parameters_are_bound(sql: SqlConnector) -> None:
    found = await run(
        sql, "select id from lead where name = :name and note like '%10:30%'", args={"name": "Ben", "x": 1}
    )
    assert found["row"] == {"id": 2}


async def test_a_value_is_never_sql(sql: SqlConnector) -> None:
    evil = "x'; drop table lead; --"
    await run(sql, "insert into lead values (3, :name, null)", args={"name": evil})
    assert (await run(sql, "select name from lead where id = 3"))["row"] == {"name": evil}


async def test_writing_says_how_many(sql: SqlConnector) -> None:
    assert await run(sql, "update lead set note = 'x'") == {"rows": [], "row": None, "count": 2}
    assert (await run(sql, "delete from lead where id > :id", args={"id": 7}))["count"] == 0


async def test_returning_gives_rows(sql: SqlConnector) -> None:
    answer = await run(sql, "insert into lead (id, name) values (5, 'Cem'), (6, 'Dia') returning id", limit=1)
    assert (answer["row"], answer["rows"]) == ({"id": 5}, [{"id": 5}])
    assert (await run(sql, "select count(*) as n from lead"))["row"] == {"n": 4}


async def test_no_more_rows_than_the_limit(sql: SqlConnector) -> None:
    series = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 100000) select x from n"
    assert len((await run(sql, series))["rows"]) == 1000
    assert (await run(sql, series, limit=2))["rows"] == [{"x": 1}, {"x": 2}]
    assert (await run(sql, "select 1 as one"))["row"] == {"one": 1}


async def test_mappings_and_lists_go_in_as_json(sql: SqlConnector) -> None:
    await run(sql, "update lead set note = :note where id = 1", args={"note": {"a": [1, None]}})
    assert (await run(sql, "select note from lead where id = 1"))["row"] == {"note": '{"a":[1,null]}'}


async def test_a_missing_argument_is_named(sql: SqlConnector) -> None:
    failed = await failure(sql, "select :name, :email", args={"nmae": 1})
    assert (failed.step_code, failed.passing) == ("bad_argument", False)
    assert failed.message == "sql: the statement asks for :name, :email, but args has nmae; did you mean 'nmae'?"


async def test_arguments_that_are_no_mapping_are_refused(sql: SqlConnector) -> None:
    assert (await failure(sql, "select 1", args=[1])).message == "sql: args: expected a mapping, got [1]"
    assert (await failure(sql, "select 1", limit="all")).message == "sql: limit: expected a number of rows, got 'all'"


async def test_a_wrong_statement_is_permanent(sql: SqlConnector) -> None:
    failed = await failure(sql, "select x from nowhere")
    assert (failed.step_code, failed.passing) == ("sql_failed", False)
    assert "nowhere" in failed.message


async def test_a_broken_rule_has_its_own_code(sql: SqlConnector) -> None:
    failed = await failure(sql, "insert into lead values (9, 'Ana', null)")
    assert (failed.step_code, failed.passing) == ("sql_constraint", False)


async def test_a_failed_statement_leaves_nothing(sql: SqlConnector) -> None:
    await failure(sql, "insert into lead values (8, 'Eva', null), (9, 'Ana', null)")
    assert (await run(sql, "select count(*) as n from lead"))["row"] == {"n": 2}


async def test_a_statement_that_takes_too_long_is_stopped(sql: SqlConnector, kind: str) -> None:
    failed = await failure(sql, FOREVER[kind], step_limit=timedelta(seconds=0.05))
    assert (failed.step_code, failed.passing) == ("timeout", True)
    assert failed.message == "sql: database 'crm' was not done within 0.05 s"
    assert (await run(sql, "select 1 as one"))["row"] == {"one": 1}


async def test_a_withdrawn_statement_frees_its_connection(sql: SqlConnector, kind: str) -> None:
    under_way = [asyncio.create_task(run(sql, FOREVER[kind])) for _ in range(8)]
    await asyncio.sleep(0.1)
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    async with asyncio.timeout(5):
        assert (await run(sql, "select 1 as one"))["row"] == {"one": 1}


async def test_many_at_once_share_the_connections(sql: SqlConnector) -> None:
    answers = await asyncio.gather(*(run(sql, "select :n + 0 as n", args={"n": number}) for number in range(40)))
    assert [answer["row"]["n"] for answer in answers] == list(range(40))


async def test_closing_does_not_wait_for_what_runs(sql: SqlConnector, kind: str) -> None:
    under_way = asyncio.create_task(run(sql, FOREVER[kind]))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(5):
        await sql.close()
    assert isinstance((await asyncio.gather(under_way, return_exceptions=True))[0], StepFailed)


async def test_an_unknown_database_is_named(sql: SqlConnector) -> None:
    failed = await failure(sql, "select 1", database="cmr")
    assert failed.message == "sql: this box knows no database 'cmr'; did you mean 'crm'?"


async def test_a_locked_sqlite_file_is_passing(tmp_path: Path) -> None:
    path = tmp_path / "crm.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(TABLE)
    other.execute("begin exclusive")
    connector = SqlConnector(databases={"crm": "sqlite:///crm.db"}, secrets={}, folder=tmp_path)
    failed = await failure(connector, "insert into lead values (1, 'Ana', null)", step_limit=timedelta(seconds=0.2))
    other.close()
    await connector.close()
    assert (failed.step_code, failed.passing) == ("sql_failed", True)


async def test_a_missing_sqlite_file_is_not_made(tmp_path: Path) -> None:
    connector = SqlConnector(databases={"crm": "sqlite:///crm.db"}, secrets={}, folder=tmp_path)
    failed = await failure(connector, "select 1")
    await connector.close()
    assert (failed.step_code, failed.message) == (
        "sql_unavailable",
        f"sql: database 'crm': there is no file {tmp_path / 'crm.db'}",
    )
    assert not (tmp_path / "crm.db").exists()


async def test_postgres_that_went_away_is_passing(postgres_cluster: Cluster, postgres_url: str) -> None:
    connector = SqlConnector(databases={"crm": postgres_url}, secrets={}, folder=Path())
    await run(connector, "select 1")
    with psycopg.connect(postgres_cluster.url("postgres"), autocommit=True) as operator:
        operator.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname like 'test_%'")
    failed = await failure(connector, "select 1")
    assert failed.passing
    assert (await run(connector, "select 1 as one"))["row"] == {"one": 1}
    await connector.close()


async def test_nobody_there_is_passing() -> None:
    url = "postgresql://ana:${secret.crm}@127.0.0.1:1/crm"
    connector = SqlConnector(databases={"crm": url}, secrets={"crm": "p@ss/word"}, folder=Path())
    failed = await failure(connector, "select 1")
    await connector.close()
    assert (failed.step_code, failed.passing) == ("sql_unavailable", True)
    assert "p@ss" not in failed.message
    assert "p%40ss" not in failed.message


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://x/y", "databases.crm: expected a URL that begins with postgresql:// or sqlite:///, got 'mysql'"),
        ("sqlite://", "databases.crm: 'sqlite://' names no file"),
        ("postgresql://a:${secret.cmr}@h/d", "databases.crm: this box has no secret 'cmr'; did you mean 'crm'?"),
    ],
)
def test_a_wrong_url_is_found_at_the_start(url: str, message: str) -> None:
    with pytest.raises(DatabaseMisconfigured) as error:
        SqlConnector(databases={"crm": url}, secrets={"crm": "x"}, folder=Path())
    assert error.value.message == message


async def test_a_step_cannot_leave_a_transaction_open(sql: SqlConnector) -> None:
    await run(sql, "begin")
    await run(sql, "insert into lead values (7, 'Gus', null)")
    found = await asyncio.gather(*[run(sql, "select count(*) as n from lead where id = 7") for _ in range(3)])
    assert [one["row"]["n"] for one in found] == [1, 1, 1]


async def test_a_value_that_no_database_takes_is_a_bad_argument(sql: SqlConnector) -> None:
    failed = await failure(sql, "select :a as a", args={"a": "\ud800"})
    assert failed.step_code == "bad_argument"


@pytest.mark.parametrize(
    "statement",
    [
        "attach database :file as other",
        "vacuum into :file",
        "select fts3_tokenizer('mine', x'4141414141414141') where :file <> ''",
        "select length(zeroblob(900000000)) where :file <> ''",
    ],
)
async def test_a_sqlite_statement_reaches_its_own_database_alone(tmp_path: Path, statement: str) -> None:
    (tmp_path / "crm.db").touch()
    (tmp_path / "box.db").touch()
    connector = SqlConnector(databases={"crm": "sqlite:///crm.db"}, secrets={}, folder=tmp_path)
    failed = await failure(connector, statement, args={"file": str(tmp_path / "box.db")})
    assert (failed.step_code, failed.passing) == ("sql_failed", False)
    await connector.close()
