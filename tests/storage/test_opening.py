"""Versions, ownership, and other processes beside a running box."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa
from tests.storage.rows import NOON, after, done, event, started

from onebox.flows.run import AnswerRequest, FileRequest, Prune
from onebox.messaging.event import Stored, StoreEvent
from onebox.storage.creating import create_tables
from onebox.storage.locking import BoxTaken
from onebox.storage.migrating import migrate
from onebox.storage.opening import NotOwner, current_version, is_postgres, open_for_requests, open_storage
from onebox.storage.tables import SCHEMA, VERSION_TABLE, metadata
from onebox.storage.version import CURRENT, CannotOpen, WrongVersion

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Cluster


async def test_migrated_database_has_the_current_version(database: Path | str) -> None:
    assert await current_version(database) == CURRENT
    await asyncio.to_thread(migrate, database)  # again does nothing
    assert await current_version(database) == CURRENT


async def test_missing_file_has_no_version(tmp_path: Path) -> None:
    assert await current_version(tmp_path / "box.db") is None


async def test_empty_database_is_refused_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "box.db"
    with pytest.raises(WrongVersion) as refused:
        await open_storage(path, own=True, box="salon")
    assert str(refused.value) == (
        f"the database {path} has no tables yet; this release needs version {CURRENT}\nhint: run: onebox migrate --box salon"
    )


async def test_empty_postgres_is_refused(postgres_url: str) -> None:
    with pytest.raises(WrongVersion, match=r"127\.0\.0\.1/test_[0-9]+ has no tables yet"):
        await open_storage(postgres_url, own=True)


async def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "box.db"
    path.write_text("hello, this is a letter and no database at all" * 100)
    with pytest.raises(CannotOpen, match=f"the database {path} cannot be opened: file is not a database"):
        await open_storage(path, own=True)


async def test_server_that_is_not_there_is_named() -> None:
    with pytest.raises(CannotOpen, match=r"the database 127\.0\.0\.1/box cannot be opened: .*refused"):
        await open_storage("postgresql://ana:secret@127.0.0.1:1/box", own=True)


def set_version(database: Path | str, version: str) -> None:
    if is_postgres(database):
        with psycopg.connect(str(database), autocommit=True) as connection:
            connection.execute(f"update {SCHEMA}.{VERSION_TABLE} set version_num = '{version}'")  # type: ignore[call-overload,unused-ignore]
    else:
        with sqlite3.connect(database) as shell:
            shell.execute(f"update {VERSION_TABLE} set version_num = '{version}'")
        shell.close()


@pytest.mark.parametrize(("version", "hint"), [("0000", "run: onebox migrate --box ."), ("9999", "newer release")])
async def test_wrong_version_is_refused(database: Path | str, version: str, hint: str) -> None:
    set_version(database, version)
    with pytest.raises(WrongVersion, match=f"is at version {version}; this release needs version {CURRENT}") as refused:
        await open_storage(database, own=True)
    assert hint in str(refused.value)


def guards(connection: sa.Connection, table: str, schema: str | None) -> list[Any]:
    """The triggers and constraints by which the database itself refuses rows."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(
            sa.text("select name, sql from sqlite_schema where type = 'trigger' and tbl_name = :table order by name"),
            {"table": table},
        )
    else:
        found = connection.execute(
            sa.text(
                "select conname, replace(pg_get_constraintdef(oid), 'onebox.', '') from pg_constraint"
                " where conrelid = cast(:table as regclass) and contype in ('x', 'c') union all"
                " select tgname, regexp_replace(pg_get_triggerdef(t.oid), '(onebox|public)[.]', '', 'g') || prosrc"
                " from pg_trigger t join pg_proc p on p.oid = tgfoid"
                " where tgrelid = cast(:table as regclass) and not tgisinternal order by 1"
            ),
            {"table": f"{schema or 'public'}.{table}"},
        )
    return [tuple(row) for row in found]


def shape(connection: sa.Connection, schema: str | None) -> dict[str, Any]:
    inspector = sa.inspect(connection)
    return {
        name: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns(name, schema=schema)
            ],
            "key": inspector.get_pk_constraint(name, schema=schema)["constrained_columns"],
            "options": inspector.get_table_options(name, schema=schema),
            "guards": guards(connection, name, schema),
            "indexes": [
                (
                    index["name"],
                    index["column_names"],
                    bool(index["unique"]),
                    {option: str(value) for option, value in index["dialect_options"].items()},
                )
                for index in sorted(inspector.get_indexes(name, schema=schema), key=lambda index: str(index["name"]))
            ],
        }
        for name in sorted(metadata.tables)
    }


def test_migrations_give_the_described_tables_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    described = sa.create_engine(f"sqlite:///{tmp_path / 'described.db'}")
    metadata.create_all(described)
    migrated = sa.create_engine(f"sqlite:///{migrated_sqlite}")
    with described.connect() as expected, migrated.connect() as found:
        assert shape(expected, None) == shape(found, None)
    described.dispose()
    migrated.dispose()


async def test_created_tables_are_those_of_all_migrations(migrated_sqlite: Path, tmp_path: Path) -> None:
    await asyncio.to_thread(create_tables, tmp_path / "created.db")
    assert await current_version(tmp_path / "created.db") == CURRENT
    created = sa.create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    migrated = sa.create_engine(f"sqlite:///{migrated_sqlite}")
    with created.connect() as found, migrated.connect() as expected:
        assert shape(expected, None) == shape(found, None)
    created.dispose()
    migrated.dispose()


