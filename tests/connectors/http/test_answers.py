from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import pytest
from aiohttp import web
from tests.connectors.calls import call

from onebox.connectors.http.answer import expected, retry_after
from onebox.flows.handlers import StepFailed
from onebox.kernel.encoding import dump, load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.connectors.http.service import Caller, Service


@pytest.mark.parametrize(
    ("content_type", "raw", "body"),
    [
        ("application/json", b'\xef\xbb\xbf{"a": [1, null]}', {"a": [1, None]}),
        ("application/problem+json; charset=utf-8", b'{"a": 1}', {"a": 1}),
        ("application/json; charset=latin-1", '{"a": "ü"}'.encode("latin-1"), {"a": "ü"}),
        ("application/json", b"", None),
        ("text/html; charset=ISO-8859-1", "grün".encode("latin-1"), "grün"),
        ("text/plain; charset=no-such", "grün".encode(), "grün"),
        ("text/plain", b"", ""),
        ("application/pdf", b"%PDF", b"%PDF"),
    ],
)
async def test_the_body_is_what_its_type_says(
    ask: Caller, service: Service, content_type: str, raw: bytes, body: Any
) -> None:
    service.answers["/"] = web.Response(body=raw, headers={"Content-Type": content_type})
    assert (await ask("get", f"{service.url}/"))["body"] == body


async def test_a_compressed_answer_is_unpacked(ask: Caller, service: Service) -> None:
    packed = gzip.compress(b'{"a": 1}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    service.answers["/"] = web.Response(body=packed, headers=headers)
    assert (await ask("get", f"{service.url}/"))["body"] == {"a": 1}


async def test_a_compression_bomb_is_stopped(ask: Caller, service: Service) -> None:
    packed = gzip.compress(b"0" * 20_000_000)
    service.answers["/"] = web.Response(body=packed, headers={"Content-Encoding": "gzip"})
    failed = await failure(ask, f"{service.url}/")
    assert (failed.step_code, failed.passing) == ("too_large", False)


async def test_an_answer_that_is_too_large_is_refused(ask: Caller, service: Service) -> None:
    service.answers["/"] = web.Response(body=b"x" * 1001)
    failed = await failure(ask, f"{service.url}/", max_bytes="1KB")
    expected_text = "answered with 1001 bytes, but the step takes 1000 bytes; raise max_bytes if that is meant"
    assert failed.message == f"GET 127.0.0.1:{service.port} {expected_text}"


async def test_an_endless_answer_is_refused_as_soon_as_it_is_too_large(ask: Caller) -> None:
    async with Answering(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n", then=b"x" * 65536) as raw:
        failed = await failure(ask, raw.url, max_bytes=100_000)
    assert failed.step_code == "too_large"
    assert raw.sent < 50_000_000


async def test_broken_json_says_where(ask: Caller, service: Service) -> None:
    service.answers["/"] = web.Response(body=b'{"a": \n nope}', content_type="application/json")
    failed = await failure(ask, f"{service.url}/")
    assert (failed.step_code, failed.passing) == ("bad_json", False)
    assert "at line 2 column 3" in failed.message


@pytest.mark.parametrize(
    ("status", "passing"),
    [(400, False), (404, False), (410, False), (408, True), (425, True), (429, True), (500, True), (503, True)],
)
async def test_a_status_says_whether_trying_again_helps(
    ask: Caller, service: Service, status: int, *, passing: bool
) -> None:
    service.answers["/"] = web.Response(status=status)
    failed = await failure(ask, f"{service.url}/")
    assert (failed.step_code, failed.passing) == (f"status_{status}", passing)


async def test_the_failure_shows_the_beginning_of_the_answer(ask: Caller, service: Service) -> None:
    service.answers["/x"] = web.Response(status=422, text="no such\n  order, token t0ken " + "y" * 500)
    failed = await failure(ask, f"{service.url}/x?key=1", auth="shop")
    assert failed.message.startswith(f"GET 127.0.0.1:{service.port} answered 422 Unprocessable Entity: no such order, ")
    assert "t0ken" not in failed.message
    assert len(failed.message) < 290


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
    ],
)
async def test_retry_after_is_passed_on(ask: Caller, service: Service, header: str, seconds: float | None) -> None:
    service.answers["/"] = web.Response(status=429, headers={"Retry-After": header})
    assert (await failure(ask, f"{service.url}/")).retry_after == seconds


async def test_other_statuses_can_be_expected(ask: Caller, service: Service) -> None:
    service.answers["/"] = web.Response(status=404, text="none")
    assert (await ask("get", f"{service.url}/", expect=["200-299", 404]))["status"] == 404
    assert (await failure(ask, f"{service.url}/", expect=200)).step_code == "status_404"


