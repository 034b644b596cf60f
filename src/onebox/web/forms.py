"""Forms: urlencoded, and multipart with files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from onebox.web.answers import Refused
from onebox.web.texts import codec_of, decode_text, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_FIELDS = 1000
_LONGEST_BOUNDARY = 70
_HEADERS_LIMIT = 8190
_PARAMETER = re.compile(r""";\s*([A-Za-z0-9!#$&+.^_`|~*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))""")
_ESCAPED = re.compile(r"""\\(["\\])""")


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
        raise _too_many() from None
    return gathered(pairs)


def parse_multipart(raw: bytes, boundary: str) -> dict[str, Any]:
    """Fields by name; a file is `{filename, content_type, size, bytes}`. Raises Refused (400)."""
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
        raise _broken(f"needs a boundary of 1 to {_LONGEST_BOUNDARY} characters in Content-Type")
    return gathered(_parts(raw, boundary.encode()))


def _parts(raw: bytes, boundary: bytes) -> Iterator[tuple[str, Any]]:
    # The first boundary may stand at the very beginning, where no line ends before it.
    pieces = (b"\r\n" + raw).split(b"\r\n--" + boundary, MAX_FIELDS + 2)
    if len(pieces) == 1:
        raise _broken("does not have its boundary anywhere")
    for number, piece in enumerate(pieces[1:], start=1):
        if piece.startswith(b"--"):
            return
        if number > MAX_FIELDS:
            raise _too_many()
        yield _part(piece, number)
    raise _broken("ends before its last boundary")


def _part(piece: bytes, number: int) -> tuple[str, Any]:
    padding, line_end, rest = piece.partition(b"\r\n")
    head, empty_line, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if padding.strip() or not line_end or not empty_line or len(head) > _HEADERS_LIMIT:
        raise _broken(f"has no proper headers in part {number}")
    headers = _headers(head)
    described = _parameters(headers.get("content-disposition", ""))
    name, filename = described.get("name"), described.get("filename")
    if name is None or described[""] != "form-data":
        raise _broken(f"""needs `Content-Disposition: form-data; name="…"` in part {number}""")
    if filename is None:
        charset = _parameters(headers.get("content-type", "")).get("charset", "utf-8")
        return name, decode_text(content, charset, f"the field {name!r}")
    kind = headers.get("content-type", "application/octet-stream")
    return name, {"filename": filename, "content_type": kind, "size": len(content), "bytes": content}


def _headers(head: bytes) -> dict[str, str]:
    text = readable(head.decode("utf-8", "surrogateescape"))
    lines = [line.partition(":") for line in text.split("\r\n")]
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _parameters(header: str) -> dict[str, str]:
    r"""
    >>> _parameters('Form-Data; name="a\\"b"; filename*=UTF-8\'\'%e2%82%ac.txt')
    {'': 'form-data', 'name': 'a"b', 'filename': '€.txt'}
    """
    found = {"": header.partition(";")[0].strip().lower()}
    extended = {}
    for name, quoted, bare in _PARAMETER.findall(header):
        if name.endswith("*"):
            extended[name[:-1].lower()] = unquote(bare.rpartition("'")[2])
        else:
            found[name.lower()] = _ESCAPED.sub(r"\1", quoted) if quoted else bare
    return found | extended


def _broken(what: str) -> Refused:
    return Refused(400, "form_invalid", f"the form {what}")


def _too_many() -> Refused:
    return _broken(f"has more than {MAX_FIELDS} fields")


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