async def test_created_tables_are_those_of_all_migrations_on_postgres(
    migrated_postgres: str, postgres_url: str
) -> None:
    await asyncio.to_thread(create_tables, postgres_url)
    assert await current_version(postgres_url) == CURRENT
    created = sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    migrated = sa.create_engine(migrated_postgres.replace("postgresql:", "postgresql+psycopg:"))
    with created.connect() as found, migrated.connect() as expected:
        assert shape(expected, SCHEMA) == shape(found, SCHEMA)
    created.dispose()
    migrated.dispose()


def test_migrations_give_the_described_tables_on_postgres(migrated_postgres: str, postgres_url: str) -> None:
    described = sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    metadata.create_all(described)
    migrated = sa.create_engine(migrated_postgres.replace("postgresql:", "postgresql+psycopg:"))
    with described.connect() as expected, migrated.connect() as found:
        assert shape(expected, None) == shape(found, SCHEMA)
    described.dispose()
    migrated.dispose()


async def test_second_owner_is_refused_by_name(database: Path | str) -> None:
    first = await open_storage(database, own=True)
    with pytest.raises(BoxTaken, match=f"process {os.getpid()} on "):
        await open_storage(database, own=True)
    await first.close()
    second = await open_storage(database, own=True)
    assert await second.ledger.commit([started()]) == [Stored("e-r1")]
    await second.close()


async def test_requests_reach_the_running_box(database: Path | str) -> None:
    box = await open_storage(database, own=True)
    cli = await open_for_requests(database)
    await cli.ledger.commit([FileRequest("q1", "retry", "r1", {}, "ana", NOON)])
    assert [request.id for request in await box.reader.open_requests(limit=9)] == ["q1"]
    await box.ledger.commit([AnswerRequest("q1", {"ok": True}, NOON)])
    assert await cli.reader.request_result("q1") == {"ok": True}
    await cli.close()
    await box.close()


async def test_who_does_not_own_the_box_writes_requests_alone(database: Path | str) -> None:
    cli = await open_for_requests(database)
    with pytest.raises(NotOwner, match="StoreEvent"):
        await cli.ledger.commit([started()])
    await cli.close()


FILE_REQUEST = """
import asyncio, sys
from datetime import UTC, datetime
from onebox.flows.run import FileRequest
from onebox.storage.opening import open_for_requests
async def main():
    storage = await open_for_requests(sys.argv[1])
    await storage.ledger.commit([FileRequest("q1", "cancel", "r1", {}, "cli", datetime.now(UTC))])
    await storage.close()
asyncio.run(main())
"""


async def test_request_of_another_process(database: Path | str) -> None:
    box = await open_storage(database, own=True)
    cli = await asyncio.create_subprocess_exec(sys.executable, "-c", FILE_REQUEST, str(database))
    assert await cli.wait() == 0
    assert [request.kind for request in await box.reader.open_requests(limit=9)] == ["cancel"]
    await box.close()


async def test_postgres_is_not_loaded_for_sqlite(migrated_sqlite: Path) -> None:
    code = f"""
import asyncio, sys
from onebox.storage.opening import open_storage
async def main():
    await (await open_storage({str(migrated_sqlite)!r}, own=True)).close()
asyncio.run(main())
print([name for name in ("psycopg", "alembic", "sqlalchemy.orm") if name in sys.modules])
"""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


async def test_pruning_gives_the_disk_back(migrated_sqlite: Path) -> None:
    storage = await open_storage(migrated_sqlite, own=True)
    for number in range(200):
        run_id = f"r{number:03}"
        await storage.ledger.commit([started(run_id), done(run_id, output="x" * 50_000)])
    full = await storage.size_bytes()
    while await storage.ledger.commit([Prune(after(hours=1), 100)]) != [0]:
        pass
    await storage.close()
    assert full > 10_000_000
    assert os.stat(migrated_sqlite).st_size < full / 5  # noqa: PTH116


async def test_size_counts_what_is_kept(database: Path | str) -> None:
    storage = await open_storage(database, own=True)
    empty = await storage.size_bytes()
    await storage.ledger.commit([StoreEvent(event(f"e{number}", {"text": "x" * 5000})) for number in range(100)])
    assert await storage.size_bytes() > empty > 0
    assert await storage.quick_check() == []
    await storage.close()


@pytest.mark.soak
async def test_box_goes_on_after_postgres_restarted(postgres_cluster: Cluster, migrated_postgres: str) -> None:
    storage = await open_storage(migrated_postgres, own=True)
    await storage.ledger.commit([started("r1")])
    assert await storage.reader.count_runs() == {"ready": 1}
    await asyncio.to_thread(postgres_cluster.restart)
    assert await storage.ledger.commit([started("r2")]) == [Stored("e-r2")]
    assert await storage.reader.count_runs() == {"ready": 2}
    with pytest.raises(BoxTaken):
        await open_storage(migrated_postgres, own=True)
    await storage.close()


async def test_units_in_flight_survive_a_crash_of_postgres(postgres_cluster: Cluster, migrated_postgres: str) -> None:
    storage = await open_storage(migrated_postgres, own=True)
    acknowledged: list[str] = []
    stop = asyncio.Event()

    async def write(name: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await storage.ledger.commit([started(f"{name}-{number:05}")])
            acknowledged.append(f"{name}-{number:05}")

    writers = [asyncio.ensure_future(write(f"w{number}")) for number in range(8)]
    for _ in range(3):
        await asyncio.to_thread(postgres_cluster.crash)
        await asyncio.to_thread(postgres_cluster.start_again)
    stop.set()
    await asyncio.gather(*writers)
    found = {one.id for one in await storage.reader.list_runs(limit=100_000)}
    assert found == set(acknowledged)
    await storage.close()
