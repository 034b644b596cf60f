"""Writes values as YAML 1.2 that a person would write: short, and read back equal by `flows.definition.document`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from onebox.kernel.document import plain_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP = "  "
_UNSAFE_START = frozenset("-?:,[]{}#&*!|>'\"%@`~=<")
_UNSAFE_IN_FLOW = re.compile(r"[,\[\]{}]")
_UNSAFE_ANYWHERE = re.compile(r":(?:\s|$)|\s#|\s$")


def yaml_lines(value: Any) -> list[str]:
    """Block style, one line a scalar. Takes what `flows.testing.values.written` gives."""
    return list(_block(value))


def inline(value: Any) -> str:
    """Flow style, on one line.

    >>> inline({"via": "email/office", "ids": [7, "7", None], "text": "Hi, Ana"})
    '{via: email/office, ids: [7, "7", null], text: "Hi, Ana"}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return scalar(value)


def scalar(value: Any, *, in_flow: bool = True) -> str:
    """One scalar on one line.

    >>> scalar("16:00"), scalar("7"), scalar("yes"), scalar("a: b"), scalar(True), scalar(1e30)
    ('16:00', '"7"', 'yes', '"a: b"', 'true', '1e+30')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    return value if _is_plain(value, in_flow=in_flow) else _quoted(value)


def _is_plain(text: str, *, in_flow: bool) -> bool:
    return (
        text != ""
        and text[0] not in _UNSAFE_START
        and not text[0].isspace()
        and text.isprintable()
        and not _UNSAFE_ANYWHERE.search(text)
        and not (in_flow and _UNSAFE_IN_FLOW.search(text))
        and plain_scalar(text) == text
        and isinstance(plain_scalar(text), str)
    )


def _quoted(text: str) -> str:
    escaped = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in escaped)


def _escape(sign: str) -> str:
    number = ord(sign)
    return f"\\U{number:08X}" if number > 0xFFFF else f"\\u{number:04X}"  # noqa: PLR2004 - what four digits hold


def _block(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _entry(f"{scalar(key)}:", item)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _item(item)
    elif isinstance(value, (dict, list)):
        yield inline(value)
    elif (lines := _literal(value)) is not None:
        yield from lines
    else:
        yield scalar(value, in_flow=False)


def _entry(key: str, value: Any) -> Iterator[str]:
    first, *rest = _block(value)
    if isinstance(value, (dict, list)) and value:
        yield key
        yield from _indented([first, *rest])
    else:
        yield f"{key} {first}"
        yield from _indented(rest)


def _item(value: Any) -> Iterator[str]:
    first, *rest = _block(value)
    yield f"- {first}"
    yield from _indented(rest)


def _indented(lines: list[str]) -> Iterator[str]:
    return (f"{_STEP}{line}" if line else "" for line in lines)


def _literal(value: Any) -> list[str] | None:
    """A text of several lines as it stands, under `|`; None where white space or signs could get lost."""
    if not isinstance(value, str) or "\n" not in value:
        return None
    body = value.removesuffix("\n")
    lines = body.split("\n")
    if lines[0] == "" or lines[-1] == "" or lines[0][0].isspace():
        return None
    if not all(line.isprintable() and (line == "" or not line[-1].isspace()) for line in lines):
        return None
    return ["|" if value.endswith("\n") else "|-", *lines]
