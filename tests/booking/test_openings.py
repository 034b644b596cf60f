"""What can be asked of the openings of a visit, and of a timetable that is kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from onebox.booking.claims import Span
from onebox.booking.reading import read_salon
from onebox.booking.slots import Openings, openings
from onebox.booking.timetable import Timetable
from onebox.booking.visit import Wish
from tests.booking.clock import BERLIN, TUESDAY, at, taken

if TYPE_CHECKING:
    from onebox.booking.salon import Salon

DAY = timedelta(days=1)
SALON = """\
time_zone: Europe/Berlin
currency: EUR
languages: [en]
policies: {slot_step: 30m, lead_time: 0m}
staff: {ana: {name: Ana, hours: {tue: "09:00-10:30", fri: "23:00-01:00"}}}
services: {cut: {name: Cut, duration: 30m, price: 1}, odd: {name: Odd, duration: 31m, price: 1}}
"""


def salon() -> Salon:
    read, _ = read_salon("booking.yaml", SALON)
    assert read is not None
    return read


def asked(timetable: Timetable, first: date = TUESDAY, days: int = 7, service: str = "cut", busy: str = "") -> Openings:
    span = Span(at("00:00", first), at("00:00", first + days * DAY))
    return openings(timetable, Wish([service]), span, span.start, {"staff:ana": [taken(busy)] if busy else []})


def clocks(found: Openings, day: date | None = None) -> list[str]:
    return [f"{start.astimezone(BERLIN):%d %H:%M}" for start in found.starts(day)]


def test_a_start_after_midnight_belongs_to_the_date_that_the_clock_shows() -> None:
    found = asked(Timetable(salon()))

    assert found.days() == [TUESDAY, date(2026, 11, 6), date(2026, 11, 7)]
    assert clocks(found, date(2026, 11, 6)) == ["06 23:00", "06 23:30"]
    assert clocks(found, date(2026, 11, 7)) == ["07 00:00", "07 00:30"]


def test_a_day_on_which_nothing_starts_or_that_was_not_asked_for_has_nothing() -> None:
    found = asked(Timetable(salon()))

    assert [found.starts(day) for day in (TUESDAY + DAY, TUESDAY + 7 * DAY, date(2031, 1, 7))] == [[], [], []]
    assert found.offers(date(2031, 1, 7)) == []


def test_there_is_no_offer_at_a_time_that_is_no_start() -> None:
    found = asked(Timetable(salon()), busy="09:30-10:00")
    no_start = [
        at("09:30"),
        at("09:59"),
        at("10:00") + timedelta(seconds=1),
        at("10:30"),
        at("10:00", date(1999, 1, 5)),
    ]

    assert clocks(found, TUESDAY) == ["03 09:00", "03 10:00"]
    assert found.offer(at("10:00")) == found.offers(TUESDAY)[1]
    assert [found.offer(start) for start in (*no_start, at("10:00", date(2090, 1, 3)))] == [None] * 6


def test_a_timetable_answers_each_question_anew_however_many_it_was_asked() -> None:
    kept = Timetable(salon())
    weeks = [TUESDAY + number * 7 * DAY for number in range(12)]
    questions = [(week, days, service, busy) for week in weeks for days, service, busy in _WEEKLY]

    for question in questions + questions[::-1]:
        found, new = asked(kept, *question), asked(Timetable(salon()), *question)
        assert found.offers() == new.offers()
    assert clocks(asked(kept, busy="09:00-09:01"), TUESDAY) == ["03 09:30", "03 10:00"]


_WEEKLY = ((1, "cut", ""), (1, "cut", "09:00-09:30"), (1, "odd", ""), (7, "cut", ""))
