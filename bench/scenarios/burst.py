"""200 events within 0.9 s: how long until all are acknowledged, and until all are at the stub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.load import Load, run_load

from bench.contenders import HandWritten
from bench.flows import EVENT
from bench.results import Measure, Target
from bench.scenarios.throughput import CONNECTIONS, onebox, warm_up

if TYPE_CHECKING:
    from bench.contenders import Contender
    from bench.session import Session

EVENTS = 200
WITHIN = 0.9

ACKNOWLEDGED = Measure("burst", "all 200 acknowledged after", "s", Target(most=1.2, told="<= 1.2"))
AT_THE_STUB = Measure(
    "burst", "all 200 at the stub after", "s", Target(most=1.2, told="<= 1.2"), "9.2 (2.0 with the older engine)"
)


async def measure(session: Session) -> None:
    """Both contenders by turns."""
    for _ in range(session.rounds):
        for make in (HandWritten, onebox):
            async with session.started(make) as contender:
                await measure_one(session, contender, (ACKNOWLEDGED, AT_THE_STUB))


async def measure_one(session: Session, contender: Contender, measures: tuple[Measure, Measure]) -> None:
    """One run of one contender, which was just started."""
    await warm_up(session, contender)
    load = Load(f"{contender.url}/hooks/w", 30, CONNECTIONS, rate=EVENTS / WITHIN, most=EVENTS, body=EVENT)
    measured = await run_load(load)
    seen = await session.stub.wait_for(EVENTS, within=60)
    acknowledged, through = measured.ended - measured.began, seen.last - measured.began
    session.results.add(measures[0], contender.name, acknowledged)
    session.results.add(measures[1], contender.name, through)
    session.say(
        f"{measures[0].scenario}: {contender.name} acknowledged {measured.accepted} in {acknowledged:.2f} s,"
        f" {seen.count} at the stub after {through:.2f} s"
    )
    if (measured.accepted, seen.count) != (EVENTS, EVENTS):
        session.results.notes.append(
            f"{contender.name}, {measures[0].scenario}: of {EVENTS} it acknowledged {measured.accepted}"
            f" and {seen.count} came to the stub: {dict(measured.statuses)}"
        )
