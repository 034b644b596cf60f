"""What is offered, by examples that a person can check on a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from onebox.booking.claims import Claim, Offer, Span
from onebox.booking.reading import read_salon
from onebox.booking.slots import offers
from onebox.booking.visit import Wish, WishInvalid
from tests.booking.clock import BERLIN, TUESDAY, at, taken
from tests.booking.salons import minutes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.booking.salon import Salon

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def salon(
    *services: str, hours: str = 'daily: "09:00-12:00"', step: str = "30m", staff: str = "ana", places: str = ""
) -> Salon:
    """Staff with the same hours on every day; a time is offered as long ago as you like."""
    week = hours.replace("daily", "mon-sun")
    people = ", ".join(f"{one}: {{name: {one}, hours: {{{week}}}}}" for one in staff.split())
    text = f"""\
time_zone: Europe/Berlin
currency: EUR
languages: [en]
policies: {{slot_step: {step}, lead_time: 0m, horizon: 700d}}
staff: {{{people}}}
places: {{{places}}}
services:
"""
    for service in services:
        name, _, rest = service.partition(" ")
        text += f"  {name}: {{name: {name}, price: 1, {rest}}}\n"
    read, faults = read_salon("booking.yaml", text)
    assert faults == []
    assert read is not None
    return read


def offered(
    of: Salon, *services: str, busy: Mapping[str, Sequence[Span]] | None = None, day: date = TUESDAY
) -> list[Offer]:
    """All that day and the night after it."""
    span = Span(at("00:00", day), at("00:00", day + timedelta(days=1)) + timedelta(hours=5))
    return offers(of, Wish(services), span, LONG_AGO, busy or {})


def clocks(found: Sequence[Offer], day: date = TUESDAY) -> list[str]:
    """The starts of one day, as the salon's clock shows them."""
    shown = [offer.start.astimezone(BERLIN) for offer in found]
    return [f"{one:%H:%M}" for one in shown if one.date() == day]


def test_times_stand_on_the_grid_and_end_within_hours() -> None:
    assert clocks(offered(salon("cut duration: 45m"), "cut")) == ["09:00", "09:30", "10:00", "10:30", "11:00"]


def test_hours_that_are_off_the_grid_begin_and_end_within_it() -> None:
    of = salon("cut duration: 15m", hours='daily: "09:07-10:20"', step="15m")

    assert clocks(offered(of, "cut")) == ["09:15", "09:30", "09:45", "10:00"]


def test_hours_that_touch_are_one_also_off_the_grid() -> None:
    of = salon("cut duration: 45m", hours='daily: "09:00-10:07, 10:07-11:00"')

    assert clocks(offered(of, "cut")) == ["09:00", "09:30", "10:00"]


def test_buffers_may_lie_outside_of_hours() -> None:
    of = salon("cut duration: 30m, before: 10m, after: 10m", hours='daily: "09:00-10:00"')

    assert clocks(offered(of, "cut")) == ["09:00", "09:30"]


def test_buffers_before_and_after_must_be_free() -> None:
    of = salon("cut duration: 30m, before: 10m, after: 10m")
    busy = {"staff:ana": [taken("10:00-10:05")]}

    assert clocks(offered(of, "cut", busy=busy)) == ["09:00", "10:30", "11:00", "11:30"]


def test_what_touches_does_not_overlap() -> None:
    of = salon("cut duration: 30m")
    busy = {"staff:ana": [taken("09:30-10:00"), taken("10:30-11:30")]}

    assert clocks(offered(of, "cut", busy=busy)) == ["09:00", "10:00", "11:30"]


def test_a_second_that_is_taken_takes_its_minute() -> None:
    start = at("10:00")
    busy = {"staff:ana": [Span(start + timedelta(seconds=1), start + timedelta(seconds=2))]}

    assert clocks(offered(salon("cut duration: 60m", step="1h"), "cut", busy=busy)) == ["09:00", "11:00"]


def test_a_span_without_length_takes_nothing() -> None:
    moment = at("10:00") + timedelta(seconds=30)

    assert len(offered(salon("cut duration: 60m", step="1h"), "cut", busy={"staff:ana": [Span(moment, moment)]})) == 3


