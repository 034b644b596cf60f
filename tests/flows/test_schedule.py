from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from onebox.flows.schedule import (
    MOST_MISSED,
    ScheduleSettings,
    missed_ticks,
    next_tick,
    schedule_trigger,
    tick_arrival,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = ("0 0 * * *", "30 0 * * *", "30 1 * * *", "30 2 * * *", "15 3 * * *", "30 23 * * *", "@daily")
RUNNING = ("* * * * *", "0 * * * *", "*/15 * * * *", "30 */2 * * *")
SPARSE = ("0 6 1 * *", "0 6 * * MON", "0 0 L * *", "0 12 29 2 *", "0 6 * * 5L", "@yearly")


def schedule(**given: Any) -> ScheduleSettings:
    return ScheduleSettings.model_validate(given)


def ticks(settings: ScheduleSettings, after: datetime, timezone: str = "UTC") -> Iterator[datetime]:
    while True:
        after = next_tick(settings, after, timezone=timezone)
        yield after


def berlin_ticks(cron: str, day: str, count: int) -> list[str]:
    start = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=BERLIN) - timedelta(seconds=1)
    found = islice(ticks(schedule(cron=cron, timezone="Europe/Berlin"), start), count)
    return [tick.astimezone(BERLIN).strftime("%d %H:%M %z") for tick in found]


# --- clock changes: 29 March and 25 October 2026 in Berlin ----------------------------------------------------------


@pytest.mark.parametrize(
    ("cron", "day", "expected"),
    [
        ("0 6 * * *", "2026-03-28", ["28 06:00 +0100", "29 06:00 +0200", "30 06:00 +0200"]),
        ("0 6 * * *", "2026-10-24", ["24 06:00 +0200", "25 06:00 +0100", "26 06:00 +0100"]),
        ("30 2 * * *", "2026-03-28", ["28 02:30 +0100", "29 03:00 +0200", "30 02:30 +0200"]),
        ("30 2 * * *", "2026-10-24", ["24 02:30 +0200", "25 02:30 +0200", "26 02:30 +0100"]),
        ("0 3 * * *", "2026-03-29", ["29 03:00 +0200", "30 03:00 +0200"]),
        ("0 * * * *", "2026-03-29", ["29 00:00 +0100", "29 01:00 +0100", "29 03:00 +0200"]),
        ("0 * * * *", "2026-10-25", ["25 00:00 +0200", "25 01:00 +0200", "25 02:00 +0200", "25 02:00 +0100"]),
    ],
)
def test_clock_changes_in_berlin(cron: str, day: str, expected: list[str]) -> None:
    assert expected == berlin_ticks(cron, day, len(expected))


def test_repeated_hour_does_not_repeat_the_job() -> None:
    second_time = datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN, fold=1)
    tick = next_tick(schedule(cron="30 2 * * *", timezone="Europe/Berlin"), second_time)
    assert datetime(2026, 10, 26, 1, 30, tzinfo=UTC) == tick


