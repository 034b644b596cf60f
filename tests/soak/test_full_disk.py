"""The disk is full: events are refused, none that was acknowledged is lost, and it goes on once there is room."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.soak.rooms import make_room
from tests.support.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.soak.conftest import MakeBox, Say
    from tests.soak.rooms import Room
    from tests.support.process import BoxProcess
    from tests.support.stub import Stub

FLOW = """\
flow: keep
on:
  webhook: {path: keep}
limits: {time: 5m}
steps:
  - id: n
    do: set
    with: {value: "${event.body.n}"}
  - do: http.post
    with: {url: "STUB/kept/${n.value}"}
"""

ENOUGH = 1_500_000
_LARGE = "x" * 20_000


def large(number: int) -> Any:
    """An event that takes some room."""
    return {"n": number, "text": _LARGE}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Where the box keeps its things."""
    made = make_room(tmp_path / "box" / ".onebox")
    yield made
    made.close()


async def test_a_full_disk_refuses_and_then_goes_on_by_itself(
    make_box: MakeBox, stub: Stub, room: Room, say: Say
) -> None:
    box = make_box(flows={"keep.yaml": FLOW.replace("STUB", stub.url)})
    clients = Clients(f"{box.url}/hooks/keep", count=4, pause=0.005, event=large)
    await box.start()
    posting = asyncio.create_task(clients.run())
    await _until_some_are_taken(box, clients)
    room.fill(box, leave=ENOUGH)
    await _until_refused(box, clients)
    assert (await _one_refusal(box))["Retry-After"].isdigit()
    assert await box.get("/healthz") == 200

    room.free(box)
    await _until_some_are_taken(box, clients)

    say(f"full disk: {len(clients.acknowledged)} events taken, refused {dict(clients.refused)}")
    await _nothing_is_lost(box, stub, clients, posting)
    assert "Traceback" not in box.log(), box.failed("there is a traceback")


async def test_a_box_that_was_killed_while_full_starts_again(make_box: MakeBox, stub: Stub, room: Room) -> None:
    """Still full, it starts and refuses; with room it goes on."""
    box = make_box(flows={"keep.yaml": FLOW.replace("STUB", stub.url)})
    clients = Clients(f"{box.url}/hooks/keep", count=4, pause=0.005, event=large)
    await box.start()
    posting = asyncio.create_task(clients.run())
    await _until_some_are_taken(box, clients)
    room.fill(box, leave=ENOUGH)
    await _until_refused(box, clients)

    await box.kill()
    await box.start(ready=False)
    await box.eventually("it answers while the disk is full", lambda: _answers(box), within=20)
    room.free(box)
    await box.wait_until_ready()
    await _until_some_are_taken(box, clients)

    await _nothing_is_lost(box, stub, clients, posting)


async def _answers(box: BoxProcess) -> bool:
    if box.process is not None and box.process.returncode is not None:
        raise box.failed(f"it ended with {box.process.returncode}")
    return await box.get("/healthz") == 200


async def _until_some_are_taken(box: BoxProcess, clients: Clients) -> None:
    before = len(clients.acknowledged)

    async def more() -> bool:
        return len(clients.acknowledged) >= before + 10

    await box.eventually("it takes events", more, within=30)


async def _until_refused(box: BoxProcess, clients: Clients) -> None:
    async def refused() -> bool:
        return clients.refused["503"] >= 10

    await box.eventually("it refuses events with 503", refused, within=30)


async def _one_refusal(box: BoxProcess) -> Mapping[str, str]:
    """The headers of an event that was refused. A small one may still find room."""
    async with aiohttp.ClientSession() as http:
        for number in range(1000):
            async with http.post(f"{box.url}/hooks/keep", json=large(-number)) as answer:
                if answer.status == 503:
                    return answer.headers
    raise box.failed("a thousand large events found room on a full disk")


async def _nothing_is_lost(box: BoxProcess, stub: Stub, clients: Clients, posting: asyncio.Task[None]) -> None:
    clients.stop()
    await posting
    await box.drained(within=60)
    kept = {request.path for request in await stub.seen("/kept/")}
    missing = {f"/kept/{number}" for number in clients.acknowledged} - kept
    assert missing == set(), box.failed("acknowledged, and never done")
    assert set(box.states()) == {"done"}, box.failed(f"runs did not end well: {box.states()}")
    assert box.rows("pragma integrity_check") == [("ok",)]
    assert clients.without_retry_after == 0
    assert await box.stop() == 0
