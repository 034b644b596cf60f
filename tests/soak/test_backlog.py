"""Work waits in the database, not in memory; over the limit it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from tests.support.load import Load, run_load

if TYPE_CHECKING:
    from tests.soak.conftest import MakeBox, Say
    from tests.support.stub import Stub

SLOW = """\
flow: slow
on:
  webhook: {path: slow}
limits: {concurrency: 1}
steps:
  - do: http.post
    with: {url: "STUB/slow"}
"""

WAITING = 20_000
MOST = 200_000_000
_CONNECTIONS = 64
_BODY = '{"n": {n}, "text": "' + "some words of a customer, " * 20 + '"}'


async def test_memory_does_not_grow_with_what_waits(make_box: MakeBox, stub: Stub, say: Say) -> None:
    """20,000 events for a flow that does one at a time; also after a kill, when all is read again."""
    await stub.behave("/slow", delay=1)
    settings = f"limits: {{backlog: {WAITING}}}\n"
    box = make_box(flows={"slow.yaml": SLOW.replace("STUB", stub.url)}, settings=settings)
    await box.start()
    idle = box.resident()

    load = Load(f"{box.url}/hooks/slow", 120, _CONNECTIONS, most=WAITING + 500, body=_BODY)
    measured = await run_load(load)
    full = box.resident()

    assert measured.failed == 0
    assert measured.statuses.keys() == {"200", "503"}, measured.statuses
    assert WAITING <= measured.accepted <= WAITING + 2 * _CONNECTIONS, measured.statuses
    assert await _retry_after(f"{box.url}/hooks/slow")
    await box.kill()
    await box.start()
    restarted = box.resident()
    say(
        f"{measured.accepted} events wait: {idle / 1e6:.0f} MB before, {full / 1e6:.0f} MB with them,"
        f" {restarted / 1e6:.0f} MB after a restart; taken at {measured.per_second:.0f}/s"
    )
    assert max(full, restarted) < MOST
    assert await _retry_after(f"{box.url}/hooks/slow")
    assert measured.accepted <= sum(box.states().values()) <= measured.accepted + 10
    assert await box.stop() == 0


async def _retry_after(url: str) -> bool:
    """Whether an event is refused with 503, and told when to come again. A run may just have ended: two are asked."""
    async with aiohttp.ClientSession() as http:
        for number in range(5):
            async with http.post(url, json={"n": number}) as answer:
                if answer.status == 503:
                    return answer.headers.get("Retry-After", "").isdigit()
    return False
