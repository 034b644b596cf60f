"""The desk: offers what is free, books it once, and tells of it in one unit."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from onebox.booking.answers import Cancelled, Client, TooLate, Unavailable
from onebox.booking.appointment import (
    Changed,
    Held,
    NotPossible,
    OtherContents,
    Replayed,
    State,
    Taken,
    What,
)
from onebox.booking.visit import Wish, WishInvalid
from onebox.dispatch.booking_trigger import EVENT_NAMES
from tests.booking.clock import TUESDAY, at
from tests.booking.shop import Shop, shop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.booking.appointment import Appointment
    from tests.support.memory_ledger import MemoryLedger

CUT = Wish(["cut"])
WEDNESDAY = TUESDAY + timedelta(days=1)


@pytest.fixture
def open_shop() -> Shop:
    return shop()[0]


async def booked(open_shop: Shop, start: str = "10:00", wish: Wish = CUT, **more: Any) -> Appointment:
    """A booking of tomorrow's."""
    asked = {"who": "owner", "key": f"{start} {wish.staff} {more}", **more}
    answer = await open_shop.desk.book(wish, at(start, WEDNESDAY), **asked)
    assert isinstance(answer, Changed), answer
    return answer.appointment


def topics(memory: MemoryLedger) -> list[str]:
    return [event.topic for event in memory.tables.events.values()]


def people(one: Appointment) -> list[str]:
    return [part.staff for part in one.parts]


# --- looking ---


async def test_offers_are_of_the_salon_s_days(open_shop: Shop) -> None:
    found = await open_shop.desk.offers(CUT, date(2026, 11, 7), 2)  # a Saturday and a Sunday

    assert (found[0].start, found[-1].end) == (at("10:00", date(2026, 11, 7)), at("19:00", date(2026, 11, 7)))


async def test_what_is_offered_is_not_explained_and_what_is_taken_is(open_shop: Shop) -> None:
    await booked(open_shop, wish=Wish(["cut"], "olena"))
    olena = Wish(["cut"], "olena")

    assert await open_shop.desk.explain(olena, at("09:00", WEDNESDAY)) == []
    assert [one.code for one in await open_shop.desk.explain(olena, at("10:15", WEDNESDAY))] == ["busy"]


# --- booking ---


async def test_a_booking_has_its_client_its_price_and_its_two_lines_of_history(open_shop: Shop) -> None:
    client = Client("Ana", "+49 30 1234567", "de", "likes tea")

    made = await booked(open_shop, wish=Wish(["colour", "cut"]), client=client)

    assert (made.state, made.name, made.phone, made.language, made.note) == (
        State.confirmed, "Ana", "+49 30 1234567", "de", "likes tea",
    )  # fmt: skip
    assert (made.price, made.deposit, made.currency) == (13500, 2000, "EUR")
    record = await open_shop.desk.appointment(made.id)
    assert record is not None
    assert [(entry.what, entry.who) for entry in record.history] == [(What.held, "owner"), (What.confirmed, "owner")]


async def test_a_time_that_is_not_free_is_refused_with_causes_and_the_nearest_free_ones(open_shop: Shop) -> None:
    await booked(open_shop, wish=Wish(["cut"], "olena"))

    answer = await open_shop.desk.book(Wish(["cut"], "olena"), at("10:00", WEDNESDAY), who="owner", key="2")

    assert isinstance(answer, Unavailable)
    assert [(one.code, one.subject) for one in answer.reasons] == [("busy", "staff:olena")]
    assert list(answer.nearest) == [at("09:00", WEDNESDAY), at("11:00", WEDNESDAY), at("11:15", WEDNESDAY)]
    assert answer.taken is None


async def test_a_time_before_the_lead_time_is_refused_with_the_first_that_can_be_had(open_shop: Shop) -> None:
    answer = await open_shop.desk.hold(CUT, at("08:30"), who="ana", key="1")

    assert isinstance(answer, Unavailable)
    assert "too_soon" in [one.code for one in answer.reasons]
    assert answer.nearest[0] == at("09:00")


async def test_who_wishes_for_what_there_is_not_is_told_so(open_shop: Shop) -> None:
    with pytest.raises(WishInvalid, match="no service 'cot'"):
        await open_shop.desk.book(Wish(["cot"]), at("10:00", WEDNESDAY), who="owner", key="1")


