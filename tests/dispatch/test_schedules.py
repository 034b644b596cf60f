"""Ticks: on time, late, after a stop, and once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from onebox.dispatch.schedules import Schedules
from onebox.flows.plan import Flow, Place, Trigger
from onebox.flows.schedule import ScheduleSettings
from tests.dispatch.boxes import EngineBox
from tests.flows.machine.plans import block

if TYPE_CHECKING:
    from tests.support.memory_ledger import MemoryLedger


def report(missed: str = "latest", cron: str = "0 6 * * *") -> Flow:
    settings = ScheduleSettings.model_validate({"cron": cron, "timezone": "Europe/Berlin", "missed": missed})
    trigger = Trigger("schedule", settings, "schedule.report", Place(1, 1))
    return Flow(name="report", version="1", file="report.yaml", bundle="1", triggers=(trigger,), steps=block())


class Box(EngineBox):
    """A box with a schedule service whose rounds a test asks for."""

    def __init__(self, flow: Flow, at: datetime, ledger: MemoryLedger | None = None) -> None:
        super().__init__(flow, ledger=ledger)
        self.clock.at = at
        self.schedules = Schedules(
            book=self.book, inbox=self.inbox, reader=self.ledger, ledger=self.ledger, clock=self.clock
        )

    async def round(self) -> datetime | None:
        await self.schedules.recall()
        return await self.schedules.tick()

    def ticks(self) -> list[tuple[datetime, bool]]:
        events = self.ledger.tables.events.values()
        return [(event.data["scheduled_at"], event.data["missed"]) for event in events]


SIX = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # 06:00 in Berlin


async def test_a_new_schedule_misses_nothing_and_says_when_it_comes() -> None:
    async with Box(report(), SIX - timedelta(hours=1)) as box:
        assert await box.round() == SIX
        assert box.ticks() == []


async def test_a_tick_comes_at_its_time_once() -> None:
    async with Box(report(), SIX - timedelta(hours=1)) as box:
        await box.round()
        box.clock.at = SIX
        assert await box.round() == SIX + timedelta(days=1)
        await box.round()
        assert box.ticks() == [(SIX, False)]


@pytest.mark.parametrize(("missed", "expected"), [("latest", [2]), ("all", [0, 1, 2]), ("none", [])])
async def test_a_box_that_was_down_does_what_the_schedule_says(missed: str, expected: list[int]) -> None:
    async with Box(report(missed), SIX - timedelta(hours=1)) as box:
        await box.round()
    later = Box(report(missed), SIX + timedelta(days=2, hours=3), ledger=box.ledger)
    async with later:
        await later.round()
        await later.round()
        assert later.ticks() == [(SIX + timedelta(days=day), True) for day in expected]


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
async def test_both_clock_changes_have_one_morning(day: datetime) -> None:
    async with Box(report(), day - timedelta(hours=2)) as box:
        await box.round()
        for _ in range(28):
            box.clock.at += timedelta(hours=1)
            await box.round()
        assert len(box.ticks()) == 1


async def test_a_crash_between_the_event_and_its_memory_gives_no_second_event() -> None:
    async with Box(report(), SIX - timedelta(hours=1)) as box:
        await box.round()
        box.clock.at = SIX
        remembered = dict(box.ledger.tables.ticks)
        await box.round()
        box.ledger.tables.ticks = remembered
        await box.round()
        assert box.ticks() == [(SIX, False)]
