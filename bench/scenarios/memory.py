"""An idle box: how much memory it holds, and how soon after its start it takes an event."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support.process import status_of

from bench.contenders import HandWritten, Onebox
from bench.flows import EVENT, many_flows
from bench.results import Measure, Target

if TYPE_CHECKING:
    from pathlib import Path

    from bench.contenders import Contender
    from bench.session import Make, Session

_IDLE = 3.0
_PATIENCE = 60.0
_REQUEST = (
    "POST /hooks/w HTTP/1.1\r\nHost: box\r\nConnection: close\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(EVENT)}\r\n\r\n{EVENT}"
).encode()


def _resident(flows: str, most: int, n8n: str = "") -> Measure:
    return Measure("memory", f"resident, idle, {flows} flows", "MB", Target(most=most, told=f"< {most}"), n8n)


def _first(flows: str, most: float, n8n: str = "") -> Measure:
    name = f"start to first acknowledgement, {flows} flows"
    return Measure("memory", name, "s", Target(most=most, told=f"< {most:g}"), n8n)


RESIDENT = {10: _resident("10", 90, "420 (tree 533)"), 1000: _resident("1,000", 200)}
FIRST = {10: _first("10", 1.2, "5.1"), 1000: _first("1,000", 4)}
EMPTY = {
    10: Measure("memory", "the very first start, which makes the tables, 10 flows", "s"),
    1000: Measure("memory", "the very first start, which makes the tables, 1,000 flows", "s"),
}


async def measure(session: Session) -> None:
    """Few flows, then many; the hand-written program stands beside the few."""
    for _ in range(session.rounds):
        await _measure_one(session, HandWritten, 10)
        for count in (10, 1000):
            await _measure_one(session, _box_with(count), count)


def _box_with(count: int) -> Make[Contender]:
    def make(folder: Path, stub: str) -> Contender:
        return Onebox(folder, flows=many_flows(stub, count))

    return make


async def _measure_one(session: Session, make: Make[Contender], count: int) -> None:
    """Started twice: with an empty folder, and as every day after."""
    async with session.started(make, ready=False) as contender:
        empty, _ = await _first_acknowledgement(contender)
        await contender.stop()
        await contender.start(ready=False)
        first, before = await _first_acknowledgement(contender)
        await asyncio.sleep(_IDLE)
        resident = contender.resident()
    for measure, value in ((RESIDENT[count], resident), (FIRST[count], first), (EMPTY[count], empty)):
        session.results.add(measure, contender.name, value)
    session.say(
        f"memory: {contender.name}, {count} flows: {resident:.0f} MB resident; first acknowledgement after {first:.2f} s,"
        f" before it {dict(before)}; {empty:.2f} s when it made its tables"
    )


async def _first_acknowledgement(contender: Contender) -> tuple[float, Counter[str]]:
    """Seconds from the process's birth, and what was answered until then."""
    answers = await _until_accepted(contender)
    return time.monotonic() - contender.spawned_at, answers


async def _until_accepted(contender: Contender) -> Counter[str]:
    """Posts until one is acknowledged; what was answered before that."""
    host, port = urlsplit(contender.url).hostname or "", urlsplit(contender.url).port or 0
    answers: Counter[str] = Counter()
    deadline = time.monotonic() + _PATIENCE
    while (status := await status_of(host, port, "", _REQUEST)) != 200:
        answers["refused connections" if status is None else str(status)] += 1
        if time.monotonic() > deadline:
            message = f"{contender.name} took no event within {_PATIENCE:g} s: {dict(answers)}"
            raise RuntimeError(message)
        await asyncio.sleep(0.01)
    return answers
