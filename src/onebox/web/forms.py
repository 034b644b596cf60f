"""Forms: urlencoded, and multipart with files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from onebox.kernel.multipart import MOST_PARTS, MultipartInvalid, parts
from onebox.web.answers import Refused
from onebox.web.texts import codec_of, decode_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onebox.kernel.multipart import Part

MAX_FIELDS = MOST_PARTS


def parse_urlencoded(raw: bytes, charset: str) -> dict[str, Any]:
    """Fields by name; a list where a name comes again. Raises Refused (400)."""
    text = decode_text(raw, charset, "the form")
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, encoding=codec_of(charset), errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeError as error:
        raise _broken(f"has an escape that is not {charset}: {error}") from None
    except ValueError:
        raise _broken(f"has more than {MAX_FIELDS} fields") from None
    return gathered(pairs)


def parse_multipart(raw: bytes, boundary: str) -> dict[str, Any]:
    """Fields by name; a file is `{filename, content_type, size, bytes}`. Raises Refused (400)."""
    try:
        return gathered((part.name, _value(part)) for part in parts(raw, boundary))
    except MultipartInvalid as error:
        raise _broken(error.message) from None


def _value(part: Part) -> Any:
    if part.filename is None:
        return decode_text(part.content, part.charset or "utf-8", f"the field {part.name!r}")
    kind = part.content_type or "application/octet-stream"
    return {"filename": part.filename, "content_type": kind, "size": len(part.content), "bytes": part.content}


def _broken(what: str) -> Refused:
    return Refused(400, "form_invalid", f"the form {what}")


def gathered(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A value by name; a list of them where a name comes again.

    >>> gathered([("a", "1"), ("b", "2"), ("a", "3")])
    {'a': ['1', '3'], 'b': '2'}
    """
    found: dict[str, Any] = {}
    repeated: set[str] = set()
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif name in repeated:
            found[name].append(value)
        else:
            repeated.add(name)
            found[name] = [found[name], value]
    return found
