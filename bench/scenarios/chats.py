"""A bot under the cascade that once brought one down, and a broadcast to 10,000 while clients talk."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.cascade import SCENES, broadcast, chatty_box

from bench.results import Measure, Target

if TYPE_CHECKING:
    from tests.support.cascade import Outcome

    from bench.session import Session

RECIPIENTS, CLIENTS, EVERY = 10_000, 100, 20.0

_TOLD = {
    "bursts": "50 people, 3 messages each in a second, four times",
    "forced": "the same, and the bot refused for 28 s",
    "rush": "100 people within 0.2 s, three times",
}
_LAST = {"bursts": Target(most=22, told="<= 22"), "forced": None, "rush": None}
_REFUSED = {"bursts": Target(most=0, told="0"), "forced": None, "rush": Target(most=0, told="0")}
THROUGH = Measure("broadcast", "10,000 recipients, all sent after", "s")
ANSWERS = {
    0.5: Measure("broadcast", "answers to 100 clients meanwhile, p50", "s"),
    0.99: Measure("broadcast", "answers to 100 clients meanwhile, p99", "s", Target(most=1.5, told="<= 1.5")),
}


async def measure(session: Session) -> None:
    """Each scene with a box of its own; the broadcast takes six minutes, and is done once."""
    for _ in range(session.rounds):
        for name in SCENES:
            await _scene(session, name)
    await _broadcast(session)


async def _scene(session: Session, name: str) -> None:
    with tempfile.TemporaryDirectory(dir=session.folder, ignore_cleanup_errors=True) as folder:
        async with chatty_box(Path(folder) / "box") as crowd:
            await SCENES[name](crowd)
            outcome = await crowd.answered(within=120)
    told, lost = _TOLD[name], Target(most=0, told="0")
    for what, value, unit, target in (
        ("lost, doubled or out of order", outcome.lost + outcome.twice + outcome.out_of_order, "", lost),
        ("refused (429)", outcome.refused, "", _REFUSED[name]),
        ("the last answer after", outcome.last, "s", _LAST[name]),
        ("more memory", outcome.memory, "MB", Target(most=10, told="<= 10")),
    ):
        session.results.add(Measure("cascade", f"{told}: {what}", unit, target), "onebox", value)
    _say(session, f"cascade, {name}", outcome)


async def _broadcast(session: Session) -> None:
    with tempfile.TemporaryDirectory(dir=session.folder, ignore_cleanup_errors=True) as folder:
        async with chatty_box(Path(folder) / "box") as crowd:
            began = time.monotonic()
            told = await broadcast(crowd, recipients=RECIPIENTS, clients=CLIENTS, every=EVERY)
            session.results.add(THROUGH, "onebox", time.monotonic() - began)
            outcome = await crowd.answered(within=20)
    for share, measured in ANSWERS.items():
        session.results.add(measured, "onebox", outcome.waits[int(len(outcome.waits) * share)])
    session.say(f"broadcast: {told}")
    _say(session, "broadcast", outcome)


def _say(session: Session, name: str, outcome: Outcome) -> None:
    session.say(
        f"{name}: {len(outcome.answered)} of {len(outcome.written)} answered, {outcome.refused} refused,"
        f" {outcome.out_of_order} out of order, the last after {outcome.last:.1f} s, {outcome.memory:.1f} MB more"
    )
