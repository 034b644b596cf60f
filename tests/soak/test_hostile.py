"""What the internet sends to an open port."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.soak.conftest import MakeBox, Say
    from tests.support.process import BoxProcess
    from tests.support.stub import Stub

FLOW = """\
flow: shop
on:
  webhook: {path: shop}
steps:
  - do: http.post
    with: {url: "STUB/shop"}
"""

GROWTH = 60_000_000
"""bytes that a flood may cost at most"""

_HALF_REQUESTS = (
    b"",
    b"POST /hooks/shop HT",
    b"POST /hooks/shop HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    b"POST /hooks/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{",
    b"POST /hooks/shop HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nabc",
)
_WRONG = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /hooks/shop HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /hooks/shop HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"POST /hooks/shop HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nzz\r\n\r\n",
    b"POST /hooks/%ff%fe HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"POST /hooks/shop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n"
    + b"[" * 200_000,
    b"POST /hooks/shop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n\xff\xfe\x00{]}\\ud",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


async def test_garbage_costs_nothing(make_box: MakeBox, stub: Stub, say: Say) -> None:
    """A thousand connections of random bytes, and of what is nearly HTTP."""
    box = await _shop(make_box, stub)
    before = box.resident()
    dice = random.Random(7)

    for _ in range(20):
        garbage = [*(dice.randbytes(dice.randrange(1, 5000)) for _ in range(40)), *_WRONG]
        await asyncio.gather(*(_throw(box, one) for one in garbage))

    say(f"1,000 connections of garbage: {before / 1e6:.0f} MB before, {box.resident() / 1e6:.0f} MB after")
    await _still_sells(box, stub, before)
    assert box.states() == {"done": 2}, "garbage became an event"


async def test_half_open_connections_keep_nobody_out(make_box: MakeBox, stub: Stub, say: Say) -> None:
    """200 that began a request and never go on."""
    box = await _shop(make_box, stub)
    before = box.resident()
    held = [await asyncio.open_connection("127.0.0.1", box.port) for _ in range(200)]
    for number, (_, writer) in enumerate(held):
        writer.write(_HALF_REQUESTS[number % len(_HALF_REQUESTS)])

    began = time.monotonic()
    assert await box.post("shop") == 200
    took = time.monotonic() - began

    say(f"beside 200 half-open connections: acknowledged in {took * 1000:.0f} ms, {box.resident() / 1e6:.0f} MB")
    assert took < 2
    assert await box.stop(within=10) == 0, "half-open connections keep it from stopping"
    await box.start()
    await _still_sells(box, stub, before)
    for _, writer in held:
        writer.close()


async def test_callers_who_hang_up_cost_nothing(make_box: MakeBox, stub: Stub) -> None:
    """Each sends a whole event, and leaves before it is answered: taken or not, nothing is left open."""
    box = await _shop(make_box, stub)
    before = box.resident()
    request = b"POST /hooks/shop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

    for _ in range(500):
        _, writer = await asyncio.open_connection("127.0.0.1", box.port)
        writer.write(request)
        writer.transport.abort()

    await box.drained(within=20)
    await _still_sells(box, stub, before)


async def _shop(make_box: MakeBox, stub: Stub) -> BoxProcess:
    """A box that has taken an event."""
    box = make_box(flows={"shop.yaml": FLOW.replace("STUB", stub.url)})
    await box.start()
    assert await box.post("shop") == 200
    await stub.wait_for(1, within=5)
    return box


async def _still_sells(box: BoxProcess, stub: Stub, before: int) -> None:
    await stub.forget()
    assert await box.post("shop") == 200
    assert (await stub.wait_for(1, within=5)).count == 1
    await box.drained(within=10)
    assert box.resident() < before + GROWTH, f"{before} bytes before, {box.resident()} after"
    assert "Traceback" not in box.log(), box.failed("there is a traceback")


async def _throw(box: BoxProcess, data: bytes) -> None:
    """Sends it, half-closes, and takes what is answered."""
    with contextlib.suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection("127.0.0.1", box.port)
        try:
            writer.write(data)
            writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), 5)
            assert b"Traceback" not in answer
            assert not answer.startswith(b"HTTP/1.1 500"), answer
        finally:
            writer.close()
