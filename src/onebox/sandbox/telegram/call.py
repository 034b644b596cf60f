"""The arguments of a method: by the address, a form, with files, or as JSON; every one is a text, as the real server has it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from onebox.kernel.encoding import EncodingError, from_json
from onebox.sandbox.telegram.refusals import bad

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHOLE = re.compile(r"\s*([+-]?\d{1,18})")


@dataclass(frozen=True)
class Upload:
    """A file that came with a call."""

    name: str
    mime: str
    content: bytes


@dataclass
class Call:
    """What one method was asked with."""

    method: str
    arguments: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The argument, or an empty text."""
        return self.arguments.get(name, "")

    def whole(self, name: str, default: int = 0) -> int:
        """The number that the argument begins with."""
        found = _WHOLE.match(self.text(name))
        return int(found[1]) if found else default

    def yes(self, name: str) -> bool:
        """Whether the argument says yes."""
        return self.text(name).strip().lower() in {"1", "true", "yes"}

    def json(self, name: str, complaint: str) -> Any:
        """The argument as JSON; None if it is not given. Raises Refused with the complaint."""
        return parsed(self.text(name), complaint)


def parsed(text: str, complaint: str) -> Any:
    """The text as JSON; None for an empty one. Raises Refused with the complaint."""
    if not text.strip():
        return None
    try:
        return from_json(text)
    except EncodingError:
        raise bad(complaint) from None


def call_of(method: str, values: Mapping[str, Any]) -> Call:
    """A call by plain values, such as an object of JSON. Raises Refused for what is no text."""
    return Call(method, {name: _text(value) for name, value in values.items() if value is not None})


async def read_call(request: web.Request, method: str) -> Call:
    """What a request asks for. Raises Refused for what cannot be read."""
    call = call_of(method, dict(request.query))
    if request.method == "GET" or not request.can_read_body:
        return call
    if request.content_type == "application/json":
        body = await request.read()
        call.arguments.update(call_of(method, _object(body)).arguments)
        return call
    try:
        form = await request.post()
    except (ValueError, LookupError, AssertionError, RuntimeError, web.RequestPayloadError):
        raise bad("can't read the body of the request") from None
    for name, value in form.items():
        if isinstance(value, web.FileField):
            mime = value.content_type or "application/octet-stream"
            call.uploads[name] = Upload(value.filename, mime, value.file.read())
        else:
            call.arguments[name] = _text(value)
    return call


def _object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        given = from_json(body)
    except EncodingError:
        given = None
    if not isinstance(given, dict):
        raise bad("can't parse JSON object")
    return given


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not _is_utf8(text):
        raise bad("strings must be encoded in UTF-8")
    return text


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
