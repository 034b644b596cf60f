"""The cascade that brought the naive bots down, with the drop-in in them: 20 seconds each, and no refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.drop_in.cascade import Tally, bursts, crowd, play

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]
BOTH = pytest.mark.parametrize("transaction", ["held", "short"])


def all_well(tally: Tally) -> bool:
    """Everything was answered once and in its order, and no handler failed."""
    assert tally.said == {"handled": len(tally.written)}
    assert (tally.lost, tally.doubled, tally.out_of_order) == (0, 0, 0)
    return "Unclosed" not in tally.log


@BOTH
async def test_bursts_are_answered_within_24_seconds(tmp_path: Path, transaction: str) -> None:
    tally = await play(bursts(), tmp_path, "--drop-in", "--transaction", transaction)

    assert all_well(tally)
    assert tally.refused == 0
    assert tally.last < 24


async def test_bursts_are_answered_within_24_seconds_with_a_store(tmp_path: Path) -> None:
    tally = await play(bursts(), tmp_path, "--drop-in", "--store", str(tmp_path / "store.db"))

    assert all_well(tally)
    assert tally.refused == 0
    assert tally.last < 24


@BOTH
async def test_a_refusal_of_28_seconds_costs_28_seconds(tmp_path: Path, transaction: str) -> None:
    """Whoever holds a transaction at that moment does not hold it until the end of the refusal."""
    tally = await play(bursts(shut=28.0, forced=6.0), tmp_path, "--drop-in", "--transaction", transaction)

    assert all_well(tally)
    assert tally.refused < 10
    assert tally.last < 24 + 28 + 3


@BOTH
async def test_a_crowd_of_a_hundred_is_answered(tmp_path: Path, transaction: str) -> None:
    tally = await play(crowd(), tmp_path, "--drop-in", "--transaction", transaction)

    assert all_well(tally)
    assert tally.refused == 0
    assert tally.last < 20


async def test_a_bot_whose_every_handler_holds_the_lock_loses_nothing(tmp_path: Path) -> None:
    """Its answers take as long as one lock after another takes, and none waits for the lock until it fails."""
    tally = await play(bursts(people=25), tmp_path, "--drop-in", "--all-write")

    assert all_well(tally)
    assert tally.refused == 0
