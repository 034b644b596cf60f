from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.box import JSON, QUICK, flow, open_box, raw_exchange

from onebox.flows.responses import RunEnded
from onebox.messaging.event import StoredResponse
from onebox.web.server import CannotListen, WebServer
from onebox.web.site import Site

# --- health ---------------------------------------------------------------------------------------------------------


async def test_healthy_and_ready() -> None:
    async with open_box() as box:
        async with box.client.get(f"{box.url}/healthz") as response:
            assert (response.status, await response.json()) == (200, {"status": "alive"})
        async with box.client.get(f"{box.url}/readyz") as response:
            assert (response.status, await response.json()) == (200, {"status": "ready"})
        async with box.client.head(f"{box.url}/healthz") as response:
            assert response.status == 200
        async with box.client.post(f"{box.url}/healthz") as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(("why", "after"), [("starting", "1"), ("migrating", "10"), ("stopping", "5")])
async def test_not_ready_takes_nothing(why: str, after: str) -> None:
    async with open_box() as box:
        box.not_ready.append(why)
        for path in ("/hooks/w", "/hooks/not-loaded-yet"):
            async with box.client.post(f"{box.url}{path}") as response:
                assert (response.status, response.headers["Retry-After"]) == (503, after)
                told = await response.json()
                assert told == {"error": "not_ready", "message": f"this box is {why}: nothing was stored, try again"}
        async with box.client.get(f"{box.url}/readyz") as response:
            assert (response.status, await response.json()) == (503, {"status": why})
        async with box.client.get(f"{box.url}/healthz") as response:
            assert response.status == 200
        box.not_ready.clear()
        assert (await box.post("/hooks/w"))[0] == 200
        assert len(box.stored) == 1


async def test_stopping_sends_callers_elsewhere() -> None:
    async with open_box() as box:
        box.not_ready.append("stopping")
        async with box.client.post(f"{box.url}/hooks/w") as response:
            assert response.headers["Connection"] == "close"


async def test_listens_before_there_is_anything_to_serve() -> None:
    async with open_box() as box:
        real_site, box.server.site = box.server.site, Site(readiness=lambda: "migrating")
        assert (await box.post("/hooks/w"))[0] == 503
        box.server.site = real_site
        assert (await box.post("/hooks/w"))[0] == 200


async def test_address_that_is_taken() -> None:
    async with open_box() as box:
        second = WebServer(Site(readiness=lambda: None), "127.0.0.1", box.port)
        with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{box.port}"):
            await second.start()


# --- stopping -------------------------------------------------------------------------------------------------------


async def test_running_request_ends_and_idle_ones_are_closed() -> None:
    async with open_box(respond="step") as box:
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", box.port)
        idle_writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await idle_reader.readuntil(b'{"status":"alive"}')
        running = asyncio.create_task(box.post("/hooks/w"))
        await box.answers.until_asked()
        stopping = asyncio.create_task(box.server.stop(deadline=30))
        async with asyncio.timeout(2):
            assert await idle_reader.read() == b""
        assert not running.done()
        box.answers.give(StoredResponse(200, JSON, b'{"total":7}'))
        assert await running == (200, {"total": 7})
        await stopping
        with pytest.raises(aiohttp.ClientConnectorError):
            await box.post("/hooks/w")
        idle_writer.close()


async def test_stop_does_not_wait_longer_than_its_deadline() -> None:
    async with open_box(respond="step") as box:
        running = asyncio.create_task(box.post("/hooks/w"))
        await box.answers.until_asked()
        async with asyncio.timeout(2):
            await box.server.stop(deadline=0.05)
        with pytest.raises(aiohttp.ClientError):
            await running


async def test_stopping_twice_is_no_fault() -> None:
    async with open_box() as box:
        await box.server.stop()
        await box.server.stop()


# --- the wire -------------------------------------------------------------------------------------------------------


