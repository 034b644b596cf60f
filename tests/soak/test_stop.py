"""SIGTERM and SIGINT, and who owns a box."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from tests.soak.orders import check, files, prepare
from tests.support.clients import Clients
from tests.support.process import free_port

if TYPE_CHECKING:
    from tests.soak.conftest import MakeBox
    from tests.support.stub import Stub

WAITER = """\
flow: waiter
on:
  webhook: {path: waiter}
steps:
  - wait: 3s
  - do: http.post
    with: {url: "STUB/after-the-wait"}
"""

SLOW = """\
flow: slow
on:
  webhook: {path: slow}
steps:
  - do: http.post
    with: {url: "STUB/slow", timeout: 1m}
"""


async def test_sigterm_under_load_ends_in_time_and_loses_nothing(make_box: MakeBox, stub: Stub) -> None:
    """Five times in a row: the next start finishes what the last one parked."""
    box = make_box(**files(stub))
    clients = Clients(f"{box.url}/hooks/order", pause=0.01)
    await box.start()
    await prepare(box)
    posting = asyncio.create_task(clients.run())
    for _ in range(5):
        await asyncio.sleep(1)
        assert await box.stop(within=10) == 0, box.log()
        await box.start()
    clients.stop()
    await posting
    await box.drained(within=60)
    await box.emptied(within=30)
    assert await box.stop() == 0
    await check(box, stub, clients.acknowledged)
    assert clients.without_retry_after == 0


async def test_a_parked_wait_goes_on_after_the_restart(make_box: MakeBox, stub: Stub) -> None:
    box = make_box(flows={"waiter.yaml": WAITER.replace("STUB", stub.url)})
    await box.start()
    assert await box.post("waiter") == 200
    assert await box.stop() == 0
    assert box.states() == {"waiting": 1}

    await box.start()

    assert (await stub.wait_for(1, within=10)).count == 1
    await box.drained(within=5)


async def test_sigterm_parks_a_step_that_does_not_end(make_box: MakeBox, stub: Stub) -> None:
    """The call is repeated by the next process, with the same key."""
    await stub.behave("/slow", delay=60)
    box = make_box(flows={"slow.yaml": SLOW.replace("STUB", stub.url)})
    await box.start()
    assert await box.post("slow") == 200
    await stub.wait_for(1, within=5)
    assert await box.stop(within=10) == 0

    await stub.behave("/slow", delay=0)
    await box.start()
    await box.drained(within=10)

    first, second = [request.key for request in await stub.seen()]
    assert first == second != ""
    assert box.states() == {"done": 1}


async def test_a_second_signal_hurries(make_box: MakeBox, stub: Stub) -> None:
    await stub.behave("/slow", delay=60)
    box = make_box(flows={"slow.yaml": SLOW.replace("STUB", stub.url)})
    await box.start()
    assert await box.post("slow") == 200
    await stub.wait_for(1, within=5)
    assert box.process is not None

    box.process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    box.process.send_signal(signal.SIGINT)

    await box.ended(within=2)
    assert box.states() == {"ready": 1}


async def test_sigint_ends_well(make_box: MakeBox) -> None:
    box = make_box()
    await box.start()
    assert box.process is not None

    box.process.send_signal(signal.SIGINT)

    assert await box.ended(within=10) == 0


async def test_a_box_has_one_owner(make_box: MakeBox) -> None:
    """A second process is refused, is told by whom, and the first does not notice."""
    box = make_box()
    await box.start()
    assert box.process is not None

    second = await asyncio.create_subprocess_exec(
        *box.command(port=free_port()), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(second.communicate(), 20)

    assert second.returncode not in {0, None}
    assert f"process {box.process.pid}" in said.decode(), said.decode()
    assert "Traceback" not in said.decode()
    assert await box.stop() == 0


async def test_a_box_that_was_killed_has_no_owner(make_box: MakeBox) -> None:
    box = make_box()
    await box.start()
    await box.kill()

    await box.start()

    assert await box.stop() == 0
