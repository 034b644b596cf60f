"""The cascade that brought the naive bots down, with the drop-in in them: 20 seconds each, and no refusal.

The bots play side by side, each at a server of its own: it is waiting that takes the time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.drop_in.cascade import Scene, Tally, bursts, crowd, play

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(300)]
HELD = ("--drop-in", "--transaction", "held")
SHORT = ("--drop-in", "--transaction", "short")


async def side_by_side(scene: Scene, folder: Path, *bots: tuple[str, ...]) -> list[Tally]:
    """What became of a scene with each of these bots."""
    folders = [folder / f"{number}" for number in range(len(bots))]
    for one in folders:
        one.mkdir()
    return await asyncio.gather(*(play(scene, one, *bot) for one, bot in zip(folders, bots, strict=True)))


def all_well(tally: Tally) -> bool:
    """Everything was answered once and in its order, and no handler failed."""
    assert tally.said == {"handled": len(tally.written)}
    assert (tally.lost, tally.doubled, tally.out_of_order) == (0, 0, 0)
    return "Unclosed" not in tally.log


async def test_bursts_are_answered_within_24_seconds(tmp_path: Path) -> None:
    stored = (*HELD, "--store", str(tmp_path / "store.db"))
    for tally in await side_by_side(bursts(), tmp_path, HELD, SHORT, stored):
        assert all_well(tally)
        assert tally.refused == 0
        assert tally.last < 24


async def test_a_refusal_of_28_seconds_costs_28_seconds(tmp_path: Path) -> None:
    """Whoever holds a transaction at that moment does not hold it until the end of the refusal."""
    for tally in await side_by_side(bursts(times=2, shut=28.0, forced=6.0), tmp_path, HELD, SHORT):
        assert all_well(tally)
        assert tally.refused < 10
        assert tally.last < 12 + 28 + 3


async def test_a_crowd_of_a_hundred_is_answered(tmp_path: Path) -> None:
    for tally in await side_by_side(crowd(), tmp_path, HELD, SHORT):
        assert all_well(tally)
        assert tally.refused == 0
        assert tally.last < 20


async def test_a_bot_whose_every_handler_holds_the_lock_loses_nothing(tmp_path: Path) -> None:
    """Its answers take as long as one lock after another takes, and none waits for the lock until it fails."""
    tally = await play(bursts(people=25, times=2), tmp_path, "--drop-in", "--all-write")

    assert all_well(tally)
    assert tally.refused == 0
