"""The template `daily-report`: the clock of Berlin, APIs that are down, a box that was down. Its clock is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.practice import Practice, open_practice

if TYPE_CHECKING:
    from pathlib import Path

MINUTE = timedelta(minutes=1)
WHOLE = "- Visits: 12\n- Bookings: 3\n- Sales: 410.5"


async def reported(practice: Practice, count: int) -> list[str]:
    """The reports, once there are so many by mail and in Slack."""

    async def came() -> bool:
        return len(practice.reports) >= count and len(practice.town.slack) >= count

    await practice.box.eventually(f"{count} reports came", came, within=20)
    return practice.reports


@pytest.mark.soak
@pytest.mark.parametrize(
    "six_in_berlin",
    [
        datetime(2026, 3, 28, 5, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 4, 0, tzinfo=UTC),  # the clock was put forward in this night
        datetime(2026, 10, 25, 5, 0, tzinfo=UTC),  # and back in this
    ],
    ids=["winter", "spring", "autumn"],
)
async def test_it_comes_at_six_in_berlin(six_in_berlin: datetime, tmp_path: Path) -> None:
    async with open_practice(tmp_path, begins=six_in_berlin - 2 * MINUTE) as practice:
        await practice.start()
        await practice.box.move_to(six_in_berlin - timedelta(seconds=5))
        assert practice.reports == []

        await practice.box.move_to(six_in_berlin)

        [report] = await reported(practice, 1)
        assert WHOLE in report
        [letter] = practice.mail.letters
        assert (letter["To"], letter["Subject"]) == ("owner@example.org", "Yesterday")
        assert "<li><strong>Visits</strong>: 12</li>" in str(letter.get_body(("html",)))
        assert practice.town.slack == ["*Yesterday*\n\n• *Visits*: 12\n• *Bookings*: 3\n• *Sales*: 410.5"]


@pytest.mark.soak
async def test_a_box_that_was_down_sends_once_when_it_is_back(tmp_path: Path) -> None:
    begins = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
    async with open_practice(tmp_path, begins=begins) as practice:
        await practice.start()
        await practice.box.stop()
        practice.box.set_ahead((begins - datetime.now(UTC) + timedelta(days=3, hours=4)).total_seconds())

        await practice.start()

        await reported(practice, 1)
        await practice.box.drained(within=10)
        assert practice.box.rows("select count(*) from event where topic = 'schedule.daily-report'") == [(1,)]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (503, "did not answer ("),
        ("x" * 10_000_000, "answered with 10000000 bytes, but the step takes 1000000 bytes"),
        ("a page", "answered, but without a value"),
    ],
    ids=["down", "10 MB", "no JSON"],
)
async def test_an_api_in_trouble_is_named_and_stops_nothing(trouble: Any, said: str, tmp_path: Path) -> None:
    six = datetime(2026, 11, 2, 5, 0, tzinfo=UTC)
    async with open_practice(tmp_path, begins=six - MINUTE) as practice:
        practice.town.metrics["bookings"] = trouble
        await practice.start()
        for minutes in range(12):  # its attempts are ten seconds and more apart
            await practice.box.move_to(six + minutes * MINUTE)
            await practice.box.settled()

        [report] = await reported(practice, 1)

        lines = report.splitlines()
        assert [line for line in lines if line.startswith("- Bookings: ") and said in line.replace("\\", "")], report
        assert "- Visits: 12" in lines
        assert "- Sales: 410.5" in lines