def test_a_service_without_its_gap_fits_around_another_booking() -> None:
    of = salon("colour duration: 90m, gap: {after: 30m, length: 30m}")
    busy = {"staff:ana": [taken("09:30-10:00")]}

    assert clocks(offered(of, "colour", busy=busy)) == ["09:00", "10:00", "10:30"]


def test_a_gap_can_be_booked_and_its_place_cannot() -> None:
    of = salon(
        "colour duration: 90m, gap: {after: 30m, length: 30m}, needs: [chair]",
        "talk duration: 30m",
        "cut duration: 30m, needs: [chair]",
        hours='daily: "09:00-10:30"',
        places="chair: 1",
    )
    (colour,) = offered(of, "colour")
    busy: dict[str, list[Span]] = {}
    for claim in colour.claims:
        busy.setdefault(claim.subject, []).append(Span(claim.start, claim.end))

    assert clocks(offered(of, "talk", busy=busy)) == ["09:30"]
    assert offered(of, "cut", busy=busy) == []


def test_a_person_may_have_a_pause_in_the_gap() -> None:
    of = salon("colour duration: 90m, gap: {after: 30m, length: 30m}", hours='daily: "09:00-09:30, 10:00-10:30"')

    assert clocks(offered(of, "colour")) == ["09:00"]


def test_services_of_a_visit_follow_each_other_with_the_buffers_of_both_between() -> None:
    of = salon(
        "wash duration: 15m, before: 5m, after: 10m, needs: [basin]", "cut duration: 30m, before: 5m", places="basin: 1"
    )
    first = offered(of, "wash", "cut")[0]

    assert [(part.service, part.start, part.end) for part in first.parts] == [
        ("wash", at("09:00"), at("09:15")),
        ("cut", at("09:30"), at("10:00")),
    ]
    assert (first.start, first.end) == (at("09:00"), at("10:00"))
    assert first.claims == (
        Claim("basin:1", at("08:55"), at("09:25")),
        Claim("staff:ana", at("08:55"), at("09:25")),
        Claim("staff:ana", at("09:25"), at("10:00")),
    )


def test_a_gap_takes_a_person_twice_and_a_place_once() -> None:
    of = salon(
        "colour duration: 90m, before: 5m, after: 10m, gap: {after: 30m, length: 30m}, needs: [chair]",
        places="chair: 1",
    )

    assert offered(of, "colour")[0].claims == (
        Claim("chair:1", at("08:55"), at("10:40")),
        Claim("staff:ana", at("08:55"), at("09:30")),
        Claim("staff:ana", at("10:00"), at("10:40")),
    )


def test_a_place_is_chosen_among_those_that_are_free() -> None:
    of = salon("cut duration: 30m, needs: [chair]", places="chair: 2")
    busy = {"chair:1": [taken("09:00-09:30")], "chair:2": [taken("09:30-10:30")], "staff:ana": [taken("11:00-12:00")]}
    found = offered(of, "cut", busy=busy)

    assert [offer.parts[0].places for offer in found] == [("chair:2",), ("chair:1",), ("chair:1",), ("chair:1",)]


def test_no_place_no_visit() -> None:
    of = salon("cut duration: 30m, needs: [chair]", places="chair: 2", hours='daily: "09:00-10:00"')
    busy = {"chair:1": [taken("09:00-09:30")], "chair:2": [taken("09:15-09:20")]}

    assert clocks(offered(of, "cut", busy=busy)) == ["09:30"]


def test_the_client_keeps_the_place() -> None:
    of = salon("wash duration: 30m, needs: [chair]", "cut duration: 30m, needs: [chair]", places="chair: 2")
    busy = {"chair:1": [taken("09:00-09:30")]}

    assert [part.places for part in offered(of, "wash", "cut", busy=busy)[0].parts] == [("chair:2",), ("chair:2",)]


# --- who does it ---


