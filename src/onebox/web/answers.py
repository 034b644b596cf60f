"""What the world is answered. Written to the wire in one piece, without what aiohttp would add."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import HttpVersion10
from aiohttp.web import StreamResponse

from onebox.flows.responses import header_fault
from onebox.kernel.encoding import to_json
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.web import BaseRequest

JSON: Mapping[str, str] = {"Content-Type": "application/json"}
_BODILESS = frozenset((204, 205, 304))
_LENGTHLESS = frozenset((204, 304))

_log = structlog.get_logger("onebox.web")


class Refused(OneboxError):
    """A request that is not taken. `code` is the answer's `error`; `headers` go with the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.error = code
        self.headers = headers or {}
        self.close = close

    def answer(self) -> Answer:
        """What the caller is told."""
        told = {"error": self.error, "message": self.message}
        if self.hint:
            told["hint"] = self.hint
        return json_answer(self.status, told, self.headers, close=self.close)


class _Date:
    """The Date header, written anew once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._line = b"date: " + formatdate(second, usegmt=True).encode() + b"\r\n"
        return self._line


_DATE = _Date()


class Answer(StreamResponse):
    """A whole answer: `head` from `head_of`, and the body. Is sent once."""

    def __init__(self, status: int, head: bytes, body: bytes, *, close: bool = False) -> None:
        super().__init__(status=status)
        self._head = head
        self._whole_body = b"" if status in _BODILESS else body  # else it would be read as the next answer
        if close:
            self.force_close()

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Sends it. Raises ConnectionResetError when the caller has gone."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        body = b"" if request.method == "HEAD" else self._whole_body
        transport.write(b"".join((self._head, _DATE.line(), self._connection(request), body)))
        if transport.get_write_buffer_size():
            await request.writer.drain()
        if "Content-Encoding" in request.headers and not request.content.is_eof():
            request.protocol.force_close()  # to read on would unpack the rest of what may be a bomb
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """All was sent already."""

    def _connection(self, request: BaseRequest) -> bytes:
        length = b"" if self.status in _LENGTHLESS else b"content-length: %d\r\n" % len(self._whole_body)
        if not self._keep_alive:
            return length + b"connection: close\r\n\r\n"
        if request.version == HttpVersion10:
            return length + b"connection: keep-alive\r\n\r\n"
        return length + b"\r\n"


def head_of(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and headers, without the empty line. A header that may not be sent is left out, and logged."""
    lines = [f"HTTP/1.1 {status} {_reason(status)}"]
    for name, value in headers.items():
        if fault := header_fault(name, value):
            _log.warning("a header of an answer was left out", fault=fault)
        else:
            lines.append(f"{name.lower()}: {value}")
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None, *, close: bool = False) -> Answer:
    """An answer in JSON."""
    head = head_of(status, {**JSON, **headers} if headers else JSON)
    return Answer(status, head, to_json(value).encode(), close=close)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