async def test_taken_meanwhile_somebody_else_does_it(open_shop: Shop) -> None:
    async def be_faster() -> None:
        await booked(open_shop, wish=Wish(["cut"], "olena"))

    open_shop.meanwhile.append(be_faster)

    made = await booked(open_shop, key="slow")

    assert people(made) == ["marko"]


async def test_taken_meanwhile_by_everyone_it_is_refused_with_who_was_faster(open_shop: Shop) -> None:
    async def be_faster() -> None:
        await booked(open_shop, wish=Wish(["cut"], "olena"), id="fast")
        await booked(open_shop, wish=Wish(["cut"], "marko"))

    open_shop.meanwhile.append(be_faster)

    answer = await open_shop.desk.book(CUT, at("10:00", WEDNESDAY), who="ana", key="slow")

    assert isinstance(answer, Unavailable)
    assert answer.taken is not None
    assert (answer.taken.subject, answer.taken.by) == ("chair:1", "fast")


async def test_the_same_request_again_is_the_same_booking_whoever_is_free_now(open_shop: Shop) -> None:
    made = await booked(open_shop, key="once")

    again = await open_shop.desk.book(CUT, at("10:00", WEDNESDAY), who="owner", key="once")

    assert again == Replayed(made)
    assert len((await open_shop.desk.day(WEDNESDAY)).appointments) == 1


async def test_the_same_request_again_after_a_move_is_that_booking(open_shop: Shop) -> None:
    made = await booked(open_shop, key="once")
    await open_shop.desk.move(made.id, at("15:00", WEDNESDAY), who="owner", key="move")

    again = await open_shop.desk.book(CUT, at("10:00", WEDNESDAY), who="owner", key="once")

    assert isinstance(again, Replayed)
    assert again.appointment.start == at("15:00", WEDNESDAY)


@pytest.mark.parametrize(
    ("wish", "start", "client"),
    [
        (CUT, "11:00", Client()),
        (Wish(["colour"]), "10:00", Client()),
        (Wish(["cut"], "marko"), "10:00", Client()),
        (CUT, "10:00", Client("Ben")),
    ],
    ids=["another time", "another service", "another person", "another client"],
)
async def test_a_key_that_was_used_for_something_else_is_refused(
    open_shop: Shop, wish: Wish, start: str, client: Client
) -> None:
    made = await booked(open_shop, wish=Wish(["cut"], "olena"), key="once")

    answer = await open_shop.desk.book(wish, at(start, WEDNESDAY), who="owner", key="once", client=client)

    assert answer == OtherContents("once", made.id)


async def test_the_same_request_twice_at_once_is_one_booking(open_shop: Shop) -> None:
    first: list[Appointment] = []

    async def ask_again() -> None:
        first.append(await booked(open_shop, key="once"))

    open_shop.meanwhile.append(ask_again)

    answer = await open_shop.desk.book(CUT, at("10:00", WEDNESDAY), who="owner", key="once")

    assert answer == Replayed(first[0])


async def test_a_hold_is_kept_as_long_as_the_salon_says_and_confirmed(open_shop: Shop) -> None:
    held = await open_shop.desk.hold(CUT, at("10:00", WEDNESDAY), who="ana", key="1")
    assert isinstance(held, Held)
    assert held.appointment.held_until == at("08:10")

    answer = await open_shop.desk.confirm(held.appointment.id, who="ana")

    assert isinstance(answer, Changed)
    assert answer.appointment.state is State.confirmed


async def test_a_hold_that_ended_and_was_taken_cannot_be_confirmed(open_shop: Shop) -> None:
    olena = Wish(["cut"], "olena")
    held = await open_shop.desk.hold(olena, at("10:00", WEDNESDAY), who="ana", key="1")
    assert isinstance(held, Held)
    open_shop.hands.later(minutes=10)
    made = await booked(open_shop, wish=olena)

    answer = await open_shop.desk.confirm(held.appointment.id, who="ana")

    assert isinstance(answer, Taken)
    assert answer.by == made.id


# --- moving ---


async def test_a_move_keeps_services_and_people_and_gives_the_old_time_back(open_shop: Shop) -> None:
    made = await booked(open_shop, wish=Wish(["cut"], "marko"))

    answer = await open_shop.desk.move(made.id, at("15:00", WEDNESDAY), who="owner", key="m", reason="asked")

    assert isinstance(answer, Changed)
    assert (answer.appointment.start, people(answer.appointment)) == (at("15:00", WEDNESDAY), ["marko"])
    assert await open_shop.desk.explain(Wish(["cut"], "marko"), at("10:00", WEDNESDAY)) == []


