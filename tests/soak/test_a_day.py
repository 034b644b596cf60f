"""A day in the life of a box with all four templates: its clock is moved on, and it is killed three times on the way."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.support.practice import Practice, open_practice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.soak.conftest import Say

BEGINS = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # 23:30 in Berlin; at 02:00 its clocks go to 03:00
QUARTER = timedelta(minutes=15)
QUARTERS = 96
FEEDS = 12
BROKEN = 4
"""a feed that is down from the fourth hour to the tenth"""
HOSTILE = 5
"""a feed that sends an entity bomb in the same hours"""


@dataclass
class Day:
    """What was done so far, beside what it was done to."""

    practice: Practice
    news: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    async def quarter(self, number: int) -> None:
        """What happens within a quarter of an hour, and then the quarter is over."""
        feed = number % FEEDS
        place = len(self.practice.town.feeds[feed].items)
        self.practice.town.feeds[feed].items.append(f"News {number}")
        self.news.append(f"<b>News {number}</b>\n{self.practice.town.link(feed, place)}")
        if number % 2 == 0:
            await self.fill_in_form(f"Ana {number}")
        if number % 3 == 0:
            self.orders.append(1000 + number)
            self.practice.telegram.write(f"/order {1000 + number}", chat=1000 + number)
        if number % 4 == 0:
            self.notes.append(f"Are you open, question {number}?")
            self.practice.telegram.write(self.notes[-1], chat=7)
        await self.practice.telegram.until(lambda: not self.practice.telegram.waiting)
        await self.practice.box.settled()
        await self.practice.box.move_to(max(self.practice.box.now(), BEGINS + (number + 1) * QUARTER))

    async def fill_in_form(self, name: str) -> None:
        """As a page with a little patience does it: again with the same key, until it is answered."""
        self.leads.append(name)
        fields = {"name": name, "email": address_of(name), "message": "Hello"}
        headers = {"Idempotency-Key": name, "Accept": "application/json"}
        async with aiohttp.ClientSession() as session:
            for _ in range(600):
                try:
                    where = f"{self.practice.box.url}/forms/contact"
                    async with session.post(where, data=fields, headers=headers) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
        raise AssertionError(f"the form of {name} was never taken")

    async def asked(self, path: str) -> None:
        """Waits until the town was asked for something that begins like this once more."""
        asked = self.practice.town.asked
        before = len(asked)

        async def is_asked() -> bool:
            return any(one.startswith(path) for one in asked[before:])

        await self.practice.box.eventually(f"{path} is asked for", is_asked, within=30)


def address_of(name: str) -> str:
    return f"{name.replace(' ', '.').lower()}@example.org"


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with open_practice(tmp_path, begins=BEGINS, feeds=FEEDS) as practice:
        await practice.start()

        async def all_are_known() -> bool:
            return practice.box.rows("select count(*) from feed_item") == [(FEEDS,)]

        await practice.box.move_to(BEGINS + timedelta(seconds=20))
        await practice.box.eventually("all feeds were asked", all_are_known, within=60)
        yield Day(practice)


@asynccontextmanager
async def killed(day: Day) -> AsyncIterator[None]:
    """What is within is on its way when the box is killed; afterwards it runs again."""
    yield
    await day.practice.box.kill()
    await day.practice.box.start()


async def kill_while_feeds_are_read(day: Day) -> None:
    town, box = day.practice.town, day.practice.box
    town.open_to_feeds.clear()
    async with killed(day):
        waiting = asyncio.create_task(day.asked("/feeds/"))
        await box.move_to(box.now() + 2 * QUARTER)
        await waiting
    town.open_to_feeds.set()


async def kill_while_a_form_is_sent(day: Day) -> None:
    async with killed(day):
        sending = asyncio.create_task(day.fill_in_form("Bilal in the storm"))
        await asyncio.sleep(0.004)  # somewhere between the request and its letter
    await sending


async def kill_while_numbers_are_asked_for(day: Day) -> None:
    metrics = day.practice.town.metrics
    metrics["sales"], sales = None, metrics["sales"]  # it hangs
    async with killed(day):
        waiting = asyncio.create_task(day.asked("/metrics/sales"))
        await day.practice.box.move_to(datetime(2026, 3, 29, 4, 0, 1, tzinfo=UTC))
        await waiting
    metrics["sales"] = sales


async def test_a_day(day: Day, say: Say) -> None:
    town, box = day.practice.town, day.practice.box
    for number in range(QUARTERS):
        town.feeds[BROKEN].status = 500 if 16 <= number < 40 else 200
        town.feeds[HOSTILE].hostile = 16 <= number < 40
        if number == 12:
            await kill_while_a_form_is_sent(day)
        if number == 21:
            await kill_while_numbers_are_asked_for(day)
        if number == 60:
            await kill_while_feeds_are_read(day)
        await day.quarter(number)
    for hours in range(1, 30):  # what was put off for hours comes, too
        await box.move_to(BEGINS + QUARTERS * QUARTER + timedelta(hours=hours))
        await box.settled()
        if len(day.practice.telegram.texts("@news")) >= len(day.news):
            break
    await box.drained(within=30)
    _each_item_was_posted_once(day)
    _each_lead_was_kept_mailed_and_told_once(day)
    _each_message_was_answered_once(day)
    _there_was_one_report_a_day(day)
    states = box.states()
    assert states.keys() == {"done"}, box.rows("select flow, error from run where state <> 'done'")
    say(
        f"a day with 3 kills: {len(day.news)} items of {FEEDS} feeds, {len(day.leads)} leads, {len(day.orders)} orders,"
        f" {len(day.notes)} notes, {len(day.practice.reports)} reports; {states['done']} runs"
    )


def _each_item_was_posted_once(day: Day) -> None:
    assert Counter(day.practice.telegram.texts("@news")) == Counter(day.news)


def _each_lead_was_kept_mailed_and_told_once(day: Day) -> None:
    box = day.practice.box
    kept = box.rows("select id, name from leads order by id")
    assert Counter(name for _, name in kept) == Counter(day.leads)
    told = [line for line in day.practice.town.discord if line.startswith("Lead ")]
    # What is being delivered when the box is killed may be delivered again, and says that it is the same.
    letters = {letter["Message-ID"]: str(letter["To"]) for letter in day.practice.mail.letters}
    mailed = [to for to in letters.values() if to != "owner@example.org"]
    assert Counter(mailed) == Counter(map(address_of, day.leads))
    assert set(told) == {f"Lead {number}: {name}" for number, name in kept}
    assert len(told) <= len(kept) + 1
    queued = box.rows("select count(*) from message where account = 'discord/log'")
    assert queued == [(len(kept),)]


def _each_message_was_answered_once(day: Day) -> None:
    for number in day.orders:
        assert day.practice.telegram.texts(number) == [f"Order {number}: on its way"]
    kept = day.practice.box.rows("select text from notes order by id")
    assert [text for (text,) in kept] == day.notes


def _there_was_one_report_a_day(day: Day) -> None:
    mornings = 1 + (day.practice.box.now() > datetime(2026, 3, 30, 4, 0, tzinfo=UTC))
    assert len(day.practice.reports) == len(day.practice.town.slack) == mornings
    assert "- Visits: 12\n- Bookings: 3\n- Sales: 410.5" in day.practice.reports[0]
