"""One box with all that the format has, on SQLite and on Postgres."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import aiohttp
import pytest

from onebox.app.serve import running_box
from tests.e2e.shop import Shop
from tests.e2e.trial import Trial, make_box
from tests.support.postgres import postgres_cluster, postgres_url
from tests.support.telegram import FakeTelegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["postgres_cluster", "postgres_url"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.soak)])
def database(request: pytest.FixtureRequest) -> str | None:
    """The URL of the Postgres that the box keeps everything in; None: its own SQLite."""
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else None


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with Shop() as running:
        yield running


@pytest.fixture
async def trial(tmp_path: Path, shop: Shop, database: str | None) -> AsyncIterator[Trial]:
    folder = make_box(tmp_path / "trial", shop, database)
    terminal = io.StringIO()
    async with (
        aiohttp.ClientSession() as http,
        running_box(folder, port=0, environ={}, terminal=terminal) as box,
    ):
        yield Trial(folder, box, shop, terminal, http)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as running:
        yield running
