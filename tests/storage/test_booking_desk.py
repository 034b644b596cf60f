"""The desk on real databases: many want the same at once, each time as many get it as there are people and chairs."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.booking.clock import TUESDAY, at
from tests.booking.shop import Shop

from onebox.booking.answers import Unavailable
from onebox.booking.appointment import Changed, Replayed
from onebox.booking.visit import Wish

if TYPE_CHECKING:
    from tests.storage.conftest import Kept

CLIENTS = 20
pytestmark = pytest.mark.soak


async def test_of_twenty_who_want_the_same_start_each_chair_gets_one(kept: Kept) -> None:
    open_shop = Shop(kept.ledger, kept.visits)
    for day in (1, 7):
        for start in ("10:00", "11:00", "12:00"):
            moment = at(start, TUESDAY + timedelta(days=day))
            wishes = (
                open_shop.desk.book(Wish(["cut"]), moment, who=f"client {number}", key=f"{moment} {number}")
                for number in range(CLIENTS)
            )

            answers = await asyncio.gather(*wishes)

            assert Counter(map(type, answers)) == {Changed: 2, Unavailable: CLIENTS - 2}
            won = [one.appointment for one in answers if isinstance(one, Changed)]
            assert {part.staff for one in won for part in one.parts} == {"olena", "marko"}
            assert {place for one in won for part in one.parts for place in part.places} == {"chair:1", "chair:2"}


async def test_one_request_that_comes_twenty_times_at_once_is_one_booking(kept: Kept) -> None:
    open_shop = Shop(kept.ledger, kept.visits)
    moment = at("10:00", TUESDAY + timedelta(days=1))

    answers = await asyncio.gather(
        *(open_shop.desk.book(Wish(["cut"]), moment, who="ana", key="once") for _ in range(CLIENTS))
    )

    assert Counter(map(type, answers)) == {Changed: 1, Replayed: CLIENTS - 1}
    assert len({one.appointment.id for one in answers if isinstance(one, (Changed, Replayed))}) == 1


async def test_an_appointment_that_many_move_at_once_is_at_one_time_with_a_whole_history(kept: Kept) -> None:
    open_shop = Shop(kept.ledger, kept.visits)
    day = TUESDAY + timedelta(days=1)
    made = await open_shop.desk.book(Wish(["cut"], "marko"), at("10:00", day), who="ana", key="book")
    assert isinstance(made, Changed)
    starts = [at(f"{hour}:{minute:02}", day) for hour in range(11, 16) for minute in (0, 15, 30, 45)]

    answers = await asyncio.gather(
        *(open_shop.desk.move(made.appointment.id, start, who="ana", key=f"{start}") for start in starts)
    )

    assert Counter(map(type, answers)) == {Changed: len(starts)}
    record = await open_shop.desk.appointment(made.appointment.id)
    assert record is not None
    assert sorted(entry.start for entry in record.history[2:]) == starts
    assert record.appointment.start == record.history[-1].start


async def test_where_its_event_cannot_be_stored_nothing_is_booked(kept: Kept) -> None:
    open_shop, day = Shop(kept.ledger, kept.visits), TUESDAY + timedelta(days=1)
    open_shop.hands.new = lambda: "the same"  # type: ignore[method-assign]
    made = await open_shop.desk.book(Wish(["cut"]), at("10:00", day), who="ana", key="1", id="a1")
    assert isinstance(made, Changed)

    with pytest.raises(Exception, match=r"(?i)unique|duplicate|known"):
        await open_shop.desk.book(Wish(["cut"]), at("11:00", day), who="ana", key="2", id="a2")

    assert [one.id for one in (await open_shop.desk.day(day)).appointments] == ["a1"]
