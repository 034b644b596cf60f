from __future__ import annotations

import asyncio
import gzip
import random
from typing import Any

import pytest
from tests.web.box import JSON, QUICK, flow, open_box, raw_exchange

from onebox.flows.responses import RunEnded
from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.event import StoredResponse
from onebox.web.settings import WebSettings


async def test_event_is_stored_before_the_answer() -> None:
    async with open_box() as box:
        status, answer = await box.post("/hooks/w", '{"amount": 21}', Content_Type="application/json", X_Shop="7")
        assert (status, answer) == (200, {"id": box.event.id})
        assert box.event.topic == "webhook.w"
        assert box.event.source == "webhook:w"
        assert box.event.data["body"] == {"amount": 21}
        assert box.event.data["headers"]["x-shop"] == "7"
        assert box.event.data["method"] == "POST"
        assert box.event.data["remote"] == "127.0.0.1"


async def test_path_parameters_and_query_reach_the_event() -> None:
    async with open_box(path="orders/{number}/items/{item}") as box:
        await box.post("/hooks/orders/7/items/a%2Fb%20%C3%BC?x=1&tag=a&tag=b&empty=&%24filter=y")
        assert box.event.data["path"] == {"number": "7", "item": "a/b ü"}
        assert box.event.data["query"] == {"x": "1", "tag": ["a", "b"], "empty": "", "$filter": "y"}
        assert box.event.topic == "webhook.orders/{number}/items/{item}"


async def test_written_part_goes_before_a_parameter() -> None:
    flows = [flow("any", path="orders/{number}"), flow("new", path="orders/new")]
    async with open_box(*flows) as box:
        await box.post("/hooks/orders/new")
        assert box.event.topic == "webhook.orders/new"


async def test_methods_of_two_flows_share_a_path() -> None:
    flows = [flow("read", path="w", methods=["GET"]), flow("write", path="w")]
    async with open_box(*flows) as box:
        async with box.client.get(f"{box.url}/hooks/w") as response:
            assert response.status == 200
        assert box.event.topic == "webhook.w:GET"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_any_method(method: str) -> None:
    async with open_box(methods="any") as box:
        async with box.client.request(method, f"{box.url}/hooks/w") as response:
            assert response.status == 200
        assert box.event.data["method"] == method


async def test_reload_exchanges_the_hooks() -> None:
    async with open_box() as box:
        box.book.replace([flow("v", path="v")])
        assert (await box.post("/hooks/w"))[0] == 404
        assert (await box.post("/hooks/v"))[0] == 200


# --- what is stored of the headers ----------------------------------------------------------------------------------


async def test_credentials_are_not_stored() -> None:
    async with open_box() as box:
        await box.post("/hooks/w", Authorization="Bearer s3cr3t", Cookie="s3cr3t", Proxy_Authorization="s3cr3t")
        assert "s3cr3t" not in box.event.payload


