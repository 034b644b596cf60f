"""What the operator asks of the salon beside a box that runs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.dispatch.bookings import FRESH, BookingRequests
from onebox.dispatch.requests import Requests
from onebox.flows.run import Request, RunState
from tests.booking.shop import salon
from tests.dispatch.boxes import EngineBox
from tests.dispatch.test_engine import a_flow

if TYPE_CHECKING:
    from datetime import datetime

TOLD = a_flow(topic="booking.appointment.booked")
_DAY = timedelta(days=1)


def a_start(now: datetime) -> datetime:
    """Noon, UTC, of the next day but one on which all work."""
    day = now.replace(hour=12, minute=0, second=0, microsecond=0) + 2 * _DAY
    while day.weekday() not in range(1, 5):
        day += _DAY
    return day


def with_desk(box: EngineBox) -> BookingRequests:
    found = BookingRequests(salon, box.ledger.appointments, box.engine, box.clock, box.ids)
    box.requests = Requests(box.engine, box.book, box.clock, box.ids, more=found.all())
    return found


def wish(box: EngineBox, **more: Any) -> dict[str, Any]:
    start = a_start(box.clock.now()).isoformat()
    return {"services": ["cut"], "staff": "olena", "start": start, "name": "Ana", **more}


async def test_a_booking_starts_the_flows_that_wait_for_it_at_once() -> None:
    async with EngineBox(TOLD) as box:
        with_desk(box)

        answer = await box.ask("booking.book", "cut", **wish(box))

        assert (answer["ok"], answer["appointment"]["name"]) == (True, "Ana")
        [run] = box.ledger.tables.runs
        await box.state(run, RunState.done)


async def test_a_request_that_is_carried_out_twice_is_one_booking_however_old() -> None:
    async with EngineBox(TOLD) as box:
        requests = with_desk(box)
        request = Request("r1", "booking.book", "cut", wish(box), "owner", box.clock.now())
        carry_out = requests.all()["booking.book"]
        first = await carry_out(request)
        box.move(hours=1)

        assert await carry_out(request) == first
        assert len(box.ledger.tables.runs) == 1


async def test_a_request_that_waited_too_long_lapses() -> None:
    async with EngineBox(TOLD) as box:
        requests = with_desk(box)
        asked = box.clock.now()
        for request in (
            Request("r1", "booking.book", "cut", wish(box), "owner", asked),
            Request("r2", "booking.cancel", "a1", {"reason": "ill"}, "owner", asked),
        ):
            box.clock.at = asked + FRESH + timedelta(seconds=1)
            box.requests = Requests(box.engine, box.book, box.clock, box.ids, more=requests.all())

            answer = await box.requests.answer(request)

            said = f"it was asked at {asked:%H:%M:%S} UTC, and lapsed"
            assert (answer["ok"], answer["message"], answer["hint"]) == (False, said, "ask again")
        assert await box.ledger.appointments.appointment_of_request("r1") is None


async def test_a_language_that_the_salon_does_not_speak_is_refused() -> None:
    async with EngineBox(TOLD) as box:
        with_desk(box)

        answer = await box.ask("booking.book", "cut", **wish(box, language="he"))

        assert (answer["message"], answer["hint"]) == (
            "the salon does not speak 'he'",
            "booking.yaml has: en, de",
        )


async def test_a_late_cancellation_is_made_and_told() -> None:
    async with EngineBox(TOLD) as box:
        with_desk(box)
        made = (await box.ask("booking.book", "cut", **wish(box)))["appointment"]
        box.clock.at = a_start(box.clock.now()) - timedelta(hours=3)

        answer = await box.ask("booking.cancel", made["id"], reason="ill")

        assert (answer["late"], answer["appointment"]["state"]) == (True, "cancelled")


async def test_what_cannot_be_done_is_told_with_its_state() -> None:
    async with EngineBox(TOLD) as box:
        with_desk(box)
        made = (await box.ask("booking.book", "cut", **wish(box)))["appointment"]
        await box.ask("booking.finish", made["id"], **{"as": "no_show", "reason": None})

        answer = await box.ask("booking.move", made["id"], start=made["start"].isoformat(), staff=None, reason=None)
        missing = await box.ask("booking.finish", "none", **{"as": "done", "reason": None})

        assert answer["message"] == f"appointment {made['id']} is no_show: it cannot be moved"
        assert missing["message"] == "there is no appointment 'none'"
