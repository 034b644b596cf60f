"""The cascade that brought a bot down every 140 minutes, let loose on a box: all are answered, and nobody is refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from onebox.sandbox.telegram.flood import Flood
from tests.support.cascade import SCENES, Outcome, broadcast, chatty_box

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.soak


async def one_scene(name: str, folder: Path) -> Outcome:
    async with chatty_box(folder / name) as crowd:
        await SCENES[name](crowd)
        return await crowd.answered(within=120)


@pytest.mark.alone
async def test_the_cascade_costs_the_time_that_telegram_asks_for_and_nothing_else(tmp_path: Path) -> None:
    """Three boxes side by side, each at a Telegram of its own: it is waiting that takes the time."""
    played = await asyncio.gather(*(one_scene(name, tmp_path) for name in SCENES))
    outcomes = dict(zip(SCENES, played, strict=True))

    assert {name: len(outcome.answered) for name, outcome in outcomes.items()} == {
        "bursts": 600,
        "forced": 600,
        "rush": 300,
    }
    for outcome in played:
        assert (outcome.lost, outcome.twice, outcome.out_of_order) == (0, 0, 0)
        assert outcome.memory < 10
    # Where refusals are forced: those that were on their way when it began, and no more, as the account is parked.
    assert (outcomes["bursts"].refused, outcomes["rush"].refused) == (0, 0)
    assert outcomes["forced"].refused <= 8
    # At 30 a second 600 answers take 20 s, and the last 100 strangers write after 10 s.
    assert outcomes["bursts"].last < 22
    assert outcomes["forced"].last < 22 + 28 + 12
    assert outcomes["rush"].last < 14


async def test_thirty_kills_within_a_burst_lose_nothing_and_mark_what_may_have_come_twice(tmp_path: Path) -> None:
    kills, people = 30, 20
    async with chatty_box(tmp_path / "box", flood=Flood(on=False)) as crowd:
        for _ in range(kills):
            for person in range(people):
                await crowd.write(person)
            await crowd.answers(people // 2, within=30)
            await crowd.box.kill()
            await crowd.box.start()
        await crowd.box.drained(within=60)
        await crowd.box.emptied(within=60)
        outcome = await crowd.answered(within=1)
        marked = {text for (text,) in crowd.box.rows("select content from message where doubt > 0")}
        events = crowd.box.rows("select count(*) from event")

    came = Counter(sent.text for sent in crowd.telegram.sent)
    twice = {text for text, times in came.items() if times > 1}
    assert (outcome.lost, events) == (0, [(kills * people + 1,)])
    assert {text for text in twice if not any(text in content for content in marked)} == set()
    # Several are handed over at a time; each kill hits some of these, and no others.
    assert sum(times - 1 for times in came.values()) <= 8 * kills


@pytest.mark.alone
async def test_a_broadcast_delays_nobody_s_answer(tmp_path: Path) -> None:
    async with chatty_box(tmp_path / "box") as crowd:
        told = await broadcast(crowd, recipients=600, clients=100, every=20)
        outcome = await crowd.answered(within=20)

    assert told.endswith("600 of 600  600 sent")
    assert (outcome.lost, outcome.refused, outcome.out_of_order) == (0, 0, 0)
    assert outcome.waits[int(len(outcome.waits) * 0.99)] < 1.5