async def test_an_appointment_is_not_in_the_way_of_its_own_move(open_shop: Shop) -> None:
    made = await booked(open_shop)

    answer = await open_shop.desk.move(made.id, at("10:15", WEDNESDAY), who="owner", key="m")

    assert isinstance(answer, Changed)
    assert answer.appointment.start == at("10:15", WEDNESDAY)


async def test_a_move_may_name_other_people(open_shop: Shop) -> None:
    made = await booked(open_shop, wish=Wish(["cut"], "olena"))

    answer = await open_shop.desk.move(made.id, at("18:00", WEDNESDAY), who="owner", key="m", staff="any")

    assert isinstance(answer, Changed)
    assert people(answer.appointment) == ["marko"]


async def test_a_move_that_cannot_be_leaves_the_appointment_as_it_was(open_shop: Shop) -> None:
    made = await booked(open_shop, wish=Wish(["cut"], "olena"))
    await booked(open_shop, "15:00", Wish(["cut"], "olena"))

    answer = await open_shop.desk.move(made.id, at("15:15", WEDNESDAY), who="owner", key="m")

    assert isinstance(answer, Unavailable)
    record = await open_shop.desk.appointment(made.id)
    assert record is not None
    assert record.appointment == made


async def test_the_same_move_again_is_one_move(open_shop: Shop) -> None:
    made = await booked(open_shop)
    asked: dict[str, Any] = {"who": "owner", "key": "m", "staff": "any"}
    await open_shop.desk.move(made.id, at("15:00", WEDNESDAY), **asked)

    again = await open_shop.desk.move(made.id, at("15:00", WEDNESDAY), **asked)
    other = await open_shop.desk.move(made.id, at("16:00", WEDNESDAY), **asked)

    assert isinstance(again, Replayed)
    assert again.appointment.revision == made.revision + 1
    assert other == OtherContents("m", made.id)


async def test_a_move_of_what_was_changed_meanwhile_is_told_as_it_then_was(open_shop: Shop) -> None:
    made = await booked(open_shop)

    async def move_first() -> None:
        await open_shop.desk.move(made.id, at("11:00", WEDNESDAY), who="ana", key="other")

    open_shop.meanwhile.append(move_first)

    await open_shop.desk.move(made.id, at("15:00", WEDNESDAY), who="owner", key="m")

    record = await open_shop.desk.appointment(made.id)
    assert record is not None
    assert [entry.start for entry in record.history[-2:]] == [at("11:00", WEDNESDAY), at("15:00", WEDNESDAY)]


# --- cancelling, finishing ---


async def test_a_client_cancels_until_the_window_begins(open_shop: Shop) -> None:
    made = await booked(open_shop)  # 26 hours ahead
    open_shop.hands.later(hours=2)

    answer = await open_shop.desk.cancel(made.id, who="ana", reason="ill")

    assert isinstance(answer, Cancelled)
    assert not answer.late


async def test_a_client_cancels_too_late_and_the_operator_may(open_shop: Shop) -> None:
    made = await booked(open_shop)
    open_shop.hands.later(hours=2, seconds=1)

    refused = await open_shop.desk.cancel(made.id, who="ana")
    done = await open_shop.desk.cancel(made.id, who="owner", override=True)

    assert refused == TooLate(made, at("10:00"))
    assert isinstance(done, Cancelled)
    assert done.late
    assert done.appointment.state is State.cancelled


async def test_a_client_who_cancelled_in_time_and_asks_again_later_is_not_told_too_late(open_shop: Shop) -> None:
    made = await booked(open_shop)
    await open_shop.desk.cancel(made.id, who="ana", key="c")
    open_shop.hands.later(hours=20)

    assert isinstance(await open_shop.desk.cancel(made.id, who="ana", key="c"), Replayed)


@pytest.mark.parametrize("as_", [State.done, State.no_show])
async def test_a_visit_ends_once(open_shop: Shop, as_: Any) -> None:
    made = await booked(open_shop)

    first = await open_shop.desk.finish(made.id, as_, who="owner")
    again = await open_shop.desk.finish(made.id, State.done, who="owner")

    assert isinstance(first, Changed)
    assert again == NotPossible(as_)


