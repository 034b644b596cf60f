"""Bodies of `multipart/form-data`, taken apart. What the bytes of a field mean is the caller's affair."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PARTS = 1000
_LONGEST_BOUNDARY = 70
_HEADERS_LIMIT = 8190
_PARAMETER = re.compile(r""";\s*([A-Za-z0-9!#$&+.^_`|~*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))""")
_ESCAPED = re.compile(r"""\\(["\\])""")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


class MultipartInvalid(OneboxError):
    """A body that is no `multipart/form-data`. The message goes on after `the form`."""

    code = "form_invalid"


@dataclass(frozen=True, slots=True)
class Part:
    """A field, or a file: then it has a `filename`, which may be empty. `charset` is what the part says of itself."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str | None = None
    charset: str | None = None


def boundary_of(content_type: str) -> str:
    """
    >>> boundary_of('multipart/form-data; boundary="a b"')
    'a b'
    """
    return parameters(content_type).get("boundary", "")


def parts(raw: bytes, boundary: str) -> Iterator[Part]:
    """The parts in their order. Raises MultipartInvalid."""
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
        raise MultipartInvalid(f"needs a boundary of 1 to {_LONGEST_BOUNDARY} characters in Content-Type")
    # The first boundary may stand at the very beginning, where no line ends before it.
    pieces = (b"\r\n" + raw).split(b"\r\n--" + boundary.encode(), MOST_PARTS + 2)
    if len(pieces) == 1:
        raise MultipartInvalid("does not have its boundary anywhere")
    for number, piece in enumerate(pieces[1:], start=1):
        if piece.startswith(b"--"):
            return
        if number > MOST_PARTS:
            raise MultipartInvalid(f"has more than {MOST_PARTS} fields")
        yield _part(piece, number)
    raise MultipartInvalid("ends before its last boundary")


def _part(piece: bytes, number: int) -> Part:
    padding, line_end, rest = piece.partition(b"\r\n")
    head, empty_line, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if padding.strip() or not line_end or not empty_line or len(head) > _HEADERS_LIMIT:
        raise MultipartInvalid(f"has no proper headers in part {number}")
    headers = _headers(head)
    described = parameters(headers.get("content-disposition", ""))
    name = described.get("name")
    if name is None or described[""] != "form-data":
        raise MultipartInvalid(f"""needs `Content-Disposition: form-data; name="…"` in part {number}""")
    kind = headers.get("content-type")
    return Part(name, content, described.get("filename"), kind, parameters(kind or "").get("charset"))


def _headers(head: bytes) -> dict[str, str]:
    lines = [line.partition(":") for line in _text(head).split("\r\n")]
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _text(raw: bytes) -> str:
    """Browsers write UTF-8; what is none is read byte by byte."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def parameters(header: str) -> dict[str, str]:
    r"""The value before the first semicolon under "", in small letters, and the parameters after it.

    >>> parameters('Form-Data; name="a\\"b"; filename*=UTF-8\'\'%e2%82%ac.txt')
    {'': 'form-data', 'name': 'a"b', 'filename': '€.txt'}
    """
    found = {"": header.partition(";")[0].strip().lower()}
    extended = {}
    for name, quoted, bare in _PARAMETER.findall(header):
        if name.endswith("*"):
            escaped = bare.rpartition("'")[2].encode()
            unescaped = _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), escaped)
            extended[name[:-1].lower()] = unescaped.decode(errors="replace")
        else:
            found[name.lower()] = _ESCAPED.sub(r"\1", quoted) if quoted else bare
    return found | extended
