from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from tests.connectors.http.service import Caller, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


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


@pytest.fixture
async def raw_service() -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
    """Makes services that answer with just these bytes; gives their URL."""
    async with contextlib.AsyncExitStack() as stack:

        async def serve(answer: bytes) -> str:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                writer.close()
                await writer.wait_closed()

            server = await asyncio.start_server(handle, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

        yield serve