@pytest.mark.parametrize(
    "ask",
    [
        lambda desk: desk.confirm("none", who="ana"),
        lambda desk: desk.move("none", at("10:00", WEDNESDAY), who="ana", key="1"),
        lambda desk: desk.cancel("none", who="ana"),
        lambda desk: desk.finish("none", State.done, who="ana"),
    ],
    ids=["confirm", "move", "cancel", "finish"],
)
async def test_what_is_not_there_cannot_be_changed(open_shop: Shop, ask: Callable[[Any], Awaitable[Any]]) -> None:
    assert await ask(open_shop.desk) == NotPossible(None)


# --- telling ---


async def test_what_happens_to_bookings_is_told_each_once_with_what_follows() -> None:
    open_shop, memory = shop()
    moved, missed = await booked(open_shop), await booked(open_shop, "16:00")
    await open_shop.desk.move(moved.id, at("15:00", WEDNESDAY), who="owner", key="m")
    await open_shop.desk.cancel(moved.id, who="ana", reason="ill")
    await open_shop.desk.finish(missed.id, State.no_show, who="owner")
    await open_shop.desk.cancel(moved.id, who="ana")

    happened = ["booked", "booked", "moved", "cancelled", "no_show"]
    assert topics(memory) == [f"booking.appointment.{one}" for one in happened]
    assert len(memory.tables.runs) == len(happened)


async def test_what_was_not_booked_and_what_is_only_held_is_not_told_of() -> None:
    open_shop, memory = shop()
    held = await open_shop.desk.hold(CUT, at("10:00", WEDNESDAY), who="ana", key="1")
    assert isinstance(held, Held)
    await open_shop.desk.move(held.appointment.id, at("11:00", WEDNESDAY), who="ana", key="2")
    await open_shop.desk.cancel(held.appointment.id, who="ana")
    await open_shop.desk.book(CUT, at("03:00", WEDNESDAY), who="ana", key="3")

    assert topics(memory) == []


async def test_an_event_has_what_the_trigger_says() -> None:
    open_shop, memory = shop()
    made = await booked(open_shop, wish=Wish(["cut"], "olena"), client=Client("Ana"))
    await open_shop.desk.move(made.id, at("15:00", WEDNESDAY), who="owner", key="m", reason="asked")

    _, moved = (event.data for event in memory.tables.events.values())
    assert tuple(moved) == EVENT_NAMES
    assert (moved["services"], moved["people"], moved["name"]) == (["Cut"], ["Olena"], "Ana")
    assert (moved["start"], moved["before"]["start"]) == (at("15:00", WEDNESDAY), at("10:00", WEDNESDAY))
    assert (moved["who"], moved["reason"], moved["time_zone"]) == ("owner", "asked", "Europe/Berlin")


# --- the agenda ---


async def test_a_day_has_hours_and_what_is_taken_with_buffers_and_without_gaps(open_shop: Shop) -> None:
    made = await booked(open_shop, wish=Wish(["colour"]))

    day = await open_shop.desk.day(WEDNESDAY)

    olena, marko = day.columns
    spans = [("09:00", "13:00"), ("14:00", "18:00")]
    assert list(olena.hours) == [(at(start, WEDNESDAY), at(end, WEDNESDAY)) for start, end in spans]
    spans = [("09:55", "10:30"), ("11:30", "12:10")]
    assert list(olena.taken) == [(at(start, WEDNESDAY), at(end, WEDNESDAY)) for start, end in spans]
    assert (list(marko.taken), list(day.appointments)) == ([], [made])


async def test_a_hold_that_ended_is_expired_in_the_day(open_shop: Shop) -> None:
    await open_shop.desk.hold(CUT, at("10:00", WEDNESDAY), who="ana", key="1")
    open_shop.hands.later(minutes=10)

    assert [one.state for one in (await open_shop.desk.day(WEDNESDAY)).appointments] == [State.expired]


async def test_a_week_is_from_monday_to_sunday(open_shop: Shop) -> None:
    found = await open_shop.desk.week(date(2026, 11, 8))

    assert [day.date for day in found] == [date(2026, 11, 2) + timedelta(days=more) for more in range(7)]


async def test_instants_of_any_zone_are_understood_and_kept_in_utc(open_shop: Shop) -> None:
    start = at("10:00", WEDNESDAY).astimezone(open_shop.desk.zone)

    answer = await open_shop.desk.book(CUT, start, who="ana", key="1")

    assert isinstance(answer, Changed)
    assert answer.appointment.start.tzinfo is UTC
