"""The salon at the terminal, as text."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.booking.clock import TUESDAY, at
from tests.booking.shop import Shop, salon, shop

from onebox.booking.answers import Client
from onebox.booking.appointment import Changed
from onebox.booking.reasons import CODES
from onebox.booking.visit import Wish
from onebox.booking.wording import Words
from onebox.cli.booking_view import day_picture, history_table, record_lines, slots_table, week_picture

WEDNESDAY = TUESDAY + timedelta(days=1)


@pytest.fixture
async def open_shop() -> Shop:
    """With a colour, a cut in its gap, and one by somebody else that is only held."""
    found = shop()[0]
    await booked(found, "10:00", Wish(["colour"]), "ana")
    await booked(found, "10:30", Wish(["cut"], "olena"), "ben")
    await found.desk.hold(Wish(["cut"], "marko"), at("15:00", WEDNESDAY), who="eva", key="e", client=Client("Eva"))
    await booked(found, "09:00", Wish(["cut"], "olena"), "cem")
    await found.desk.cancel("cem", who="cem", reason="ill")
    return found


async def booked(found: Shop, start: str, wish: Wish, name: str) -> None:
    client = Client(name.title(), "+49 30 1234567" if name == "ana" else None)
    made = await found.desk.book(wish, at(start, WEDNESDAY), who="owner", key=name, id=name, client=client)
    assert isinstance(made, Changed)


DAY = """\
Wed 2026-11-04, Europe/Berlin

       Olena          Marko
09:00  ·
09:55  ░
10:00  ┃ Colour, Ana  ·
10:30  ┃ Cut, Ben     ·
11:00  ┃              ·
11:15  ░              ·
11:20  ┆              ·
11:30  ┃ Colour, Ana  ·
12:00  ░              ·
12:10  ·              ·
13:00                 ·
14:00  ·              ·
15:00  ·              ┃ Cut, Eva (held)
15:45  ·              ░
15:50  ·              ·
16:00  ·              ·
17:00  ·              ·
18:00                 ·
19:00

┃ served   ░ buffer   ┆ gap, free for others   · free

appointment  state      what
cem          cancelled  Wed 2026-11-04 09:00 to 09:45: Cut with Olena, chair:1; for Cem
ana          confirmed  Wed 2026-11-04 10:00 to 12:00: Colour with Olena, chair:1; for Ana, +49 30 1234567
ben          confirmed  Wed 2026-11-04 10:30 to 11:15: Cut with Olena, chair:2; for Ben
id-005       held       Wed 2026-11-04 15:00 to 15:45: Cut with Marko, chair:1; for Eva
"""
WEEK = """\
Mon 2026-11-02 to Sun 2026-11-08, Europe/Berlin

           Olena                Marko
Mon 11-02  0m of 8h             off
Tue 11-03  0m of 8h             0m of 9h
Wed 11-04  2h 5m of 8h          50m of 9h
             10:00 Colour, Ana    15:00 Cut, Eva (held)
             10:30 Cut, Ben
Thu 11-05  0m of 8h             0m of 9h
Fri 11-06  0m of 8h             0m of 9h
Sat 11-07  off                  0m of 9h
Sun 11-08  off                  off
"""
RECORD = """\
appointment cem: cancelled
  Wed 2026-11-04 09:00 to 09:45, Europe/Berlin
  09:00 to 09:45 Cut with Olena, chair:1
  for: Cem
  price: 40.00 EUR, deposit: 0.00 EUR
"""


async def test_a_day_shows_buffers_gaps_and_who_uses_them(open_shop: Shop) -> None:
    picture = "".join(f"{line}\n" for line in day_picture(open_shop.desk.salon, await open_shop.desk.day(WEDNESDAY)))

    assert picture == DAY


async def test_a_week_shows_how_much_is_taken_and_each_visit(open_shop: Shop) -> None:
    found = await open_shop.desk.week(WEDNESDAY)

    assert "".join(f"{line}\n" for line in week_picture(open_shop.desk.salon, found)) == WEEK


async def test_a_day_on_which_nobody_works_is_closed(open_shop: Shop) -> None:
    day = await open_shop.desk.day(date(2026, 11, 8))

    assert list(day_picture(open_shop.desk.salon, day)) == ["Sun 2026-11-08, Europe/Berlin", "closed"]


async def test_the_hours_of_the_day_of_25_hours_are_told_apart() -> None:
    night = salon("""\
