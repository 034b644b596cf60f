"""Schedules: at each tick an event, stored once however often the box restarts around it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import structlog

from onebox.flows.run import RememberTick
from onebox.flows.schedule import ScheduleSettings, missed_ticks, next_tick, tick_arrival
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.flows.book import FlowBook
    from onebox.flows.run import RunReader
    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Ledger
    from onebox.messaging.inbox import Inbox

log = structlog.get_logger(__name__)

_LONGEST_SLEEP = 30.0  # the wall clock may be set
_ERROR_PAUSE = 5.0
_ON_TIME = timedelta(seconds=60)
"""a tick that is handed in later than this was missed: then the schedule's `missed` says what is done"""


class Schedules:
    """Hands the ticks of all schedules of the book to the inbox."""

    def __init__(self, *, book: FlowBook, inbox: Inbox, reader: RunReader, ledger: Ledger, clock: Clock) -> None:
        self._book = book
        self._inbox = inbox
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._last: dict[str, datetime] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Ticks for ever."""
        await self.recall()
        self._book.on_change(self._changed.set)
        while True:
            self._changed.clear()
            try:
                soonest = await self.tick()
            except OneboxError as error:  # no room, or too much waits: the ticks are still to come
                log.warning("tick_not_stored", code=error.code, message=error.message)
                await asyncio.sleep(_ERROR_PAUSE)
                continue
            await self._sleep_until(soonest)

    async def recall(self) -> None:
        """Reads when each schedule fired last."""
        self._last = dict(await self._reader.last_ticks())

    def poke(self) -> None:
        """The clock was moved: look again."""
        self._changed.set()

    async def tick(self) -> datetime | None:
        """Hands in what is due; returns when the next tick is."""
        soonest: datetime | None = None
        for key, flow, settings, timezone in self._schedules():
            now = self._clock.now()
            if key not in self._last:
                await self._remember(key, now)  # new: from now on nothing of it is missed
            for at, missed in due_ticks(settings, self._last[key], now, timezone):
                await self._inbox.receive(tick_arrival(flow, at, missed=missed))
                await self._remember(key, at)
            # What `missed` left out must not be looked at again.
            self._last[key] = max(self._last[key], now - _ON_TIME)
            upcoming = next_tick(settings, max(self._last[key], now), timezone=timezone)
            soonest = upcoming if soonest is None else min(soonest, upcoming)
        return soonest

    def _schedules(self) -> list[tuple[str, str, ScheduleSettings, str]]:
        found: list[tuple[str, str, ScheduleSettings, str]] = []
        numbers: dict[str, int] = {}
        for flow, trigger in self._book.triggers("schedule"):
            numbers[flow.name] = numbers.get(flow.name, -1) + 1
            key = f"{flow.name}/{numbers[flow.name]}"
            found.append((key, flow.name, cast("ScheduleSettings", trigger.settings), flow.timezone))
        return found

    async def _remember(self, key: str, at: datetime) -> None:
        await self._ledger.commit([RememberTick(key, at)])
        self._last[key] = at

    async def _sleep_until(self, soonest: datetime | None) -> None:
        seconds = _LONGEST_SLEEP if soonest is None else (soonest - self._clock.now()).total_seconds()
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), _LONGEST_SLEEP)):
                await self._changed.wait()
        except TimeoutError:
            pass


def due_ticks(settings: ScheduleSettings, last: datetime, now: datetime, timezone: str) -> list[tuple[datetime, bool]]:
    """The ticks after `last` up to `now` that are handed in, and whether each was missed."""
    late = missed_ticks(settings, last, now - _ON_TIME, timezone=timezone)
    due = [(at, True) for at in late]
    at = next_tick(settings, max(last, now - _ON_TIME), timezone=timezone)
    while at <= now:
        due.append((at, False))
        at = next_tick(settings, at, timezone=timezone)
    return due
