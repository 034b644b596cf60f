"""Port suite: files of tables/ on a database, beside what the box and its flows do there."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.storage.rows import started
from tests.storage.test_people_sql import sql

from onebox.storage.creating import DatabaseHeld, writing
from onebox.storage.opening import applied_files, is_postgres, open_storage
from onebox.storage.table_applying import TableFileFailed, apply_files
from onebox.storage.table_files import choose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from onebox.storage.opening import Storage

LEADS = """\
create table leads (
  id integer primary key,
  name text not null,
  score real,
  picture blob,
  person integer references people (id)
);
create index leads_by_name on leads (name);
insert into leads (name, score) values ('Ana; the first', 0.1);
"""
PEOPLE = "create table people (id integer primary key autoincrement, name text);\n"


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)


async def apply(database: Path | str, **texts: str) -> list[str]:
    """Applies files by their names; which were."""
    files = choose({f"tables/{name}.sql": text for name, text in texts.items()}, postgres=is_postgres(database))
    applied: list[str] = []
    await asyncio.to_thread(
        apply_files, database, files, clock=Noon(), box="salon", applied=lambda file: applied.append(file.file)
    )
    return applied


@pytest.fixture
async def storage(database: Path | str) -> AsyncIterator[Storage]:
    opened = await open_storage(database, own=True)
    yield opened
    await opened.close()


async def rows(storage: Storage, statement: str) -> list[dict[str, Any]]:
    found = await storage.reader.read_sql(statement, {}, limit=100, time_limit=timedelta(seconds=5))
    assert found is not None
    return list(found["rows"])


async def test_a_file_is_applied_once(database: Path | str) -> None:
    files = {"0001_people": PEOPLE, "0002_leads": LEADS}

    assert await apply(database, **files) == ["tables/0001_people.sql", "tables/0002_leads.sql"]
    assert await apply(database, **files) == []
    assert list(await applied_files(database)) == ["0001_people", "0002_leads"]


async def test_flows_work_with_what_a_file_made(database: Path | str, storage: Storage) -> None:
    await apply(database, a=PEOPLE, b=LEADS)
    insert = (
        "insert into leads (name, score, picture, person) values (:name, :score, :picture, null) returning id, score"
    )

    changes = [
        sql(insert, at, name=name, score=1234567.89, picture=b"\x00\xff") for at, name in enumerate(("Bo", "Cy"), 1)
    ]
    await storage.ledger.commit([started()])
    given = [(await storage.ledger.commit([change]))[0]["row"] for change in changes]

    assert given == [{"id": 2, "score": 1234567.89}, {"id": 3, "score": 1234567.89}]
    assert (await rows(storage, "select picture from leads where id = 2")) == [{"picture": b"\x00\xff"}]


async def test_large_numbers_have_room_on_both(database: Path | str, storage: Storage) -> None:
    await apply(
        database,
        a="create table chats (id integer primary key, chat integer); insert into chats values (1, 7000000000)",
    )

    assert await rows(storage, "select chat from chats") == [{"chat": 7_000_000_000}]


async def test_a_file_that_fails_leaves_nothing(database: Path | str, storage: Storage) -> None:
    broken = "create table more (a text);\n\ninsert into more values ('x');\ninsert into\n  nowhere values (1);\n"

    with pytest.raises(TableFileFailed, match=r"^tables/b\.sql:[45]: .*nowhere") as failed:
        await apply(database, a=PEOPLE, b=broken, c=LEADS)

    assert failed.value.hint == "nothing of this file was kept; mend it, and run: onebox migrate --box salon"
    assert list(await applied_files(database)) == ["a"]
    assert await rows(storage, "select * from people") == []
    assert await apply(database, a=PEOPLE, b="create table more (b text)", c=LEADS) == ["tables/b.sql", "tables/c.sql"]


async def test_postgres_says_the_very_line(migrated_postgres: str) -> None:
    with pytest.raises(TableFileFailed, match=r"^tables/a\.sql:4: relation \"nowhere\" does not exist"):
        await apply(migrated_postgres, a="create table a (b text);\nselect *\nfrom a,\n  nowhere;")


@pytest.mark.parametrize(
    "text",
    [
        "drop table onebox.run; drop table run",
        "create table other (a text); alter table run rename to mine",
        "select * from event",
        "create table mine (a text references run (id))",
        "create index i on message (id)",
        "create trigger t after insert on run begin select 1; end",
    ],
)
async def test_the_boxes_own_tables_are_out_of_reach(database: Path | str, storage: Storage, text: str) -> None:
    with pytest.raises(TableFileFailed):
        await apply(database, a=text)

    await storage.ledger.commit([started()])
    assert await storage.reader.count_runs() == {"ready": 1}


@pytest.mark.parametrize(
    "text",
    [
        "create role mallory",
        "create function f() returns int language sql as $$ delete from onebox.run; select 1 $$",
        "select pg_advisory_unlock_all()",
        "do $$ begin perform set_config('search_path', 'onebox', true); end $$",
    ],
)
async def test_what_is_not_the_boxes_is_made_in_psql(migrated_postgres: str, text: str) -> None:
    with pytest.raises(TableFileFailed, match=r"out of reach|cannot create a role"):
        await apply(migrated_postgres, a=text)


async def test_postgres_takes_functions_and_triggers(migrated_postgres: str) -> None:
    text = """
        create table people (id bigserial primary key, name text, changed_at timestamptz);
        create function touch() returns trigger language plpgsql as $$
        begin
          new.changed_at := now();
          return new;
        end $$;
        create trigger touched before insert or update on people for each row execute function touch();
        create view names as select name from people;
        create type mood as enum ('good', 'bad');
        comment on table people is 'customers; and others';
    """
    await apply(migrated_postgres, **{"a.postgres": text})

    storage = await open_storage(migrated_postgres, own=True)
    await storage.ledger.commit([started(), sql("insert into people (name) values ('Ana')")])
    assert await rows(storage, "select name, changed_at is null as untouched from people") == [
        {"name": "Ana", "untouched": False}
    ]
    await storage.close()


async def test_sqlite_takes_triggers_and_views(migrated_sqlite: Path) -> None:
    text = """
        create table counts (n integer); insert into counts values (0);
        create trigger counted after insert on people begin update counts set n = n + 1; end;
        create view total as select n from counts;
    """
    await apply(migrated_sqlite, a=PEOPLE, b=text)

    storage = await open_storage(migrated_sqlite, own=True)
    await storage.ledger.commit([started(), sql("insert into people (name) values ('Ana'), ('Bilal')")])
    assert await rows(storage, "select n from total") == [{"n": 2}]
    await storage.close()


async def test_sqlite_takes_a_full_text_index(migrated_sqlite: Path) -> None:
    text = "create virtual table notes using fts5 (body); insert into notes values ('olive soap'), ('blue vase'); analyze notes"
    await apply(migrated_sqlite, a=text)

    storage = await open_storage(migrated_sqlite, own=True)
    await storage.ledger.commit([started(), sql("insert into notes (body) values ('olive oil')")])
    assert await rows(storage, "select body from notes where notes match 'olive' order by rowid") == [
        {"body": "olive soap"},
        {"body": "olive oil"},
    ]
    await storage.close()


async def test_a_trigger_cannot_reach_the_box_either(migrated_sqlite: Path) -> None:
    await apply(migrated_sqlite, a=PEOPLE, b="create trigger t after insert on people begin delete from run; end")

    storage = await open_storage(migrated_sqlite, own=True)
    await storage.ledger.commit([started()])
    with pytest.raises(Exception, match="not authorized"):
        await storage.ledger.commit([sql("insert into people (name) values ('Ana')")])
    assert await storage.reader.count_runs() == {"ready": 1}
    await storage.close()


async def test_a_table_can_be_made_anew(migrated_sqlite: Path) -> None:
    """SQLite changes a column so; with keys in force, dropping the old table would empty those that refer to it."""
    children = (
        "create table children (id integer primary key, parent integer references people (id) on delete cascade);"
        "insert into people (name) values ('Ana'); insert into children (parent) values (1)"
    )
    anew = (
        "create table fresh (id integer primary key, name text not null);"
        "insert into fresh select id, name from people; drop table people; alter table fresh rename to people"
    )
    await apply(migrated_sqlite, a=PEOPLE, b=children, c=anew)

    storage = await open_storage(migrated_sqlite, own=False)
    assert await rows(storage, "select p.name from children c join people p on p.id = c.parent") == [{"name": "Ana"}]
    await storage.close()


async def test_a_row_that_refers_to_none_is_a_failure(database: Path | str) -> None:
    children = "create table children (parent integer references people (id) deferrable initially deferred);\n"

    await apply(database, a=PEOPLE, b=children + "insert into children values (7); insert into people (id) values (7)")
    with pytest.raises(TableFileFailed, match=r"^tables/c\.sql:2: .*(people|foreign key)"):
        await apply(database, a=PEOPLE, b=children, c="select 1;\ninsert into children values (8)")


async def test_a_box_that_runs_sees_the_new_columns(database: Path | str, storage: Storage) -> None:
    """What the database has prepared for a statement is of the table as it was."""
    await apply(database, a=PEOPLE)
    await storage.ledger.commit([started()])
    insert, look = "insert into people (name) values ('Ana') returning *", "select * from people order by id"
    for at in range(1, 12):
        [written] = await storage.ledger.commit([sql(insert, at)])
        await rows(storage, look)
        assert written["row"] == {"id": at, "name": "Ana"}

    await apply(database, a=PEOPLE, b="alter table people add column city text default 'Ulm'")

    [written] = await storage.ledger.commit([sql(insert, 12)])
    assert written["row"] == {"id": 12, "name": "Ana", "city": "Ulm"}
    assert (await rows(storage, look))[0] == {"id": 1, "name": "Ana", "city": "Ulm"}


async def test_two_that_apply_at_once_do_it_once(database: Path | str) -> None:
    both = await asyncio.gather(*(apply(database, a=PEOPLE, b=LEADS) for _ in range(4)))

    assert sorted(name for each in both for name in each) == ["tables/a.sql", "tables/b.sql"]


async def test_who_holds_the_database_for_long_is_waited_for_and_then_told(migrated_sqlite: Path) -> None:
    holder = sqlite3.connect(migrated_sqlite, isolation_level=None)
    holder.execute("begin immediate")

    with (
        pytest.raises(DatabaseHeld, match=r"cannot be written: database is locked, for 0\.05 s") as held,
        writing(migrated_sqlite, patience=0.05),
    ):
        raise AssertionError("it was held")
    holder.close()

    assert held.value.hint == "what holds it: a backup, an open shell? end it, and try again"
