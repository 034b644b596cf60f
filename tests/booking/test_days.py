"""When people work, in every zone, on days of every length."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from onebox.booking.claims import Span
from onebox.booking.days import day_span, stretches, working
from onebox.booking.hours import HoursInvalid, Windows, parse_hours
from onebox.booking.salon import StaffMember
from tests.booking.salons import CHANGES, MINUTE, at_work, members, windows

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = some.sampled_from(sorted(CHANGES))


@some.composite
def spans_near_a_change(draw: some.DrawFn) -> tuple[str, Span]:
    zone = draw(ZONES)
    change = draw(some.sampled_from(CHANGES[zone]))
    start = change + draw(some.integers(-36 * 60, 12 * 60)) * MINUTE
    return zone, Span(start, start + draw(some.integers(0, 24 * 60)) * MINUTE)


@settings(max_examples=40, deadline=None)
@given(spans_near_a_change(), some.data())
def test_someone_works_when_the_clock_on_the_wall_shows_their_hours(
    near: tuple[str, Span], data: some.DataObject
) -> None:
    zone, span = ZoneInfo(near[0]), near[1]
    member = data.draw(members("ana", span.start.astimezone(zone).date()))
    spans = working(member, stretches(zone, span))

    minute = span.start
    while minute < span.end:
        assert any(start <= minute < end for start, end in spans) == at_work(member, zone, minute)
        minute += MINUTE
    assert all(former.end < later.start for former, later in pairwise(spans))


@given(spans_near_a_change())
def test_a_span_is_cut_where_the_clock_is_changed(near: tuple[str, Span]) -> None:
    zone, span = ZoneInfo(near[0]), near[1]
    found = stretches(zone, span)

    changes = [change for change in CHANGES[near[0]] if "Asia" not in near[0] and span.start < change < span.end]
    edges = [span.start, *changes, span.end] if span.start < span.end else []
    assert [(one.start, one.end) for one in found] == list(pairwise(edges))
    assert all(one.start.astimezone(zone).utcoffset() == one.ahead for one in found)


@given(ZONES, some.dates(date(2024, 1, 1), date(2032, 1, 1)))
def test_days_follow_each_other_without_a_gap(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    today, tomorrow = day_span(zone, day), day_span(zone, day + timedelta(days=1))

    assert today.end == tomorrow.start
    assert today.start.astimezone(zone).date() == day
    assert (today.end - MINUTE).astimezone(zone).date() == day


def test_a_day_has_the_hours_that_it_has() -> None:
    lengths = [day_span(BERLIN, day) for day in (date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 1))]

    assert [(end - start) / timedelta(hours=1) for start, end in lengths] == [23, 25, 24]
    assert day_span(ZoneInfo("Pacific/Apia"), date(2011, 12, 30)) == Span(*[datetime(2011, 12, 30, 10, tzinfo=UTC)] * 2)


@given(windows())
def test_hours_are_read_as_they_are_written(hours: Windows) -> None:
    text = ", ".join(map(str, hours)) or "closed"

    assert parse_hours(text) == hours


@given(some.text("0123456789:-, closed", max_size=25))
def test_any_hours_are_read_or_refused(text: str) -> None:
    try:
        found = parse_hours(text)
    except HoursInvalid:
        return
    assert all(former.end <= later.start for former, later in pairwise(found))


def person(
    hours: str, exceptions: dict[date, str] | None = None, holidays: tuple[tuple[date, date], ...] = ()
) -> StaffMember:
    """The same on every day."""
    others = {day: parse_hours(text) for day, text in (exceptions or {}).items()}
    return StaffMember("ana", "Ana", ("en",), (parse_hours(hours),) * 7, others, holidays)


def worked(member: StaffMember, first: date, last: date) -> list[str]:
    """As the clock in Berlin shows it, over some days."""
    span = Span(day_span(BERLIN, first).start, day_span(BERLIN, last).end)
    return [
        f"{start.astimezone(BERLIN):%d %H:%M}-{end.astimezone(BERLIN):%d %H:%M} {(end - start) / timedelta(hours=1):g}h"
        for start, end in working(member, stretches(BERLIN, span))
    ]


@pytest.mark.parametrize(
    ("hours", "day", "expected"),
    [
        ("00:00-06:00", date(2026, 3, 29), ["29 00:00-29 06:00 5h"]),
        ("00:00-06:00", date(2026, 10, 25), ["25 00:00-25 06:00 7h"]),
        ("02:00-03:00", date(2026, 3, 29), []),
        ("02:00-03:00", date(2026, 10, 25), ["25 02:00-25 03:00 2h"]),
        ("02:15-02:45", date(2026, 10, 25), ["25 02:15-25 02:45 0.5h", "25 02:15-25 02:45 0.5h"]),
        ("01:30-02:30", date(2026, 3, 29), ["29 01:30-29 03:00 0.5h"]),
        ("09:00-12:00", date(2026, 3, 29), ["29 09:00-29 12:00 3h"]),
    ],
)
def test_both_changes_of_summer_time(hours: str, day: date, expected: list[str]) -> None:
    assert worked(person(hours), day, day) == expected


def test_nights_that_touch_the_morning_are_one_span() -> None:
    night = person("00:00-02:00, 22:00-24:00")

    assert worked(night, date(2026, 6, 1), date(2026, 6, 2)) == [
        "01 00:00-01 02:00 2h",
        "01 22:00-02 02:00 4h",
        "02 22:00-03 00:00 2h",
    ]


def test_a_night_belongs_to_the_evening_on_which_it_began() -> None:
    second = date(2026, 6, 2)
    away = person("20:00-02:00", holidays=((second, second),))

    assert worked(away, date(2026, 6, 1), date(2026, 6, 3)) == [
        "01 00:00-01 02:00 2h",
        "01 20:00-02 02:00 6h",
        "03 20:00-04 00:00 4h",
    ]


def test_an_exception_stands_instead_of_the_weeks_hours() -> None:
    second, third = date(2026, 6, 2), date(2026, 6, 3)
    member = person("09:00-17:00", {second: "10:00-11:00", third: "closed"})

    assert worked(member, date(2026, 6, 1), third) == ["01 09:00-01 17:00 8h", "02 10:00-02 11:00 1h"]


def test_an_exception_may_overlap_the_night_before() -> None:
    second = date(2026, 6, 2)

    assert worked(person("20:00-02:00", {second: "01:00-05:00"}), second, second) == ["02 00:00-02 05:00 5h"]
