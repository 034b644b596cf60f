"""The template `feeds`, as it is shipped, beside feeds and a Bot API; its clock is moved."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.telegram import TOKEN, FakeTelegram
from tests.support.templates import template_box
from tests.support.timed_box import TimedBox
from tests.support.town import Feed, Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BEGINS = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with Town() as running:
        running.feeds = {number: Feed([f"old {number}"]) for number in range(3)}
        yield running


@pytest.fixture
async def box(tmp_path: Path, telegram: FakeTelegram, town: Town) -> AsyncIterator[TimedBox]:
    bot = "telegram/main: {token: telegram_token"
    settings = {"@your_channel": "@news", bot: f"{bot}, api: '{telegram.url}'"}
    folder = template_box(tmp_path / "box", ["feeds"], secrets={"telegram_token": TOKEN}, settings=settings)
    (folder.flows / "feeds.txt").write_text("\n".join(town.feed_address(number) for number in town.feeds))
    made = TimedBox(folder.path, begins=BEGINS)
    yield made
    await made.clean_up()


async def met(box: TimedBox, count: int) -> None:
    """Waits until so many items are known."""

    async def known() -> bool:
        return box.rows("select count(*) from feed_item") == [(count,)]

    await box.eventually(f"{count} items are known", known, within=20)


async def sent(box: TimedBox, count: int) -> None:
    """Waits until the box knows of so many messages that they were sent."""

    async def known() -> bool:
        return box.rows("select count(*) from message where state = 'sent'") == [(count,)]

    await box.eventually(f"{count} messages are sent", known, within=20)


def posts(telegram: FakeTelegram) -> Counter[str]:
    return Counter(message.text for message in telegram.sent)


def post(town: Town, number: int, place: int, title: str) -> str:
    return f"<b>{title}</b>\n{town.link(number, place)}"


@pytest.mark.soak
async def test_each_item_is_posted_once_across_a_kill(box: TimedBox, telegram: FakeTelegram, town: Town) -> None:
    await box.start()
    await box.move_to(BEGINS + timedelta(seconds=30))
    await met(box, 3)
    assert telegram.sent == []  # first: none

    town.feeds[0].items.append("5 * 3 <now>")
    town.feeds[1].status = 500
    town.feeds[2].items += ["one", "two"]
    await box.move_to(box.now() + 2 * QUARTER)  # a feed has its place within the quarter
    await sent(box, 3)  # what is on its way when the box is killed may go twice
    await met(box, 6)
    await box.kill()
    await box.start()
    town.feeds[1] = Feed(["old 1", "late"])
    await box.move_to(box.now() + 4 * QUARTER)
    await sent(box, 4)
    await box.move_to(box.now() + 4 * QUARTER)
    await box.drained(within=10)

    assert posts(telegram) == {
        post(town, 0, 1, "5 * 3 &lt;now&gt;"): 1,
        post(town, 2, 1, "one"): 1,
        post(town, 2, 2, "two"): 1,
        post(town, 1, 1, "late"): 1,
    }
    assert {message.chat for message in telegram.sent} == {"@news"}


@pytest.mark.soak
async def test_the_flow_s_page_says_which_feed_fails_and_since_when(
    box: TimedBox, telegram: FakeTelegram, town: Town
) -> None:
    town.feeds[1].status = 503
    town.feeds[2].hostile = True
    await box.start()
    await box.move_to(BEGINS + timedelta(seconds=30))
    await met(box, 1)

    async def two_fail() -> bool:
        return box.rows("select count(*) from feed where failures > 0") == [(2,)]

    await box.eventually("two feeds fail", two_fail, within=20)

    [down, hostile] = box.rows("select failing_since, error from feed where failures > 0 order by url")
    assert down[0].startswith("2026-11-02T08:00")
    assert "503" in down[1]
    assert "entit" in hostile[1].lower()
