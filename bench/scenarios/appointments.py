"""Holds of appointments a second, beside a hand-written INSERT … WHERE NOT EXISTS on the same database."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tests.support.postgres import new_cluster

from bench.booking_by_hand import OnPostgres, OnSqlite
from bench.results import Measure, Target
from bench.scenarios.postgres import make_durable
from onebox.booking.appointment import Hold
from onebox.booking.claims import Claim, Offer, Part, Span
from onebox.storage.creating import create_tables
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.booking_by_hand import ByHand, Wish
    from bench.session import Session

STAFF, DAYS, VISITS = 40, 60, 20
CLIENTS = 64
WANT_ONE = 20
_FROM = datetime(2026, 3, 1, 7, tzinfo=UTC)


Where = TypeVar("Where", Path, str)


class Measures:
    """Of one database."""

    def __init__(self, database: str) -> None:
        def named(name: str, unit: str, target: Target | None = None) -> Measure:
            return Measure("appointments", f"{database}: {name}", unit, target)

        self.batches = named("holds of free times; by hand: 64 a transaction", "1/s")
        self.alone = named("the same; by hand: each its transaction", "1/s")
        self.slow = named(f"a hold of {CLIENTS} clients at once, p99", "ms")
        self.crowd = named(f"{WANT_ONE} want each time: requests; by hand: each its transaction", "1/s")
        self.overlaps = named("overlapping pairs after that", "", Target(most=0, told="0"))


async def measure(session: Session) -> None:
    """Rounds of SQLite, then of Postgres."""
    with tempfile.TemporaryDirectory(dir=session.folder) as folder:
        files = (Path(folder) / f"{number}.db" for number in count())
        await _rounds(session, Measures("SQLite"), OnSqlite, lambda: next(files))
    cluster = new_cluster()
    try:
        make_durable(cluster)
        await _rounds(session, Measures("Postgres"), OnPostgres, cluster.create_database)
    finally:
        cluster.stop()


async def _rounds(
    session: Session, told: Measures, by_hand: Callable[[Where], ByHand], new: Callable[[], Where]
) -> None:
    for _ in range(session.rounds):
        await _measure_by_hand(session, told, lambda: by_hand(new()))
        await _measure_box(session, told, new)


async def _measure_by_hand(session: Session, told: Measures, make: Callable[[], ByHand]) -> None:
    results = session.results
    for measure_, crowd in ((told.batches, 1), (told.alone, 1), (told.crowd, WANT_ONE)):
        one = make()
        ask = one.batches if measure_ is told.batches else one.alone
        results.add(measure_, "hand-written", await asyncio.to_thread(_rate, ask, wishes(crowd), session.seconds))
        if measure_ is told.crowd:
            results.add(told.overlaps, "hand-written", one.overlaps())
        one.close()


def _rate(ask: Callable[[Iterator[Wish], Callable[[], bool]], int], wanted: Iterator[Wish], seconds: float) -> float:
    began = time.monotonic()
    asked = ask(wanted, lambda: time.monotonic() < began + seconds)
    return asked / (time.monotonic() - began)


async def _measure_box(session: Session, told: Measures, new: Callable[[], Path | str]) -> None:
    results = session.results
    rate, took = await _ask_a_box(new(), wishes(1), session.seconds)
    results.add(told.batches, "onebox", rate)
    results.add(told.alone, "onebox", rate)
    results.add(told.slow, "onebox", sorted(took)[len(took) * 99 // 100] * 1000)
    box = new()
    rate, _ = await _ask_a_box(box, wishes(WANT_ONE), session.seconds)
    results.add(told.crowd, "onebox", rate)
    results.add(told.overlaps, "onebox", await _overlaps(box))


async def _ask_a_box(where: Path | str, wanted: Iterator[Wish], seconds: float) -> tuple[float, list[float]]:
    """Requests a second, and how long each took in seconds."""
    await asyncio.to_thread(create_tables, where)
    storage = await open_storage(where, own=True)
    took: list[float] = []
    began = time.monotonic()

    async def client() -> None:
        for id_, offer in wanted:
            asked = time.monotonic()
            if asked > began + seconds:
                return
            until = _FROM + timedelta(minutes=10)
            await storage.ledger.commit([Hold(id=id_, who="ana", at=_FROM, key=id_, offer=offer, until=until)])
            took.append(time.monotonic() - asked)

    await asyncio.gather(*[client() for _ in range(CLIENTS)])
    rate = len(took) / (time.monotonic() - began)
    await storage.close()
    return rate, took


async def _overlaps(box: Path | str) -> int:
    storage = await open_storage(box, own=False)
    subjects = [f"{kind}:{number}" for kind in ("staff", "chair") for number in range(STAFF)]
    busy = await storage.reader.appointments.busy(subjects, Span(_FROM, _FROM + timedelta(days=DAYS + 1)), now=_FROM)
    await storage.close()
    return sum(one.end > other.start for spans in busy.values() for one, other in pairwise(spans))


def wishes(crowd: int) -> Iterator[Wish]:
    """A salon of forty, sixty days, twenty visits of half an hour a day, in any order; each takes a person and a chair,
    and is wanted by a crowd at once."""
    places = [(staff, day, slot) for staff in range(STAFF) for day in range(DAYS) for slot in range(VISITS)]
    random.Random(7).shuffle(places)
    for number, (staff, day, slot) in enumerate(places):
        start = _FROM + timedelta(days=day, minutes=30 * slot)
        end = start + timedelta(minutes=30)
        who, chair = f"staff:{staff}", f"chair:{staff}"
        parts = (Part("cut", who, (chair,), start, end),)
        offer = Offer(start, end, parts, (Claim(chair, start, end), Claim(who, start, end)))
        for one in range(crowd):
            yield f"{number:06}-{one:02}", offer
