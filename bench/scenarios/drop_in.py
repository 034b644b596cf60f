"""The cascade: naive aiogram bots under bursts and refusals, as they are and with the drop-in in them. Once each."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.drop_in.cascade import Scene, Tally, bursts, crowd, play

from bench.results import Measure, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.session import Session

SCENES: Mapping[str, tuple[Scene, Sequence[str]]] = {
    "held": (bursts(), ("--transaction", "held")),
    "short": (bursts(), ("--transaction", "short")),
    "held, refused 28 s": (bursts(shut=28.0, forced=6.0), ("--transaction", "held")),
    "held, crowd": (crowd(), ("--transaction", "held")),
    "held, store": (bursts(), ("--transaction", "held", "--store")),
}
NONE = Target(most=0, told="0")
MEASURES: Mapping[str, tuple[str, Target | None, Callable[[Tally], float]]] = {
    "answered": ("", None, lambda tally: len(tally.answered)),
    "lost": ("", NONE, lambda tally: tally.lost),
    "refused (429)": ("", None, lambda tally: tally.refused),
    "database is locked": ("", NONE, lambda tally: tally.said.get("locked", 0)),
    "out of order": ("", NONE, lambda tally: tally.out_of_order),
    "answered after, p50": ("s", None, lambda tally: tally.median),
    "last answer after": ("s", None, lambda tally: tally.last),
    "memory grew by": ("MB", None, lambda tally: tally.memory_grew),
}


async def measure(session: Session) -> None:
    """Each scene to a bot as it is and to one with the drop-in, in the same run."""
    for name, (scene, arguments) in SCENES.items():
        if "--store" not in arguments:
            await _one(session, name, scene, "hand-written", arguments)
        await _one(session, name, scene, "onebox", ("--drop-in", *arguments))


async def _one(session: Session, name: str, scene: Scene, contender: str, arguments: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(dir=session.folder) as folder:
        store = (f"{folder}/store.db",) if "--store" in arguments else ()
        tally = await play(scene, Path(folder), *arguments, *store)
    session.say(f"drop_in, {name}: {' '.join(arguments)}: {len(tally.answered)} answered, {tally.lost} lost")
    for measured, (unit, target, value) in MEASURES.items():
        session.results.add(Measure("drop_in", f"{name}: {measured}", unit, target), contender, value(tally))
