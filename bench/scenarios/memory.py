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

RESIDENT = {
    10: Measure("memory", "resident, idle, 10 flows", "MB", Target(most=90, told="< 90"), "420 (tree 533)"),
    1000: Measure("memory", "resident, idle, 1,000 flows", "MB", Target(most=200, told="< 200")),
}
FIRST = {
    10: Measure("memory", "start to first acknowledgement, 10 flows", "s", Target(most=1.2, told="< 1.2"), "5.1"),
    1000: Measure("memory", "start to first acknowledgement, 1,000 flows", "s", Target(most=4, told="< 4")),
}
REFUSED = Measure("memory", "answers of 503 before it, 1,000 flows", "")


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
    async with session.started(make, ready=False) as contender:
        statuses = await _until_accepted(contender)
        first = time.monotonic() - contender.spawned_at
        await asyncio.sleep(_IDLE)
        resident = contender.resident()
    session.results.add(RESIDENT[count], contender.name, resident)
    session.results.add(FIRST[count], contender.name, first)
    if count == 1000:
        session.results.add(REFUSED, contender.name, statuses["503"])
    session.say(
        f"memory: {contender.name}, {count} flows: {resident:.0f} MB resident, first acknowledgement after {first:.2f} s,"
        f" before it {dict(statuses)}"
    )


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