def test_expectations_are_statuses_and_ranges() -> None:
    assert expected(["200-299", 404], 204)
    assert expected(404, 404)
    assert not expected(["200 - 299"], 300)
    with pytest.raises(StepFailed, match="expect: 'any' is no status such as 404"):
        expected("any", 200)


async def test_head_has_no_body(ask: Caller, service: Service) -> None:
    service.answers["/"] = web.Response(body=b"x" * 2_000_000)
    assert (await ask("head", f"{service.url}/"))["body"] is None


async def test_repeated_headers_are_joined(ask: Caller) -> None:
    async with Answering(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 0\r\n\r\n") as raw:
        assert (await ask("get", raw.url))["headers"]["x-a"] == "1, 2"


async def test_without_a_type_utf8_is_text(ask: Caller) -> None:
    async with Answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") as raw:
        assert (await ask("get", raw.url))["body"] == "ok"
    async with Answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\xfe") as raw:
        assert (await ask("get", raw.url))["body"] == b"\xff\xfe"


async def test_nobody_listening_is_passing(ask: Caller, service: Service) -> None:
    await service.stop()
    failed = await failure(ask, service.url)
    assert (failed.step_code, failed.passing) == ("connect_failed", True)
    assert failed.message.startswith(f"GET 127.0.0.1:{service.port} cannot be reached: ")


async def test_a_hang_up_is_passing(ask: Caller) -> None:
    async with Answering(b"") as raw:
        failed = await failure(ask, raw.url, method="post")
    assert (failed.step_code, failed.passing) == ("connection_lost", True)


async def test_an_answer_that_breaks_off_is_passing(ask: Caller) -> None:
    async with Answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc") as raw:
        failed = await failure(ask, raw.url)
    assert (failed.step_code, failed.passing) == ("connection_lost", True)


async def test_no_http_is_a_bad_answer(ask: Caller) -> None:
    async with Answering(b"SSH-2.0-OpenSSH\r\n\r\n") as raw:
        failed = await failure(ask, raw.url)
    assert failed.step_code == "bad_answer"


async def test_no_tls_is_said(ask: Caller, service: Service) -> None:
    failed = await failure(ask, f"https://127.0.0.1:{service.port}/")
    assert failed.step_code == "tls_failed"


async def test_a_silent_service_times_out(ask: Caller) -> None:
    async with Answering(None) as raw:
        failed = await failure(ask, raw.url, timeout="20ms")
    assert (failed.step_code, failed.passing) == ("timeout", True)
    assert failed.message.endswith("did not answer in time (0.02 s)")


async def test_the_steps_own_limit_replaces_the_default(ask: Caller) -> None:
    async with Answering(None) as raw:
        with pytest.raises(TimeoutError):  # not StepFailed: it is the step's limit that ends it, here by the test
            async with asyncio.timeout(0.02):
                await ask.connector(call("http.get", url=raw.url, step_limit=timedelta(hours=1)))


async def failure(ask: Caller, url: str, *, method: str = "get", **arguments: Any) -> StepFailed:
    with pytest.raises(StepFailed) as failed:
        await ask(method, url, **arguments)
    return failed.value


class Answering:
    """A server that answers with just these bytes, then with `then` for ever; with None it never answers."""

    def __init__(self, raw: bytes | None, then: bytes = b"") -> None:
        self._raw = raw
        self._then = then
        self._over = asyncio.Event()
        self._done = asyncio.Event()
        self.url = ""
        self.sent = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        return self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            if self._raw is None:
                await self._over.wait()
            else:
                writer.write(self._raw)
            while self._then and self.sent < 100_000_000:
                writer.write(self._then)
                self.sent += len(self._then)
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self._done.set()

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._server.close()
        await self._server.wait_closed()
        await self._done.wait()


async def test_a_header_that_is_no_utf8_can_be_kept(
    ask: Caller, raw_service: Callable[[bytes], Awaitable[str]]
) -> None:
    url = await raw_service(b"HTTP/1.1 200 OK\r\nX-Name: Sal\xf3n\r\nContent-Length: 2\r\n\r\nok")
    result = await ask("get", url)
    assert result["headers"]["x-name"] == "Salón"
    assert load(dump(result)) == result


@pytest.mark.parametrize("header", ["Mon, 01 Jan 2024 00:00:00 +99999999999999", "soon", ""])
def test_a_retry_after_that_says_nothing(header: str) -> None:
    assert retry_after(header, datetime(2026, 1, 1, tzinfo=UTC)) is None
