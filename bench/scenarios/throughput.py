"""64 connections at full speed, through flow W to the stub and to the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.load import Load, run_load

from bench.contenders import HandWritten, Onebox
from bench.flows import EVENT, flow_w
from bench.generator import full_speed
from bench.results import Measure, Target

if TYPE_CHECKING:
    from pathlib import Path

    from bench.contenders import Contender
    from bench.session import Session

CONNECTIONS = 64
_QUIET = 1.5

_N8N_RATE = "30 (85 with the older engine)"
EVENTS = Measure(
    "throughput",
    "events, end to end",
    "1/s",
    Target(share=0.5, least=2000, told=">= 50 % and >= 2,000"),
    _N8N_RATE,
)
ACK_P50 = Measure("throughput", "acknowledged, p50", "ms", None, "2100")
ACK_P99 = Measure("throughput", "acknowledged, p99", "ms", Target(most=50, told="< 50"))
MEMORY = Measure("throughput", "resident after the load", "MB")


def onebox(folder: Path, stub: str) -> Contender:
    """A box with flow W."""
    return Onebox(folder, flows={"w.yaml": flow_w(stub)})


async def measure(session: Session) -> None:
    """Both contenders by turns."""
    for _ in range(session.rounds):
        for make in (HandWritten, onebox):
            async with session.started(make) as contender:
                await measure_one(session, contender, (EVENTS, ACK_P50, ACK_P99, MEMORY))


async def measure_one(
    session: Session, contender: Contender, measures: tuple[Measure, Measure, Measure, Measure]
) -> None:
    """One run of one contender, which was just started."""
    await warm_up(session, contender)
    load = Load(f"{contender.url}/hooks/w", session.seconds, CONNECTIONS, body=EVENT)
    measured = await full_speed(load, own=session.own_generator)
    finished, took = await _drained(session, measured.accepted)
    values = (finished / took, measured.p50, measured.p99, contender.resident())
    for measure, value in zip(measures, values, strict=True):
        session.results.add(measure, contender.name, value)
    session.say(
        f"{measures[0].scenario}: {contender.name} took {measured.accepted} in {session.seconds:g} s ({measured.by}),"
        f" {finished} at the stub after {took:.1f} s, p99 {measured.p99:.1f} ms, answers {dict(measured.statuses)}"
    )
    if finished < measured.accepted or measured.failed:
        session.results.notes.append(
            f"{contender.name}, {measures[0].scenario}: {measured.accepted} acknowledged,"
            f" {finished} at the stub, {measured.failed} connections failed"
        )


async def warm_up(session: Session, contender: Contender) -> None:
    """A few events that do not count, all the way through."""
    warm = await run_load(Load(f"{contender.url}/hooks/w", 10, connections=8, most=200, body=EVENT))
    await session.stub.wait_for(warm.accepted, within=20)
    await session.stub.forget()


async def _drained(session: Session, accepted: int) -> tuple[int, float]:
    """How many came to the stub, and in which time; waits until no more come."""
    await session.stub.wait_for(accepted, within=120)
    before, now = -1, (await session.stub.count()).count
    while now != before:  # of those that the load's end cut off, some were taken
        await asyncio.sleep(_QUIET)
        before, now = now, (await session.stub.count()).count
    seen = await session.stub.count()
    return seen.count, max(seen.last - seen.first, 1e-9)