async def test_repeated_headers_are_joined() -> None:
    async with open_box(settings=QUICK) as box:
        await raw_exchange(box.port, b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
        assert box.event.data["headers"]["x-a"] == "1, 2"


async def test_header_that_is_no_utf8_is_read_as_latin1() -> None:
    async with open_box(settings=QUICK) as box:
        await raw_exchange(box.port, b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nX-A: Sal\xf3n\r\n\r\n")
        assert box.event.data["headers"]["x-a"] == "Salón"


async def test_forwarded_address_is_believed_of_trusted_proxies_alone() -> None:
    import ipaddress

    trusting = WebSettings(trusted_proxies=[ipaddress.IPv4Network("127.0.0.0/8")])
    async with open_box(settings=trusting) as box:
        await box.post("/hooks/w", X_Forwarded_For="198.51.100.1, 203.0.113.9")
        assert box.event.data["remote"] == "203.0.113.9"
    async with open_box() as box:
        await box.post("/hooks/w", X_Forwarded_For="203.0.113.9")
        assert box.event.data["remote"] == "127.0.0.1"


# --- twice the same -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "headers", "key"),
    [
        ({}, {"Idempotency_Key": "k1"}, "k1"),
        ({"key": "body.id"}, {}, "7"),
        ({"key": "header:X-Delivery"}, {"X_Delivery": "d1"}, "d1"),
        ({"key": "body.id"}, {"Idempotency_Key": "k1"}, "k1"),
        ({"key": "body.none"}, {}, None),
        ({"key": "body.list.1.id"}, {}, "9"),
        ({"key": "body.list"}, {}, None),
        ({}, {}, None),
        ({}, {"Idempotency_Key": ""}, None),
        ({"key": "query.id"}, {}, "q1"),
    ],
)
async def test_key_of_an_event(hook: dict[str, Any], headers: dict[str, str], key: str | None) -> None:
    body = '{"id": 7, "list": [0, {"id": 9}]}'
    async with open_box(**hook) as box:
        await box.post("/hooks/w?id=q1", body, Content_Type="application/json", **headers)
        assert box.event.key == key


async def test_key_that_no_row_can_index_is_hashed() -> None:
    async with open_box(key="body.id", sender="body.who") as box:
        await box.post("/hooks/w", '{"id": "a\\u0000b", "who": "%s"}' % ("x" * 500), Content_Type="application/json")
        assert box.event.key is not None
        assert box.event.key.startswith("sha256:")
        assert box.event.sender is not None
        assert len(box.event.sender) < 100


async def test_duplicate_is_answered_as_the_first() -> None:
    async with open_box() as box:
        first = await box.post("/hooks/w", "a", Idempotency_Key="k1")
        assert first == await box.post("/hooks/w", "a", Idempotency_Key="k1")
        assert len(box.stored) == 1


async def test_sender_is_taken_from_the_body() -> None:
    async with open_box(sender="body.user.id") as box:
        await box.post("/hooks/w", '{"user": {"id": 42}}', Content_Type="application/json")
        assert box.event.sender == "42"


# --- respond --------------------------------------------------------------------------------------------------------


async def test_respond_step_answers() -> None:
    async with open_box(respond="step") as box:
        headers = {"X-Total": "7", "Content-Type": "text/plain", "Content-Length": "999", "X-Bad": "a\r\nSet-Cookie: b"}
        box.answers.give(StoredResponse(201, headers, b"made"))
        async with box.client.post(f"{box.url}/hooks/w") as response:
            assert (response.status, await response.read()) == (201, b"made")
            assert response.headers["X-Total"] == "7"
            assert "X-Bad" not in response.headers
            assert "Set-Cookie" not in response.headers
        assert box.answers.asked == [(box.event.id, 30.0)]


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_answer_without_a_body_has_none(status: int) -> None:
    smuggled = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    async with open_box(respond="step") as box:
        box.answers.give(StoredResponse(status, {}, smuggled))
        sent = b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        head, _, rest = (await raw_exchange(box.port, sent)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert rest == b""
        assert (b"content-length: 0" in head) == (status == 205)


@pytest.mark.parametrize(
    ("given", "status", "expected"),
    [
        (RunEnded("r1", failed=False), 200, {"id": "ID"}),
        (RunEnded("r1", failed=True), 500, {"error": "run_failed", "id": "ID", "run": "r1"}),
        (None, 202, {"id": "ID", "status": "running"}),
    ],
)
async def test_run_without_an_answer(given: RunEnded | None, status: int, expected: dict[str, str]) -> None:
    async with open_box(respond="step") as box:
        box.answers.give(given)
        wanted = {name: box_value if box_value != "ID" else None for name, box_value in expected.items()}
        got_status, got = await box.post("/hooks/w")
        assert (got_status, got) == (status, {**wanted, "id": box.event.id})


async def test_duplicate_waits_for_the_same_answer() -> None:
    async with open_box(respond="step") as box:
        both = [asyncio.create_task(box.post("/hooks/w", Idempotency_Key="k1")) for _ in range(2)]
        await box.answers.until_asked(2)
        box.answers.give(StoredResponse(200, JSON, b'{"total": 7}'))
        assert await asyncio.gather(*both) == [(200, {"total": 7})] * 2
        assert len({event_id for event_id, _ in box.answers.asked}) == 1


async def test_duplicate_gets_the_stored_answer() -> None:
    async with open_box(respond="step") as box:
        box.answers.give(RunEnded("r1", failed=False))
        await box.post("/hooks/w", Idempotency_Key="k1")
        box.ledger.tables.responses[box.event.id] = StoredResponse(201, JSON, b'{"total": 7}')
        assert await box.post("/hooks/w", Idempotency_Key="k1") == (201, {"total": 7})


@pytest.mark.parametrize(
    ("respond", "status", "kind", "body"),
    [
        ({"status": 204}, 204, None, b""),
        ({"body": "thanks"}, 200, "text/plain; charset=utf-8", b"thanks"),
        ({"status": 202, "body": {"ok": True}}, 202, "application/json", b'{"ok":true}'),
        ({"body": "<p>ok", "headers": {"Content-Type": "text/html"}}, 200, "text/html", b"<p>ok"),
    ],
)
async def test_fixed_answer(respond: dict[str, Any], status: int, kind: str | None, body: bytes) -> None:
    async with open_box(respond=respond) as box:
        for _ in range(2):
            async with box.client.post(f"{box.url}/hooks/w") as response:
                got = (response.status, response.headers.get("Content-Type"), await response.read())
                assert got == (status, kind, body)
        assert len(box.stored) == 2


# --- refusals -------------------------------------------------------------------------------------------------------


async def test_unknown_path_tells_nothing() -> None:
    async with open_box() as box:
        for path in (
            "/hooks/x",
            "/hooks/",
            "/hooks",
            "/hooks/w/",
            "/hooks/w/x",
            "/",
            "/hooks//w",
            "/w",
            "/hooks/%2577",
        ):
            status, answer = await box.post(path)
            assert (path, status) == (path, 404)
            assert answer == {"error": "not_found", "message": "there is nothing at this address"}


async def test_other_method_is_told_which() -> None:
    async with open_box(methods=["POST", "PUT"]) as box, box.client.get(f"{box.url}/hooks/w") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "HEAD, OPTIONS, POST, PUT"
        assert (await response.json())["error"] == "method_not_allowed"


async def test_head_and_options_store_nothing() -> None:
    async with open_box() as box:
        async with box.client.head(f"{box.url}/hooks/w") as response:
            assert response.status == 200
        async with box.client.options(f"{box.url}/hooks/w") as response:
            assert (response.status, response.headers["Allow"]) == (204, "HEAD, OPTIONS, POST")
        async with box.client.head(f"{box.url}/hooks/x") as response:
            assert response.status == 404
        assert box.stored == {}


@pytest.mark.parametrize(
    ("failure", "code", "after"),
    [(StorageFull("no room in /srv/box"), "storage_full", "10"), (StorageClosed("closed"), "storage_closed", "5")],
)
async def test_storage_that_cannot_take_it(failure: Exception, code: str, after: str) -> None:
    async with open_box() as box:
        box.ledger.refusal = failure
        async with box.client.post(f"{box.url}/hooks/w") as response:
            assert (response.status, response.headers["Retry-After"]) == (503, after)
            told = await response.text()
        assert code in told
        assert "/srv" not in told


async def test_backlog_over_the_limit() -> None:
    async with open_box() as box:
        box.crowd.waiting = 100
        async with box.client.post(f"{box.url}/hooks/w") as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "5")
            assert (await response.json())["error"] == "backlog_full"


async def test_the_unexpected_gives_an_id_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    async with open_box() as box:
        box.ledger.refusal = RuntimeError("boom at /srv/box")
        status, answer = await box.post("/hooks/w")
        assert (status, answer["error"]) == (500, "internal")
        assert "boom" not in str(answer)
        logged = capsys.readouterr().out
        assert answer["id"] in logged
        assert "boom" in logged


# --- sizes and times ------------------------------------------------------------------------------------------------

SMALL = WebSettings(body_limit=1000)


async def test_announced_size_over_the_limit_is_not_read() -> None:
    async with open_box(settings=SMALL) as box:
        status, answer = await box.post("/hooks/w", b"x" * 900_000)
        assert (status, answer["error"]) == (413, "body_too_large")
        assert answer["message"] == "the body has 900000 bytes, and this box takes at most 1000 bytes"
        assert box.stored == {}


async def test_limit_itself_is_taken() -> None:
    async with open_box(settings=SMALL) as box:
        assert (await box.post("/hooks/w", b"x" * 1000))[0] == 200
        assert (await box.post("/hooks/w", b"x" * 1001))[0] == 413


@pytest.mark.parametrize("size", [1001, 300_000])
async def test_chunked_body_is_cut_at_the_limit(size: int) -> None:
    async def pieces() -> Any:
        for start in range(0, size, 700):
            yield b"x" * min(700, size - start)

    async with open_box(settings=SMALL) as box:
        async with box.client.post(f"{box.url}/hooks/w", data=pieces()) as response:
            assert response.status == 413
        assert box.stored == {}


async def test_unpacked_size_counts() -> None:
    async with open_box(settings=SMALL) as box:
        bomb = gzip.compress(b"x" * 10_000_000)
        headers = {"Content-Encoding": "gzip"}
        async with box.client.post(f"{box.url}/hooks/w", data=bomb, headers=headers) as response:
            assert response.status == 413


async def test_rest_of_a_packed_body_over_the_limit_is_not_unpacked() -> None:
    patient = WebSettings(body_limit=1000, linger=600)
    async with open_box(settings=patient) as box:
        bomb = gzip.compress(random.Random(7).randbytes(50_000))
        head = b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 99999\r\n\r\n"
        assert (await raw_exchange(box.port, head + bomb)).startswith(b"HTTP/1.1 413")


async def test_packed_body_is_unpacked() -> None:
    async with open_box() as box:
        headers = {"Content-Encoding": "gzip", **JSON}
        async with box.client.post(f"{box.url}/hooks/w", data=gzip.compress(b"[1]"), headers=headers) as response:
            assert response.status == 200
        assert box.event.data["body"] == [1]


async def test_broken_packing_is_refused() -> None:
    async with open_box() as box:
        headers = {"Content-Encoding": "gzip"}
        async with box.client.post(f"{box.url}/hooks/w", data=b"no gzip", headers=headers) as response:
            assert (response.status, (await response.json())["error"]) == (400, "body_broken")


async def test_body_that_never_comes_is_given_up() -> None:
    async with open_box(settings=QUICK) as box:
        got = await raw_exchange(box.port, b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
        assert b"408" in got.splitlines()[0]
        assert b"connection: close" in got


async def test_head_that_never_ends_is_given_up() -> None:
    async with open_box(settings=WebSettings(header_timeout=0.1)) as box:
        got = await raw_exchange(box.port, b"POST /hooks/w HTTP/1.1\r\nHost: ")
        assert got == b""


async def test_silent_connection_is_given_up() -> None:
    async with open_box(settings=WebSettings(header_timeout=0.1)) as box:
        assert await raw_exchange(box.port, b"") == b""


async def test_slow_answer_is_not_given_up() -> None:
    async with open_box(settings=WebSettings(header_timeout=0.1), respond="step") as box:
        asked = asyncio.create_task(box.post("/hooks/w"))
        await box.answers.until_asked()
        # A connection that is opened later and says nothing is closed: so the patience has ended meanwhile.
        assert await raw_exchange(box.port, b"") == b""
        box.answers.give(StoredResponse(200, JSON, b"{}"))
        assert await asked == (200, {})


async def test_large_body_is_asked_for_first() -> None:
    async with open_box() as box:
        reader, writer = await asyncio.open_connection("127.0.0.1", box.port)
        writer.write(b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_caller_who_leaves_hurts_nobody() -> None:
    async with open_box() as box:
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", box.port)
            writer.write(b"POST /hooks/w HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
            await writer.drain()
            writer.transport.abort()
        assert (await box.post("/hooks/w"))[0] == 200
        assert len(box.stored) == 1
