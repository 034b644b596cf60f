from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.connectors.http.service import Caller, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    started = Service()
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def other_service() -> AsyncIterator[Service]:
    started = Service()
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def ask() -> AsyncIterator[Caller]:
    caller = Caller()
    yield caller
    await caller.connector.close()