@cache
def zones_with_changes() -> dict[str, list[datetime]]:
    """One zone for each history of clock changes in 2025 and 2026, with the days on which they are."""
    found: dict[tuple[tuple[datetime, timedelta | None], ...], str] = {}
    noons = [datetime(2025, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(730)]
    for name in sorted(available_timezones()):
        offsets = [(noon, ZoneInfo(name).utcoffset(noon.astimezone(ZoneInfo(name)))) for noon in noons]
        changes = tuple(later for earlier, later in pairwise(offsets) if earlier[1] != later[1])
        found.setdefault(changes, name)
    return {name: [noon for noon, _ in changes] for changes, name in found.items() if changes}


def first_instant(wanted: datetime, zone: ZoneInfo) -> datetime:
    """When a wall clock first shows this time of day, or a later one if the clock jumps over it."""
    instant = min(wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    while instant.astimezone(zone).replace(tzinfo=None) < wanted:
        instant += timedelta(minutes=1)
    return instant


@pytest.mark.parametrize("wall", ["00:00", "00:30", "01:30", "02:30", "03:15", "12:00", "23:30"])
def test_daily_job_comes_once_on_every_day_in_every_zone(wall: str) -> None:
    hour, minute = map(int, wall.split(":"))
    assert len(zones_with_changes()) > 10
    for name, changes in zones_with_changes().items():
        plan = schedule(cron=f"{minute} {hour} * * *", timezone=name)
        for change in changes:
            midnight = change.replace(hour=0, tzinfo=None) - timedelta(days=3)
            walls = [midnight + timedelta(days=day, hours=hour, minutes=minute) for day in range(6)]
            expected = [first_instant(wanted, ZoneInfo(name)) for wanted in walls]
            assert expected == list(islice(ticks(plan, expected[0] - timedelta(seconds=1)), 6)), (name, change)


def test_hourly_job_comes_in_every_real_hour_in_every_zone() -> None:
    for name, changes in zones_with_changes().items():
        if name in {"Australia/Lord_Howe", "Australia/LHI"}:  # the clock changes by half an hour there
            continue
        for change in changes:
            found = list(islice(ticks(schedule(cron="0 * * * *", timezone=name), change - timedelta(days=1)), 48))
            assert {timedelta(hours=1)} == {later - earlier for earlier, later in pairwise(found)}, (name, change)


@settings(max_examples=150, deadline=None)
@given(
    cron=st.sampled_from(DAILY + RUNNING + SPARSE),
    name=st.sampled_from(sorted(available_timezones())),
    after=st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_ticks_only_ever_go_forward(cron: str, name: str, after: datetime) -> None:
    found = [after, *islice(ticks(schedule(cron=cron, timezone=name), after), 5)]
    assert all(earlier < later for earlier, later in pairwise(found))


@settings(max_examples=100, deadline=None)
@given(
    cron=st.sampled_from(DAILY + RUNNING),
    name=st.sampled_from(sorted(available_timezones())),
    after=st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    share=st.floats(0, 0.999),
)
def test_asking_later_gives_the_same_tick(cron: str, name: str, after: datetime, share: float) -> None:
    plan = schedule(cron=cron, timezone=name)
    tick = next_tick(plan, after)
    assert tick == next_tick(plan, after + (tick - after) * share)


# --- every ----------------------------------------------------------------------------------------------------------


def test_every_is_aligned_to_the_clock() -> None:
    after = datetime(2026, 11, 24, 9, 7, 3, tzinfo=UTC)
    found = islice(ticks(schedule(every="15m"), after), 3)
    assert [tick.strftime("%H:%M:%S") for tick in found] == ["09:15:00", "09:30:00", "09:45:00"]


def test_every_week_begins_on_monday() -> None:
    tick = next_tick(schedule(every="1w"), datetime(2026, 11, 24, tzinfo=UTC))
    assert datetime(2026, 11, 30, tzinfo=UTC) == tick


def test_every_is_strictly_later_than_a_tick() -> None:
    tick = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)
    assert tick + timedelta(minutes=15) == next_tick(schedule(every="15m"), tick)


# --- missed ---------------------------------------------------------------------------------------------------------

LAST = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def test_latest_makes_up_for_one() -> None:
    assert missed_ticks(schedule(cron="0 6 * * *"), LAST, NOW) == [NOW]


def test_all_makes_up_for_each() -> None:
    expected = [LAST + timedelta(days=day) for day in (1, 2, 3, 4)]
    assert expected == missed_ticks(schedule(cron="0 6 * * *", missed="all"), LAST, NOW)


def test_none_makes_up_for_nothing() -> None:
    assert missed_ticks(schedule(cron="0 6 * * *", missed="none"), LAST, NOW) == []


def test_nothing_was_missed() -> None:
    assert missed_ticks(schedule(cron="0 6 * * *", missed="all"), NOW, NOW + timedelta(hours=23)) == []


def test_clock_set_back_misses_nothing() -> None:
    assert missed_ticks(schedule(cron="* * * * *", missed="all"), NOW, LAST) == []


@pytest.mark.parametrize("rhythm", [{"every": "1s"}, {"cron": "* * * * *"}])
def test_years_of_minutes_are_capped_to_the_latest(rhythm: dict[str, str]) -> None:
    found = missed_ticks(schedule(**rhythm, missed="all"), LAST - timedelta(days=3650), NOW)
    assert len(found) == MOST_MISSED
    assert found[-1] == NOW


@settings(max_examples=60, deadline=None)
@given(
    cron=st.sampled_from(DAILY + RUNNING + SPARSE),
    name=st.sampled_from(["Europe/Berlin", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "UTC"]),
    last=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    minutes=st.integers(0, 2000),
)
def test_missed_are_the_ticks_between(cron: str, name: str, last: datetime, minutes: int) -> None:
    now = last + timedelta(minutes=minutes)
    plan = schedule(cron=cron, timezone=name, missed="all")
    expected: list[datetime] = []
    for tick in ticks(plan, last):
        if tick > now:
            break
        expected.append(tick)
    assert expected[-MOST_MISSED:] == missed_ticks(plan, last, now)


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"cron": "0 25 * * *"},
            "hour: '25' in '0 25 * * *' is wrong: expected * or 0 to 23, such as \"0 6 * * *\" (every day at 06:00)",
        ),
        (
            {"cron": "0 0 * FOO *"},
            "month: 'FOO' in '0 0 * FOO *' is wrong: expected * or 1 to 12 or JAN to DEC, such as \"0 6 * * *\" (every day at 06:00)",
        ),
        (
            {"cron": "0 6 * *"},
            "expected five fields (minute, hour, day of the month, month, day of the week) such as \"0 6 * * *\" (every day at 06:00); got 4 in '0 6 * *'",
        ),
        (
            {"cron": "@reboot"},
            "expected one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, or five fields such as \"0 6 * * *\" (every day at 06:00); got '@reboot'",
        ),
        (
            {"cron": "0 0 30 2 *"},
            "'0 0 30 2 *' never comes: no such day is in any such month; write it such as \"0 6 * * *\" (every day at 06:00)",
        ),
        (
            {"cron": "@daily", "timezone": "Mars/Olympus"},
            "expected a time zone such as Europe/Berlin or UTC, got 'Mars/Olympus'",
        ),
        ({}, 'expected either cron, such as "0 6 * * *" (every day at 06:00), or every, such as 15m'),
        ({"every": "0s"}, "every: must be 1s or longer"),
        ({"every": "soon"}, "expected a duration such as 10s, 15m, 2h or 90d, got 'soon'"),
        (
            {"every": "1h", "timezone": "UTC"},
            "timezone: belongs to cron; every counts real time, which no zone changes",
        ),
    ],
)
def test_wrong_settings_say_what_and_how(given: dict[str, str], expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        schedule(**given)
    assert [expected] == [fault["msg"] for fault in caught.value.errors()]


@settings(max_examples=300, deadline=None)
@given(cron=st.text(alphabet="0123456789*/,-#L@W MONdaily", max_size=20))
def test_any_cron_is_understood_or_refused(cron: str) -> None:
    try:
        plan = schedule(cron=cron)
    except ValidationError:
        return
    assert next_tick(plan, NOW) > NOW


def test_own_time_zone_goes_before_the_flows() -> None:
    own = schedule(cron="0 6 * * *", timezone="Asia/Tokyo")
    assert datetime(2026, 11, 24, 21, 0, tzinfo=UTC) == next_tick(own, NOW, timezone="Europe/Berlin")
    assert datetime(2026, 11, 25, 5, 0, tzinfo=UTC) == next_tick(
        schedule(cron="0 6 * * *"), NOW, timezone="Europe/Berlin"
    )


def test_tick_is_handed_over_under_its_instant() -> None:
    arrival = tick_arrival("daily-report", datetime(2026, 11, 24, 6, 0, tzinfo=BERLIN), missed=True)
    assert arrival.key == "2026-11-24T05:00:00+00:00"
    assert arrival.source == "schedule:daily-report"
    assert arrival.topic == schedule_trigger().topic("daily-report", schedule(cron="@daily"))
    assert arrival.data == {"scheduled_at": datetime(2026, 11, 24, 5, 0, tzinfo=UTC), "missed": True}
