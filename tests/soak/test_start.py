"""Until a box can keep an event it refuses it: never 200 and lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp

from tests.support.clients import Clients

if TYPE_CHECKING:
    from tests.soak.conftest import MakeBox, Say
    from tests.support.stub import Stub

FLOW = """\
flow: fNUMBER
on:
  webhook: {path: fNUMBER}
steps:
  - do: http.post
    with: {url: "STUB/fNUMBER/${event.body.n}"}
"""


def flows(stub: Stub, count: int) -> dict[str, str]:
    """Flows at /hooks/f0, f1, …"""
    return {f"f{number}.yaml": FLOW.replace("NUMBER", str(number)).replace("STUB", stub.url) for number in range(count)}


async def test_no_event_is_lost_while_a_thousand_flows_are_read(make_box: MakeBox, stub: Stub, say: Say) -> None:
    """Clients that post from before the start until after it; twice, for the second start has tables."""
    box = make_box(flows=flows(stub, 1000))
    clients = Clients(f"{box.url}/hooks/f7", count=4, pause=0.01)
    posting = asyncio.create_task(clients.run())
    for _ in range(2):
        await box.start()
        await asyncio.sleep(0.5)
        await box.kill()
    await box.start()
    clients.stop()
    await posting
    await box.drained(within=20)

    say(f"1,000 flows: {len(clients.acknowledged)} events taken, refused {dict(clients.refused)}")
    assert clients.refused["503"] > 0
    assert clients.without_retry_after == 0
    assert set(clients.refused) <= {"503", "broken"}
    assert {request.path for request in await stub.seen()} == {f"/f7/{number}" for number in clients.acknowledged}


@dataclass(slots=True)
class Answers:
    """What was answered before the first 200."""

    reasons: Counter[str] = field(default_factory=Counter)
    retry_after: set[str | None] = field(default_factory=set)


async def test_events_are_refused_while_the_tables_are_made(make_box: MakeBox, stub: Stub, say: Say) -> None:
    box = make_box(flows=flows(stub, 1))
    await box.start(ready=False)

    answers = await _until_taken(f"{box.url}/hooks/f0")

    say(f"first start: {dict(answers.reasons)}")
    known = {f"503 this box is {state}: nothing was stored, try again" for state in ("starting", "migrating")}
    assert set(answers.reasons) <= known
    assert answers.reasons, box.failed("it never refused an event while it started")
    assert all(after is not None and after.isdigit() for after in answers.retry_after)
    await box.drained(within=10)
    assert (await stub.count()).count == 1


async def _until_taken(url: str) -> Answers:
    answers = Answers()
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.post(url, json={"n": 1}) as answer:
                    if answer.status == 200:
                        return answers
                    answers.reasons[f"{answer.status} {(await answer.json())['message']}"] += 1
                    answers.retry_after.add(answer.headers.get("Retry-After"))
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.005)
