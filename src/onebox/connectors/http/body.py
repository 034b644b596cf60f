"""What a request carries: JSON, a form, files, or bytes as they are."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pydantic_core

from onebox.flows.handlers import StepFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def encode_body(arguments: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    """The bytes, and their media type. Raises StepFailed."""
    value = arguments.get("json")
    if value is not None:
        return _json(value), "application/json"
    if (form := arguments.get("form")) is not None:
        return _form(form), "application/x-www-form-urlencoded"
    if (parts := arguments.get("multipart")) is not None:
        return _multipart(parts)
    if (body := arguments.get("body")) is not None:
        return _plain(body)
    return None, None


def _json(value: Any) -> bytes:
    try:
        return pydantic_core.to_json(value, inf_nan_mode="strings")
    except (ValueError, RecursionError) as error:
        raise StepFailed("bad_argument", f"json: {error}", passing=False) from None


def _form(form: Any) -> bytes:
    if not hasattr(form, "items"):
        raise StepFailed("bad_argument", f"form: expected a mapping, got {form!r}", passing=False)
    pairs = []
    for name, value in form.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs += [(str(name), as_text(item)) for item in values if item is not None]
    return urlencode(pairs).encode()


def _plain(body: Any) -> tuple[bytes, str]:
    if isinstance(body, (bytes, bytearray)):
        return bytes(body), "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    raise StepFailed("bad_argument", f"body: expected text or bytes, got {type(body).__name__}", passing=False)


def _multipart(parts: Any) -> tuple[bytes, str]:
    if not hasattr(parts, "items"):
        raise StepFailed("bad_argument", f"multipart: expected a mapping, got {parts!r}", passing=False)
    boundary = secrets.token_hex(16)
    pieces = [_part(boundary, str(name), part) for name, part in parts.items() if part is not None]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, name: str, part: Any) -> bytes:
    """A field (a scalar), or a file: `{text | bytes, filename, content_type}`."""
    disposition = f'form-data; name="{name.translate(_ESCAPES)}"'
    media_type = None
    if hasattr(part, "items"):
        content, media_type = _file(name, part)
        disposition += f'; filename="{str(part.get("filename") or name).translate(_ESCAPES)}"'
    else:
        content = part if isinstance(part, bytes) else as_text(part).encode()
    head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
    if media_type is not None:
        head += f"Content-Type: {media_type}\r\n"
    return head.encode() + b"\r\n" + content + b"\r\n"


def _file(name: str, part: Mapping[str, Any]) -> tuple[bytes, str]:
    content = part.get("bytes", part.get("text"))
    if not isinstance(content, (bytes, str)):
        raise StepFailed("bad_argument", f"multipart.{name}: expected a `text` or `bytes`, got {part!r}", passing=False)
    default = "application/octet-stream" if isinstance(content, bytes) else "text/plain; charset=utf-8"
    media_type = str(part.get("content_type") or default)
    if not media_type.isprintable():
        raise StepFailed("bad_argument", f"multipart.{name}: {media_type!r} is no content type", passing=False)
    return content if isinstance(content, bytes) else content.encode(), media_type


def as_text(value: Any) -> str:
    """A scalar as it stands in a query, a header or a form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
