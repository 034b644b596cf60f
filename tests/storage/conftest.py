"""The ledger of a test: in memory, on SQLite, on Postgres. One suite runs unchanged against all three."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import pytest_asyncio
from tests.support.memory_ledger import MemoryLedger
from tests.support.postgres import postgres_cluster, postgres_url

from onebox.storage.migrating import migrate
from onebox.storage.opening import open_storage
from onebox.storage.tables import VERSION_TABLE, metadata
from onebox.storage.version import CURRENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from tests.support.memory_reader import MemoryReader
    from tests.support.postgres import Cluster

    from onebox.booking.appointment import AppointmentReader
    from onebox.kernel.ledger import Change, Ledger
    from onebox.storage.opening import Reader

__all__ = ["postgres_cluster", "postgres_url"]


@dataclass
class Kept:
    """A ledger with the reader of the same rows."""

    ledger: Ledger
    read: Reader | MemoryReader
    visits: AppointmentReader

    async def __call__(self, *changes: Change[Any]) -> list[Any]:
        """Commits the changes as one unit."""
        return await self.ledger.commit(changes)


@pytest.fixture(scope="session")
def postgres_box(postgres_cluster: Cluster) -> str:
    """The URL of a migrated database, one for all tests of a worker: to make one takes longer than a test."""
    url = postgres_cluster.create_database()
    migrate(url)
    return url


@pytest.fixture
def migrated_postgres(postgres_box: str) -> Iterator[str]:
    """The URL of a migrated database without rows."""
    yield postgres_box
    empty = "; ".join(f"delete from onebox.{table}" for table in metadata.tables)
    with psycopg.connect(postgres_box, autocommit=True) as connection:
        connection.execute(f"{empty}; drop schema public cascade; create schema public")
        connection.execute(f"update onebox.{VERSION_TABLE} set version_num = '{CURRENT}'")


@pytest.fixture(scope="session")
def sqlite_box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows, to be copied: to make one takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "box.db"
    migrate(path)
    return path


@pytest.fixture
def migrated_sqlite(sqlite_box: Path, tmp_path: Path) -> Path:
    """The path of a migrated database without rows."""
    return Path(shutil.copy(sqlite_box, tmp_path / "box.db"))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Path | str:
    """A migrated database without rows, of each kind."""
    found: Path | str = request.getfixturevalue(f"migrated_{request.param}")
    return found


@pytest_asyncio.fixture(params=["memory", "sqlite", "postgres"])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    """An empty ledger of each kind."""
    if request.param == "memory":
        memory = MemoryLedger()
        yield Kept(memory, memory, memory.appointments)
        memory.close()
        return
    storage = await open_storage(request.getfixturevalue(f"migrated_{request.param}"), own=True)
    yield Kept(storage.ledger, storage.reader, storage.reader.appointments)
    await storage.close()


def paths(entries: Sequence[Any]) -> list[str]:
    """Of journal entries, timers, signals."""
    return [entry.path for entry in entries]