time_zone: Europe/Berlin
currency: EUR
languages: [en]
staff: {olena: {name: Olena, hours: {sun: "01:00-04:00"}}}
services: {cut: {name: Cut, duration: 1h, price: 40}}
""")
    memory = shop()[1]
    found = Shop(memory, memory.appointments, night)

    lines = day_picture(night, await found.desk.day(date(2026, 10, 25)))

    assert [line[:11].strip() for line in lines][3:8] == ["01:00", "02:00+02:00", "02:00+01:00", "03:00", "04:00"]


async def test_an_appointment_is_shown_with_its_history(open_shop: Shop) -> None:
    record = await open_shop.desk.appointment("cem")
    assert record is not None

    assert "".join(f"{line}\n" for line in record_lines(open_shop.desk.salon, record)) == RECORD
    columns, rows = history_table(open_shop.desk.salon, record)
    assert columns == ["at", "what", "start", "who", "reason"]
    assert [row[1:] for row in rows] == [
        ["held", "Wed 2026-11-04 09:00", "owner", ""],
        ["confirmed", "Wed 2026-11-04 09:00", "owner", ""],
        ["cancelled", "Wed 2026-11-04 09:00", "cem", "ill"],
    ]


async def test_what_is_free_is_a_line_for_each_start(open_shop: Shop) -> None:
    _, rows = slots_table(open_shop.desk.salon, await open_shop.desk.offers(Wish(["cut"], "marko"), WEDNESDAY))

    assert rows[0] == ["Wed 2026-11-04 11:30", "12:15", "Cut with Marko, chair:2"]


@pytest.mark.parametrize(
    ("wish", "start", "told"),
    [
        (Wish(["cut"]), at("08:15"), "it is too soon: with lead_time 1h, the first that can be booked is Tue 2026-11-03 09:00"),
        (Wish(["cut"]), at("10:00", date(2026, 12, 4)), "it is too far ahead: with horizon 30d, the last that can be booked is Thu 2026-12-03 08:00"),
        (Wish(["cut"], "olena"), at("09:07", WEDNESDAY), "visits start each 15m: 09:00 and 09:15"),
        (Wish(["cut"]), at("20:00", WEDNESDAY), "the salon is open Wed 2026-11-04 09:00 to 19:00"),
        (Wish(["cut"]), at("10:00", date(2026, 11, 8)), "the salon is closed on that day"),
        (Wish(["cut"], "olena"), at("18:00", WEDNESDAY), "Olena works Wed 2026-11-04 09:00 to 13:00, Wed 2026-11-04 14:00 to 18:00"),
        (Wish(["cut"], "olena"), at("10:00", date(2026, 11, 7)), "Olena does not work on that day"),
        (Wish(["cut"], "olena"), at("10:00", WEDNESDAY), "Olena is taken Wed 2026-11-04 09:55 to 10:30, Wed 2026-11-04 10:30 to 11:20"),
        (Wish(["cut"], "marko"), at("10:30", WEDNESDAY), "no chair is free: taken Wed 2026-11-04 09:55 to 12:10, Wed 2026-11-04 10:30 to 11:20"),
    ],
)  # fmt: skip
async def test_each_cause_is_told_with_what_is_really_so(open_shop: Shop, wish: Wish, start: Any, told: str) -> None:
    reasons = await open_shop.desk.explain(wish, start)

    assert told in [Words(open_shop.desk.salon).reason(one) for one in reasons]


async def test_a_holiday_is_told_with_its_days() -> None:
    away = salon("""\
currency: EUR
languages: [en]
staff: {olena: {name: Olena, hours: {mon-sun: "09:00-17:00"}, holidays: [2026-11-04..2026-11-06]}, bo: {name: Bo, hours: {mon-sun: "09:00-17:00"}}}
services: {cut: {name: Cut, duration: 1h, price: 40}}
""")
    memory = shop()[1]
    [reason] = await Shop(memory, memory.appointments, away).desk.explain(
        Wish(["cut"], "olena"), at("11:00", WEDNESDAY)
    )

    assert Words(away).reason(reason) == "Olena is on holiday Wed 2026-11-04 00:00 to Sat 2026-11-07 00:00"
    assert reason.code in CODES
