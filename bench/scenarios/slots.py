"""Free times of a salon whose week is full: all that is offered, beside a loop as one writes it first; then what a chat
asks."""

from __future__ import annotations

import gc
import random
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from bench.naive_slots import naive_offers
from bench.results import Measure, Target
from onebox.booking.claims import Span
from onebox.booking.days import stretches, working
from onebox.booking.reading import read_salon
from onebox.booking.slots import offers, openings
from onebox.booking.timetable import Timetable
from onebox.booking.visit import Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.session import Session
    from onebox.booking.salon import Salon
    from onebox.booking.slots import Openings

_TURNS = 7
"""of each contender in a round; the fastest counts"""
_A_DAY = 30
"""as many bookings of 20 minutes fit in"""
_VISIT = ("colour", "cut", "style")
_START = datetime(2026, 10, 19, 22, tzinfo=UTC)  # midnight in Berlin; the clock is changed on the sixth day
_SALON = """\
time_zone: Europe/Berlin
currency: EUR
languages: [en]
policies: {lead_time: 0m}
staff:
"""
_SERVICES = """\
services:
  colour: {name: Colour, duration: 90m, before: 5m, after: 10m, gap: {after: 30m, length: 30m}, price: 85, needs: [chair]}
  cut: {name: Cut, duration: 45m, after: 5m, price: 40, needs: [chair]}
  style: {name: Style, duration: 20m, price: 25}
"""
Found = TypeVar("Found")


class Asked(NamedTuple):
    """A salon and what is booked there."""

    salon: Salon
    span: Span
    busy: dict[str, list[Span]]


async def measure(session: Session) -> None:
    """A week of five people, then two months of ten."""
    week = _asked(people=5, days=7, bookings=500)
    months = _asked(people=10, days=59, bookings=2000)
    least = Target(most=20, told="< 20")
    for _ in range(session.rounds):
        _compare(session, "a week, 5 staff, 500 bookings: a visit of 3 services, ms", week, [_VISIT], least)
        _compare(session, "the same: each of the 3 services, ms", week, [(one,) for one in _VISIT], least)
        _compare(session, "59 days, 10 staff, 2,000 bookings: a visit of 3 services, ms", months, [_VISIT], None)
        _as_a_chat_asks(session, months)


def _as_a_chat_asks(session: Session, asked: Asked) -> None:
    """The days and the starts, of a salon that was asked for before; then one of the visits, and a day of them."""
    salon, span, busy = asked
    kept, least = Timetable(salon), Target(most=5, told="< 5")

    def ask(wish: Sequence[str], timetable: Timetable = kept) -> tuple[Openings, list[list[datetime]]]:
        found = openings(timetable, Wish(wish), span, span.start, busy)
        return found, [found.starts(day) for day in found.days()]

    def add(told: str, made: Callable[[], object], target: Target | None = None) -> None:
        session.results.add(Measure("slots", told, "ms", target), "onebox", _fastest(made)[0])

    for wish in (_VISIT, *((one,) for one in _VISIT)):
        many = sum(map(len, ask(wish)[1]))
        told = f"of {wish[0]} alone" if len(wish) == 1 else "the same, its days and starts alone"
        add(f"{told}, {many} starts", partial(ask, wish), least)
    add("of all 3, the first question to a salon", lambda: ask(_VISIT, Timetable(salon)))
    found, days = ask(_VISIT)
    fullest = max(days, key=len)
    day = found.days()[days.index(fullest)]
    fresh = [ask(_VISIT)[0] for _ in range(2 * _TURNS)]
    add("then the offer of one start", lambda: fresh.pop().offer(fullest[0]))
    add(f"or those of a day, {len(fullest)} offers", lambda: fresh.pop().offers(day))


def _compare(session: Session, name: str, asked: Asked, wishes: list[tuple[str, ...]], target: Target | None) -> None:
    salon, span, busy = asked
    clock = stretches(ZoneInfo(salon.time_zone), Span(span.start - timedelta(days=1), span.end + timedelta(days=1)))
    hours = {one: working(member, clock) for one, member in salon.staff.items()}
    starts = [
        span.start + number * timedelta(minutes=15)
        for number in range((span.end - span.start) // timedelta(minutes=15))
    ]
    ours, found = _fastest(lambda: [offers(salon, Wish(wish), span, span.start, busy) for wish in wishes])
    naive, same = _fastest(lambda: [naive_offers(salon, wish, starts, hours, busy) for wish in wishes], turns=2)
    many = sum(map(len, found))
    measured = Measure("slots", f"{name.removesuffix(', ms')}, {many} offers", "ms", target)
    session.results.add(measured, "onebox", ours)
    session.results.add(measured, "hand-written", naive)
    if [[offer.start for offer in each] for each in found] != [[offer.start for offer in each] for each in same]:
        session.results.notes.append(f"slots: the two do not offer the same: {name}")


def _fastest(made: Callable[[], Found], turns: int = _TURNS) -> tuple[float, Found]:
    """Milliseconds of the processor, which other programs do not lengthen."""
    runs = []
    for _ in range(turns):
        gc.collect()
        began = time.process_time()
        found = made()
        runs.append((time.process_time() - began) * 1000)
    return min(runs), found


def _asked(people: int, days: int, bookings: int) -> Asked:
    """Everybody has as many bookings, of 20 minutes at a chair of their own, one after the other from some hour on."""
    names = [f"p{number}" for number in range(people)]
    staff = "".join(f'  {name}: {{name: {name}, hours: {{mon-sat: "09:00-13:00, 14:00-19:00"}}}}\n' for name in names)
    salon, faults = read_salon("booking.yaml", f"{_SALON}{staff}places: {{chair: {people}}}\n{_SERVICES}")
    if salon is None:
        raise ValueError(faults)
    chance = random.Random(1)
    workdays = [day for day in range(days) if (_START + timedelta(days=day, hours=12)).weekday() < 6]
    cells = [(day, chair, chance.randrange(_A_DAY)) for day in workdays for chair in range(people)]
    busy: dict[str, list[Span]] = {}
    for number in range(bookings):
        day, chair, first = cells[number % len(cells)]
        slot = (first + number // len(cells)) % _A_DAY
        start = _START + timedelta(days=day, hours=9, minutes=20 * slot)
        for subject in (salon.staff[names[chair]].subject, f"chair:{chair + 1}"):
            busy.setdefault(subject, []).append(Span(start, start + timedelta(minutes=20)))
    return Asked(salon, Span(_START, _START + timedelta(days=days)), busy)