async def test_connection_is_kept_for_the_next_request() -> None:
    async with open_box(settings=QUICK) as box:
        one = b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"
        got = await raw_exchange(box.port, one + one + one.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        assert got.count(b"HTTP/1.1 200 OK") == 3
        assert got.count(b"connection: close") == 1
        assert len(box.stored) == 3


@pytest.mark.parametrize(
    ("asked", "kept"), [(b"", b"connection: close"), (b"Connection: keep-alive\r\n", b"connection: keep-alive")]
)
async def test_http_1_0(asked: bytes, kept: bytes) -> None:
    async with open_box(settings=QUICK) as box:
        got = await raw_exchange(box.port, b"POST /hooks/w HTTP/1.0\r\n" + asked + b"Content-Length: 1\r\n\r\na")
        assert got.startswith(b"HTTP/1.1 200 OK\r\n")
        assert kept in got


async def test_absolute_address() -> None:
    async with open_box(settings=QUICK) as box:
        got = await raw_exchange(box.port, b"POST http://shop.example/hooks/w?a=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 200")
        assert box.event.data["query"] == {"a": "1"}


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /hooks/w HTTP/9.9\r\n\r\n",
        b"POST  /hooks/w HTTP/1.1\r\n\r\n",
        b"P\x00ST /hooks/w HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 500 + b"\r\n",
        b"POST /hooks/" + b"w" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nX\x00: a\r\n\r\n",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_told_so(sent: bytes) -> None:
    async with open_box(settings=QUICK) as box:
        got = await raw_exchange(box.port, sent)
        head, _, told = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"content-type: application/json" in head
        assert b'{"error":"' in told
        assert b"Traceback" not in got
        assert box.stored == {}
        assert (await box.post("/hooks/w"))[0] == 200


async def test_path_with_a_broken_escape() -> None:
    async with open_box(settings=QUICK, path="orders/{n}") as box:
        got = await raw_exchange(box.port, b"POST /hooks/orders/%ff HTTP/1.1\r\nHost: x\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 400")
        assert b"path_invalid" in got


async def test_query_with_too_much() -> None:
    async with open_box() as box:
        assert (await box.post("/hooks/w?" + "&".join(["a=1"] * 1001)))[1]["error"] == "query_invalid"


async def test_pipelined_answers_that_nobody_reads_do_not_pile_up() -> None:
    large = {"body": "x" * 100_000}
    async with open_box(flow("w", path="w", respond=large)) as box:
        _, writer = await asyncio.open_connection("127.0.0.1", box.port)
        for _ in range(200):
            writer.write(b"POST /hooks/w HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(5):
            await box.crowd.arrivals.acquire()
        for _ in range(60):  # in that time it could have answered them all
            assert (await box.post("/hooks/w"))[0] == 200
        assert len(box.stored) - 60 < 100
        writer.transport.abort()


METHODS = st.sampled_from([b"POST", b"POST", b"GET", b"HEAD", b"OPTIONS", b"PUT", b"CONNECT", b"PROPFIND", b"BREW"])
TARGETS = st.sampled_from(
    [
        b"/hooks/w",
        b"/hooks/w",
        b"/hooks/s",
        b"/hooks/orders/%zz",
        b"/hooks/orders/%ff",
        b"/hooks/orders/\xff\xfe",
        b"/hooks/w?a=%FF&\xff=1",
        b"/hooks/w?" + b"&" * 3000,
        b"/hooks/w#x",
        b"/hooks/../healthz",
        b"http://a.example:99999/hooks/w",
        b"//hooks/w",
        b"/readyz",
        b"*",
        b"a.example:443",
    ]
)
ODD = st.binary(max_size=12).map(lambda value: value.translate(None, b"\r\n\0"))
HEADERS = st.sampled_from(
    [
        b"Content-Type: application/json",
        b"Content-Type: application/x-www-form-urlencoded",
        b"Content-Type: multipart/form-data; boundary=XX",
        b"Content-Type: multipart/form-data; boundary=\xff",
        b"Content-Type: text/plain; charset=\xff",
        b"Content-Encoding: gzip",
        b"Content-Encoding: deflate",
        b"Content-Encoding: br",
        b"Connection: close",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
        b"Expect: 100-continue",
        b"Expect: miracles",
        b"X-Forwarded-For: \xff, 1",
    ]
) | st.builds(
    b": ".join,
    st.tuples(st.sampled_from([b"Authorization", b"Idempotency-Key", b"Content-Type", b"$x", b"Host", b"Cookie"]), ODD),
)
BODIES = (
    st.sampled_from([b"", b'{"a":1}', b"{", b"[1e999]", b'"\\ud800"', b"a=%FF", b"--XX\r\n\r\n--XX--", b"[" * 300])
    | st.binary()
)


def framed(body: bytes, how: str) -> bytes:
    if how == "chunked":
        return b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    length = {"right": len(body), "short": len(body) // 2, "long": len(body) + 5, "huge": 10**15}[how]
    return b"Content-Length: %d\r\n\r\n%b" % (length, body)


REQUESTS = st.builds(
    lambda method, target, headers, frame: b"".join(
        (method, b" ", target, b" HTTP/1.1\r\nHost: x\r\n", headers, frame)
    ),
    METHODS,
    TARGETS,
    st.lists(HEADERS, max_size=4).map(lambda lines: b"".join(line + b"\r\n" for line in lines)),
    st.builds(framed, BODIES, st.sampled_from(["right", "right", "chunked", "short", "long", "huge"])),
)
NOISE = st.lists(REQUESTS | st.binary(), max_size=3).map(b"".join)


def test_no_request_ever_breaks_the_box() -> None:
    hooks: list[dict[str, Any]] = [
        {"path": "w", "methods": "any"},
        {"path": "s", "auth": {"bearer": "k"}},
        {"path": "orders/{n}"},
    ]
    flows = [flow(str(number), **hook) for number, hook in enumerate(hooks)]

    async def exchange(requests: list[bytes]) -> list[bytes]:
        async with open_box(*flows, secrets={"k": "x"}, settings=QUICK) as box:
            got = await asyncio.gather(*(raw_exchange(box.port, sent) for sent in requests))
            assert (await box.post("/hooks/w", "still there"))[0] == 200
            return got

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests=st.lists(REQUESTS | NOISE, min_size=30, max_size=60))
    def holds(requests: list[bytes]) -> None:
        for got in asyncio.run(exchange(requests)):
            answered.update(re.findall(rb"^HTTP/1.1 (...)", got, re.MULTILINE))
            assert b"HTTP/1.1 5" not in got
            assert b"Traceback" not in got

    answered: set[bytes] = set()
    holds()
    assert {b"200", b"400", b"404"} <= answered  # it came further than the door


async def test_answer_of_a_failed_run_is_the_only_500_that_is_meant() -> None:
    async with open_box(respond="step") as box:
        box.answers.give(RunEnded("r1", failed=True))
        assert (await box.post("/hooks/w"))[0] == 500