def test_whoever_has_least_to_do_that_day_is_chosen() -> None:
    of = salon("cut duration: 30m", staff="zoe ana bo")
    yesterday = TUESDAY - timedelta(days=1)
    busy = {"staff:zoe": [taken("11:00-11:30")], "staff:ana": [taken("09:00-12:00", yesterday), taken("09:00-09:15")]}

    assert [offer.parts[0].staff for offer in offered(of, "cut", busy=busy)][:6] == ["bo"] * 6


def test_of_those_with_as_much_to_do_the_first_in_the_file_is_chosen() -> None:
    of = salon("cut duration: 30m", staff="zoe ana")

    assert {offer.parts[0].staff for offer in offered(of, "cut")} == {"zoe"}


def test_work_is_shared_out_as_it_is_booked() -> None:
    of = salon("cut duration: 30m", staff="zoe ana bo")
    busy: dict[str, list[Span]] = {}
    for _ in range(9):
        claim = offered(of, "cut", busy=busy)[0].claims[0]
        busy.setdefault(claim.subject, []).append(Span(claim.start, claim.end))

    assert [len(spans) for spans in busy.values()] == [3, 3, 3]


def test_one_person_does_the_whole_visit_if_somebody_can() -> None:
    of = salon("wash duration: 30m, staff: [ana, bo]", "cut duration: 30m", staff="zoe ana bo")
    busy = {"staff:ana": [taken("10:00-11:00")], "staff:bo": [taken("09:00-11:30")]}

    assert {offer.start: [part.staff for part in offer.parts] for offer in offered(of, "wash", "cut", busy=busy)} == {
        at("09:00"): ["ana", "ana"],
        at("09:30"): ["ana", "zoe"],
        at("11:00"): ["ana", "ana"],
    }


def test_who_began_goes_on_if_possible() -> None:
    of = salon(
        *("wash duration: 30m", "cut duration: 30m, staff: [zoe, ana]", "colour duration: 30m, staff: [bo]"),
        *("style duration: 30m",),
        staff="zoe ana bo",
        hours='daily: "09:00-11:00"',
    )
    (visit,) = offered(of, "wash", "cut", "colour", "style", busy={"staff:zoe": [taken("09:00-09:30")]})

    assert [part.staff for part in visit.parts] == ["ana", "ana", "bo", "bo"]


