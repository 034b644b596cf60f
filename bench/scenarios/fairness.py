"""What a quiet flow notices of a flow that floods and of one that never ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.load import Load, run_load

from bench.contenders import Onebox
from bench.flows import EVENT, RUNAWAY, RUNAWAY_CODE, flow_w
from bench.results import Measure, Target

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.load import Measured

    from bench.session import Session

WAITING = 5000
RATE = 100.0
CONNECTIONS = 64
_SLOW = 1.0
_RUNAWAYS = 1
_FLOOD = "flood"

ALONE = Measure("fairness", "a quiet flow acknowledged, p99, alone", "ms")
BESIDE = Measure("fairness", "the same, beside a flood and a runaway", "ms")
TIMES = Measure("fairness", "times slower", "x", Target(most=2, told="<= 2"))


def _box(folder: Path, stub: str) -> Onebox:
    flows = {
        "quiet.yaml": flow_w(stub, "quiet"),
        "flood.yaml": flow_w(stub, _FLOOD),
        "runaway.yaml": RUNAWAY,
    }
    return Onebox(folder, flows=flows, code={"runaway.py": RUNAWAY_CODE})


async def measure(session: Session) -> None:
    """In one box: alone, then beside the flood. Each round in a box of its own."""
    await session.stub.behave(f"/{_FLOOD}", delay=_SLOW, spread=0.5)
    for _ in range(session.rounds):
        async with session.started(_box) as onebox:
            await _quiet(session, onebox)  # warms up
            alone = await _quiet(session, onebox)
            await _flood(onebox)
            beside = await _quiet(session, onebox)
            waiting = onebox.box.states().get("ready", 0)
        session.results.add(ALONE, onebox.name, alone.p99)
        session.results.add(BESIDE, onebox.name, beside.p99)
        session.results.add(TIMES, onebox.name, beside.p99 / alone.p99)
        session.say(
            f"fairness: p99 {alone.p99:.1f} ms alone, {beside.p99:.1f} ms beside {waiting} runs of the others;"
            f" p50 {alone.p50:.1f} and {beside.p50:.1f} ms, slowest {alone.slowest:.0f} and {beside.slowest:.0f} ms"
        )


async def _quiet(session: Session, onebox: Onebox) -> Measured:
    load = Load(f"{onebox.url}/hooks/quiet", session.seconds, CONNECTIONS, rate=RATE, body=EVENT)
    return await run_load(load)


async def _flood(onebox: Onebox) -> None:
    runaways = Load(f"{onebox.url}/hooks/runaway", 10, connections=1, most=_RUNAWAYS)
    await run_load(runaways)
    # Some are through before the last has come: what waits must be the full number.
    flood = Load(f"{onebox.url}/hooks/{_FLOOD}", 120, CONNECTIONS, most=WAITING * 6 // 5, body=EVENT)
    await run_load(flood)
