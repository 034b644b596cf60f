"""Why a time is not offered, with what is really so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onebox.booking.claims import Span
from onebox.booking.reading import read_salon
from onebox.booking.reasons import CODES, Reason, explain
from onebox.booking.visit import Wish, WishInvalid
from tests.booking.clock import at, taken
from tests.booking.salons import minutes

if TYPE_CHECKING:
    from onebox.booking.salon import Salon

NOW = at("08:00")
PAGE = (Path(__file__).parents[2] / "docs/reference/booking.md").read_text()
TEXT = """\
time_zone: Europe/Berlin
currency: EUR
languages: [en]
policies: {lead_time: 2h, horizon: 7d, slot_step: 30m}
staff:
  ana: {name: Ana, hours: {tue-fri: "09:00-13:00, 14:00-18:00"}, holidays: [2026-11-05..2026-11-06]}
  bo: {name: Bo, hours: {tue-fri: "12:00-20:00"}, exceptions: {2026-11-06: closed}}
places: {chair: 2}
services:
  colour: {name: Colour, duration: 90m, after: 10m, gap: {after: 30m, length: 30m}, price: 1, staff: [ana], needs: [chair]}
  cut: {name: Cut, duration: 30m, price: 1}
"""
THURSDAY, FRIDAY = date(2026, 11, 5), date(2026, 11, 6)


def salon() -> Salon:
    read, faults = read_salon("booking.yaml", TEXT)
    assert faults == []
    assert read is not None
    return read


def why(start: datetime, *services: str, busy: dict[str, list[Span]] | None = None, staff: str = "any") -> list[Reason]:
    return explain(salon(), Wish(services, staff), start, NOW, busy or {})


def test_what_can_be_booked_has_no_reason() -> None:
    assert why(at("14:00"), "cut", "colour") == []


def test_too_soon_and_too_far_say_what_is_neither() -> None:
    bookable = Span(at("10:00"), NOW + timedelta(days=7))

    assert why(at("09:30"), "cut") == [Reason("too_soon", (bookable,))]
    assert why(at("12:00", date(2026, 11, 10)), "cut") == [Reason("too_far", (bookable,))]


def test_the_first_and_the_last_instant_can_be_booked() -> None:
    assert why(at("10:00"), "cut") == []
    assert [reason.code for reason in why(NOW + timedelta(days=7), "cut")] == ["closed"]


@pytest.mark.parametrize("start", [at("14:10"), at("14:00") + timedelta(seconds=1)])
def test_off_the_grid_says_what_is_before_and_after(start: datetime) -> None:
    assert why(start, "cut") == [Reason("off_grid", (taken("14:00-14:30"),))]


def test_closed_says_when_anybody_works() -> None:
    assert why(at("20:00"), "cut") == [Reason("closed", (taken("09:00-20:00"),), "cut")]
    assert why(at("12:00", date(2026, 11, 8)), "cut") == [Reason("closed", (), "cut")]


def test_who_does_not_work_is_told_with_the_hours() -> None:
    assert why(at("13:00"), "cut", staff="ana") == [
        Reason("not_working", (taken("09:00-13:00"), taken("14:00-18:00")), "cut", "staff:ana")
    ]


def test_holidays_are_told_to_their_last_day() -> None:
    away = Span(at("00:00", THURSDAY), at("00:00", FRIDAY + timedelta(days=1)))

    assert why(at("14:00", THURSDAY), "cut", staff="ana") == [Reason("holiday", (away,), "cut", "staff:ana")]


def test_a_day_that_is_closed_by_an_exception_is_no_holiday() -> None:
    (reason,) = why(at("14:00", FRIDAY), "cut", staff="bo")

    assert (reason.code, reason.spans) == ("closed", ())


def test_who_is_busy_is_told_with_what() -> None:
    first, second = taken("13:50-14:20"), taken("15:35-16:00")
    busy = {"staff:ana": [second, first, taken("14:30-15:00"), taken("17:00-18:00")]}

    assert why(at("14:00"), "colour", busy=busy) == [Reason("busy", (first, second), "colour", "staff:ana")]


def test_each_who_could_do_it_has_a_reason_and_nobody_if_one_is_free() -> None:
    busy = {"staff:bo": [taken("13:00-13:15")]}

    assert [(reason.code, reason.subject) for reason in why(at("13:00"), "cut", busy=busy)] == [
        ("not_working", "staff:ana"),
        ("busy", "staff:bo"),
    ]
    assert why(at("13:00"), "cut") == []


def test_no_place_says_what_takes_each() -> None:
    busy = {"chair:1": [taken("14:40-14:45")], "chair:2": [taken("15:39-16:00")]}

    assert why(at("14:00"), "colour", busy=busy) == [
        Reason("no_place", (taken("14:40-14:45"), taken("15:39-16:00")), "colour", "chair")
    ]
    assert why(at("14:00"), "colour", busy={"chair:1": [taken("14:40-14:45")]}) == []


def test_the_service_is_named_that_does_not_fit() -> None:
    (reason,) = why(at("16:00"), "cut", "colour", busy={"staff:ana": [taken("17:45-18:00")]})

    assert (reason.code, reason.service) == ("busy", "colour")


def test_several_reasons_are_told_at_once() -> None:
    start = at("08:00") + minutes(10)
    busy = {place: [taken("08:00-09:00")] for place in ("chair:1", "chair:2", "staff:ana")}

    codes = [reason.code for reason in why(start, "colour", busy=busy)]
    assert codes == ["too_soon", "off_grid", "not_working", "busy", "no_place"]


def test_a_wish_that_cannot_be_is_refused() -> None:
    with pytest.raises(WishInvalid, match="'bo' does not do 'colour'"):
        explain(salon(), Wish(["colour"], "bo"), datetime(2026, 11, 3, tzinfo=UTC), NOW, {})


def test_every_code_is_in_the_reference_and_no_other() -> None:
    section = PAGE.partition("## Why a time is not offered")[2]

    assert dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|$", section, re.MULTILINE)) == CODES
