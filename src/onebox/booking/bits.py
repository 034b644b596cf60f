"""Time as the bits of one number, the earliest the lowest: what is asked of all of it at once costs little."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_CHUNK = 256
"""bits; few bookings are longer"""


def painted(length: int, spans: Iterable[tuple[int, int]]) -> int:
    """The bits from 0 to `length` that lie within spans.

    >>> f"{painted(12, [(0, 2), (5, 11)]):b}"
    '11111100011'
    """
    # Small numbers, joined at the end: one that grows by `|=` would be copied for every span. What begins in a chunk
    # may reach into the next: so the even and the odd ones are joined apart, each with room for two.
    chunks = [0] * (length // _CHUNK // 2 + 1) * 2
    for begins, ends in spans:
        if 0 <= begins <= ends <= length and ends - begins <= _CHUNK:
            chunks[begins // _CHUNK] |= ((1 << ends - begins) - 1) << begins % _CHUNK
            continue
        for start in range(max(begins, 0), min(ends, length), _CHUNK):
            chunks[start // _CHUNK] |= full(min(ends - start, _CHUNK)) << start % _CHUNK
    return (_joined(chunks[::2]) | _joined(chunks[1::2]) << _CHUNK) & full(length)


def _joined(chunks: Iterable[int]) -> int:
    return int.from_bytes(b"".join([chunk.to_bytes(_CHUNK // 4, "little") for chunk in chunks]), "little")


def full(length: int) -> int:
    """All bits from 0 to `length`."""
    return (1 << length) - 1


def within(bits: int, span: range) -> int:
    """Those of a span, counted from its start."""
    return bits >> span.start & full(len(span))


def runs(bits: int, length: int) -> int:
    """The bits from which on so many are set in a row.

    >>> f"{runs(0b111101101, 2):b}"
    '11100100'
    """
    reach = 1
    while reach < length:
        more = min(reach, length - reach)
        bits &= bits >> more
        reach += more
    return bits


def starts(bits: int, span: tuple[int, int]) -> int:
    """The bits for which all of `span`, counted from each of them, is set. A span may begin before 0."""
    begins, ends = span
    found = runs(bits, ends - begins)
    return found >> begins if begins >= 0 else found << -begins


def multiples(length: int, first: int, step: int) -> int:
    """Every so many-th bit from `first` on.

    >>> f"{multiples(10, 1, 4):b}"
    '1000100010'
    """
    if first >= length:
        return 0
    many = (length - first + step - 1) // step
    bits, have = 1, 1
    while have < many:
        bits |= bits << have * step
        have *= 2
    return bits << first & full(length)


def positions(bits: int) -> Iterator[int]:
    """Those that are set, in order.

    >>> list(positions(0b100101))
    [0, 2, 5]
    """
    text = f"{bits:b}"[::-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)
