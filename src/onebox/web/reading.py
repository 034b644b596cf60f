"""Bodies from the wire: never more than the limit in memory, never longer than the time given."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import HttpVersion11
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from onebox.web.answers import Refused

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest


async def read_body(request: BaseRequest, *, limit: int, timeout: float) -> bytes:
    """The body, unpacked. Raises Refused: 413 over the limit, 408 over the time, 400 when it is broken."""
    content = request.content
    try:
        if content.is_eof():  # it came with the head: nothing to wait for
            body = content.read_nowait()
            if len(body) > limit:
                raise _too_large(limit, f"{len(body)} bytes")
            return body
        _check_announced(request, limit)
        async with asyncio.timeout(timeout):
            return await _read_on(request, limit)
    except TimeoutError:
        raise Refused(408, "too_slow", f"the body did not arrive within {timeout:g} s", close=True) from None
    except (RequestPayloadError, HttpProcessingError) as error:
        raise Refused(400, "body_broken", f"the body cannot be read: {_said(error)}", close=True) from None


def _check_announced(request: BaseRequest, limit: int) -> None:
    announced = request.content_length
    if announced is not None and announced > limit:
        raise _too_large(limit, f"{announced} bytes")
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read_on(request: BaseRequest, limit: int) -> bytes:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit, f"more than {limit} bytes")
    return bytes(body)


def _too_large(limit: int, size: str) -> Refused:
    return Refused(
        413,
        "body_too_large",
        f"the body has {size}, and this box takes at most {limit} bytes",
        hint="send less, or have the operator raise limits.body in box.yaml",
        close=True,
    )


def _said(error: Exception) -> str:
    return str(getattr(error, "message", "")).splitlines()[0] if getattr(error, "message", "") else type(error).__name__
