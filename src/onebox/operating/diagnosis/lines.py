"""The lines of a stream, whole or cut, and the entries of a journal's export."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

LONGEST = 65_536
"""bytes of one line or field that are looked at; the rest is passed over"""
_LARGEST_FIELD = 16 * 1024 * 1024
_EXPORT = (b"__CURSOR=", b"__REALTIME_TIMESTAMP=", b"__MONOTONIC_TIMESTAMP=")


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line with its number from 1 on, without its end. One that is very long is cut."""
    number = 0
    while line := _line(stream):
        number += 1
        yield number, line.rstrip(b"\r\n")


def _line(stream: BinaryIO) -> bytes:
    rest = line = stream.readline(LONGEST)
    while len(rest) == LONGEST and not rest.endswith(b"\n"):
        rest = stream.readline(LONGEST)
    return line


def is_export(line: bytes) -> bool:
    """Whether this is the first line of an entry of `journalctl -o export`."""
    return line.startswith(_EXPORT)


def exported(first: tuple[int, bytes], stream: BinaryIO) -> Iterator[tuple[int, dict[str, str]]]:
    """The entries of `journalctl -o export`, each with its fields and the number of the line that holds its message.

    A field that may hold anything is its name, a line's end, its size in 8 bytes, and as many bytes.
    """
    number, line = first
    fields: dict[str, str] = {}
    place = number
    while True:
        if not line:
            if fields:
                yield place, fields
            fields = {}
        else:
            name, told, value = line.partition(b"=")
            place = number if name == b"MESSAGE" or not fields else place
            if not told:
                value, lines = _sized(stream)
                number += lines
            fields[_text(name)] = _text(value)
        read = _line(stream)
        if not read:
            break
        number += 1
        line = read.rstrip(b"\n")
    if fields:
        yield place, fields


def _sized(stream: BinaryIO) -> tuple[bytes, int]:
    """A field's value, and how many lines it takes. A size that cannot be one is not believed."""
    told = stream.read(8)
    size = int.from_bytes(told, "little")
    if size > _LARGEST_FIELD:
        return b"", 0
    value = stream.read(size + 1)
    return value[:size][:LONGEST], told.count(b"\n") + value.count(b"\n")


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
