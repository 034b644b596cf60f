"""Bodies made into values: JSON, forms, text, or the raw bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from aiohttp.helpers import parse_mimetype

from onebox.kernel.encoding import EncodingError, dump, from_json, to_json
from onebox.web.answers import Refused
from onebox.web.forms import parse_multipart, parse_urlencoded
from onebox.web.texts import decode_text

if TYPE_CHECKING:
    from collections.abc import Iterable

_BOM = b"\xef\xbb\xbf"


def parse_body(raw: bytes, content_type: str, *, max_depth: int) -> tuple[Any, str]:
    """The value of a body, and the text of it as `kernel.encoding.dump` writes it.

    Raises Refused (400) that says what is wrong and where.
    """
    if not raw:
        return None, "null"
    if content_type == "application/json":
        return parse_json(raw, max_depth)
    mime = parse_mimetype(content_type)
    charset = mime.parameters.get("charset", "utf-8")
    if mime.subtype == "json" or mime.suffix == "json":
        return parse_json(_as_utf8(raw, charset), max_depth)
    value: Any = raw
    if mime.type == "text":
        value = decode_text(raw, charset, "the body")
    elif mime.type == "application" and mime.subtype == "x-www-form-urlencoded":
        value = parse_urlencoded(raw, charset)
    elif mime.type == "multipart" and mime.subtype == "form-data":
        value = parse_multipart(raw, mime.parameters.get("boundary", ""))
    return value, dump(value)


def parse_json(raw: bytes, max_depth: int) -> tuple[Any, str]:
    """As `parse_body`, of JSON in UTF-8, with or without a byte order mark."""
    raw = raw.removeprefix(_BOM)
    value = _parsed(raw, max_depth)
    try:
        text = to_json(value)
    except ValueError as error:
        raise Refused(400, "json_invalid", f"the body is JSON that cannot be kept: {error}") from None
    if 'Infinity"' in text and _has_infinity(value):
        raise Refused(400, "json_invalid", "the body has a number that is too large, such as 1e999")
    return value, dump(value) if '"$' in text else text


def _parsed(raw: bytes, max_depth: int) -> Any:
    try:
        value = from_json(raw)
    except EncodingError as error:
        if "recursion limit" in error.message:
            raise _too_deep(max_depth) from None
        raise Refused(400, "json_invalid", f"the body is {error.message}", hint=_json_hint(raw)) from None
    # Few documents have this many brackets at all: the others need no walk.
    if raw.count(b"[") + raw.count(b"{") > max_depth and _is_deeper(value, max_depth):
        raise _too_deep(max_depth)
    return value


def _too_deep(max_depth: int) -> Refused:
    return Refused(400, "json_too_deep", f"the body is JSON nested more than {max_depth} deep")


def _is_deeper(value: Any, most: int) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(most):
        if not level:
            return False
        level = [inner for outer in level for inner in _items(outer) if isinstance(inner, (dict, list))]
    return bool(level)


def _items(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _json_hint(raw: bytes) -> str | None:
    if raw[:1] == b"'" or raw[:2] == b"{'":
        return "JSON takes double quotes"
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} or raw[:2].startswith(b"\0") or raw[1:2] == b"\0":
        return "this looks like UTF-16: send UTF-8, or name the charset in Content-Type"
    return None


def _has_infinity(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_infinity, value.values()))
    if isinstance(value, list):
        return any(map(_has_infinity, value))
    return isinstance(value, float) and math.isinf(value)


def _as_utf8(raw: bytes, charset: str) -> bytes:
    if charset.lower() in {"utf-8", "utf8", "us-ascii"}:
        return raw
    return decode_text(raw, charset, "the body").encode()
