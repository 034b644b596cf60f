"""`kill -9` at random moments, under load, again and again."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from tests.soak.orders import check, files, prepare
from tests.support.clients import Clients

if TYPE_CHECKING:
    from tests.soak.conftest import MakeBox, Say
    from tests.support.process import BoxProcess
    from tests.support.stub import Stub

_DRAINS_WITHIN = 90


async def test_nothing_is_lost_on_sqlite(make_box: MakeBox, stub: Stub, say: Say) -> None:
    """50 kills, and every acknowledged order comes to its end."""
    say(await _kill_again_and_again(make_box(**files(stub)), stub, kills=50, seed=50))


async def test_nothing_is_lost_on_postgres(make_box: MakeBox, stub: Stub, say: Say, postgres_url: str) -> None:
    """The same with 15 kills of the box, not of its database."""
    say(await _kill_again_and_again(make_box(postgres=postgres_url, **files(stub)), stub, kills=15, seed=15))


async def _kill_again_and_again(box: BoxProcess, stub: Stub, *, kills: int, seed: int) -> str:
    moments = random.Random(seed)
    clients = Clients(f"{box.url}/hooks/order")
    await box.start()
    await prepare(box)
    posting = asyncio.create_task(clients.run())
    for number in range(kills):
        await _kill_once(box, clients, moments, while_starting=number % 7 == 6)
    await box.wait_until_ready()
    clients.stop()
    await posting
    await box.drained(within=_DRAINS_WITHIN)
    await box.emptied(within=_DRAINS_WITHIN)
    repeats = await check(box, stub, clients.acknowledged)
    assert clients.without_retry_after == 0
    assert await box.stop() == 0
    return (
        f"{kills} kills, {len(clients.acknowledged)} orders, refused {dict(clients.refused)};"
        f" repeated {repeats.calls} calls and {repeats.messages} messages, each with its own key"
    )


async def _kill_once(box: BoxProcess, clients: Clients, moments: random.Random, *, while_starting: bool) -> None:
    """Some time after it took an order, or, now and then, some time after it was started."""
    if while_starting:
        await asyncio.sleep(moments.uniform(0, 1.0))
    else:
        await box.wait_until_ready()
        before = len(clients.acknowledged)

        async def takes_orders() -> bool:
            return len(clients.acknowledged) > before

        await box.eventually("it takes orders", takes_orders, within=20)
        await asyncio.sleep(moments.uniform(0, 1.0))
    await box.kill()
    await box.start(ready=False)