def test_a_person_can_be_asked_for_each_service() -> None:
    of = salon("wash duration: 30m", "cut duration: 30m", staff="zoe ana")
    span = taken("09:00-09:10")

    def people(staff: str | list[str]) -> list[str]:
        (offer,) = offers(of, Wish(["wash", "cut"], staff), span, LONG_AGO, {})
        return [part.staff for part in offer.parts]

    assert people("ana") == ["ana", "ana"]
    assert people(["ana", "zoe"]) == ["ana", "zoe"]
    assert people(["any", "ana"]) == ["ana", "ana"]


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        (Wish([]), "expected services and somebody for each, got 0 and 0"),
        (Wish(["cut"], ["ana", "bo"]), "expected services and somebody for each, got 1 and 2"),
        (Wish(["cutt"]), "there is no service 'cutt'"),
        (Wish(["cut"], "anna"), "there is no person 'anna'"),
        (Wish(["wash"], "bo"), "'bo' does not do 'wash'"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(wish: Wish, wrong: str) -> None:
    of = salon("cut duration: 30m", "wash duration: 30m, staff: [ana]", staff="ana bo")

    with pytest.raises(WishInvalid, match=f"^{wrong}"):
        offers(of, wish, taken("09:00-12:00"), LONG_AGO, {})


# --- when ---


def test_a_start_lies_between_lead_time_and_horizon_both_within() -> None:
    read, _ = read_salon(
        "booking.yaml",
        """\
time_zone: Europe/Berlin
currency: EUR
languages: [en]
policies: {lead_time: 1h, horizon: 3h, slot_step: 30m}
staff: {ana: {name: Ana, hours: {mon-sun: "00:00-24:00"}}}
services: {cut: {name: Cut, duration: 30m, price: 1}}
""",
    )
    assert read is not None
    whole_day = taken("00:00-23:00")

    def times(now: datetime) -> list[str]:
        return clocks(offers(read, Wish(["cut"]), whole_day, now, {}))

    assert times(at("09:00")) == ["10:00", "10:30", "11:00", "11:30", "12:00"]
    assert times(at("09:00") + timedelta(seconds=1)) == ["10:30", "11:00", "11:30", "12:00"]
    assert times(at("09:00") - timedelta(seconds=1)) == ["10:00", "10:30", "11:00", "11:30"]


def test_the_span_is_of_starts_and_half_open() -> None:
    of = salon("cut duration: 30m")

    assert clocks(offers(of, Wish(["cut"]), taken("09:30-10:30"), LONG_AGO, {})) == ["09:30", "10:00"]
    seconds = Span(at("09:00") + timedelta(seconds=1), at("10:00") + timedelta(seconds=1))
    assert clocks(offers(of, Wish(["cut"]), seconds, LONG_AGO, {})) == ["09:30", "10:00"]
    assert offers(of, Wish(["cut"]), Span(at("10:00"), at("09:00")), LONG_AGO, {}) == []


def test_a_night_goes_on_past_midnight() -> None:
    of = salon("cut duration: 60m", hours='tue: "22:00-02:00"', step="1h")
    found = offered(of, "cut")

    assert clocks(found) == ["22:00", "23:00"]
    assert clocks(found, TUESDAY + timedelta(days=1)) == ["00:00", "01:00"]


SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def test_the_hour_that_is_left_out_is_not_offered() -> None:
    of = salon("cut duration: 30m", hours='daily: "01:00-04:00"')
    found = offered(of, "cut", day=SPRING)

    assert clocks(found, SPRING) == ["01:00", "01:30", "03:00", "03:30"]
    assert found[2].start - found[1].start == minutes(30)


def test_the_hour_that_comes_twice_is_offered_twice() -> None:
    of = salon("cut duration: 30m", hours='daily: "01:30-03:30"')
    found = offered(of, "cut", day=AUTUMN)

    assert clocks(found, AUTUMN) == ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    assert {later.start - former.start for former, later in pairwise(found[:6])} == {minutes(30)}


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_a_visit_across_the_change_lasts_as_long_as_it_takes(day: date) -> None:
    of = salon("colour duration: 90m", hours='daily: "01:00-05:00"', step="1h")
    found = offered(of, "colour", day=day)

    assert found[0].start == at("01:00", day)
    assert {offer.end - offer.start for offer in found} == {minutes(90)}


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_the_grid_does_not_drift_after_the_change(day: date) -> None:
    of = salon("cut duration: 30m", hours='daily: "00:00-24:00"', step="6h")

    assert clocks(offered(of, "cut", day=day), day) == ["00:00", "06:00", "12:00", "18:00"]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"])
def test_the_grid_is_the_clocks_where_it_is_not_ahead_by_whole_hours(zone: str) -> None:
    of = replace(salon("cut duration: 60m", step="1h"), time_zone=zone)
    start = datetime(2026, 11, 3, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = offers(of, Wish(["cut"]), Span(start, start + timedelta(days=1)), LONG_AGO, {})

    assert [f"{offer.start.astimezone(ZoneInfo(zone)):%H:%M}" for offer in found] == ["09:00", "10:00", "11:00"]


def test_the_grid_stays_on_the_clock_where_the_change_is_half_an_hour() -> None:
    read, _ = read_salon(
        "booking.yaml",
        """\
time_zone: Australia/Lord_Howe
currency: AUD
languages: [en]
policies: {lead_time: 0m, slot_step: 1h}
staff: {ana: {name: Ana, hours: {mon-sun: "00:00-04:00"}}}
services: {cut: {name: Cut, duration: 15m, price: 1}}
""",
    )
    assert read is not None
    zone = ZoneInfo("Australia/Lord_Howe")
    midnight = datetime(2026, 4, 5, tzinfo=zone).astimezone(UTC)
    found = offers(read, Wish(["cut"]), Span(midnight, midnight + timedelta(hours=6)), midnight, {})

    assert [f"{offer.start.astimezone(zone):%H:%M}" for offer in found] == ["00:00", "01:00", "02:00", "03:00"]
    assert found[2].start - found[1].start == minutes(90)
