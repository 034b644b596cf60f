"""The cascade that brought a bot down every 140 minutes, let loose on a box: all are answered, and nobody is refused."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from onebox.sandbox.telegram.flood import Flood
from tests.support.cascade import broadcast, bursts, chatty_box, forced, rush

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.soak


async def test_bursts_of_many_people_are_answered_in_order_as_fast_as_telegram_allows(tmp_path: Path) -> None:
    async with chatty_box(tmp_path / "box") as crowd:
        await bursts(crowd)
        outcome = await crowd.answered(within=60)

    assert (len(outcome.answered), outcome.lost, outcome.twice) == (600, 0, 0)
    assert (outcome.refused, outcome.out_of_order) == (0, 0)
    assert outcome.last < 22
    assert outcome.memory < 10


async def test_refusals_that_are_forced_on_it_cost_their_time_and_nothing_else(tmp_path: Path) -> None:
    async with chatty_box(tmp_path / "box") as crowd:
        await forced(crowd)
        outcome = await crowd.answered(within=120)

    assert (len(outcome.answered), outcome.lost, outcome.twice) == (600, 0, 0)
    assert outcome.out_of_order == 0
    # Those that were on their way when it began, and no more: then the account is parked.
    assert outcome.refused <= 8
    assert outcome.last < 22 + 28 + 12
    assert outcome.memory < 10


async def test_a_rush_of_strangers_is_answered(tmp_path: Path) -> None:
    async with chatty_box(tmp_path / "box") as crowd:
        await rush(crowd)
        outcome = await crowd.answered(within=60)

    assert (len(outcome.answered), outcome.lost, outcome.twice) == (300, 0, 0)
    assert (outcome.refused, outcome.out_of_order) == (0, 0)
    assert outcome.last < 14
    assert outcome.memory < 10


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


async def test_a_broadcast_delays_nobody_s_answer(tmp_path: Path) -> None:
    async with chatty_box(tmp_path / "box") as crowd:
        told = await broadcast(crowd, recipients=1000, clients=100, every=20)
        outcome = await crowd.answered(within=20)

    assert told.endswith("1,000 of 1,000  1,000 sent")
    assert (outcome.lost, outcome.refused, outcome.out_of_order) == (0, 0, 0)
    assert outcome.waits[int(len(outcome.waits) * 0.99)] < 1.5
