"""The services of a box: none of them ends because something failed once."""

from __future__ import annotations

import asyncio

import pytest

from onebox.app.serve import kept_alive
from onebox.kernel.ledger import StorageClosed, StorageFull


class Service:
    """Fails as it is told, one failure a run; then it ends."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.runs = 0
        self.pauses: list[float] = []

    async def run(self) -> None:
        self.runs += 1
        if self.failures:
            raise self.failures.pop(0)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def test_a_service_that_fails_is_begun_again() -> None:
    service = Service(StorageFull("no room"), OSError("gone"))

    await kept_alive("retention", service.run, service.pause)

    assert (service.runs, service.pauses) == (3, [5.0, 5.0])


async def test_a_service_ends_with_the_box() -> None:
    service = Service(StorageClosed("closed"))

    await kept_alive("retention", service.run, service.pause)

    assert (service.runs, service.pauses) == (1, [])


async def test_a_service_can_be_cancelled_in_its_pause() -> None:
    service = Service(OSError("gone"))
    asked = asyncio.Event()

    async def for_ever(_seconds: float) -> None:
        asked.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(kept_alive("retention", service.run, for_ever))
    await asked.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
