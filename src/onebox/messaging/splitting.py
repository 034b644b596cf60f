"""Splits a text that is too long for a channel into parts that are not, where a reader would take a breath."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from onebox.messaging.characters import boundary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_FENCE = re.compile(r"^[ \t]*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>[^\n]*)$", re.MULTILINE)
_BLANK = re.compile(r"\n(?:[ \t\r]*\n)+")
_LINE = re.compile(r"\n")
_SPACE = re.compile(r"[^\S\n]+")
_MOST_SEAMS = 32
"""seams of a sort that are tried: where these do not do, the ones before them are not worth a longer search"""


def split(text: str, limit: int, length: Callable[[str], int] = len, *, markdown: bool = True) -> list[str]:
    r"""Parts of at most `limit`, as `length` measures them; none is empty, so a blank text gives no part.

    A part ends at a blank line if one fits, else at a line, else at a space, else between two characters; nothing but
    the white space at these seams is lost. With `markdown`, a fenced block of code ends at a seam and begins again
    after it, and is left whole if there is a seam before it.
    `length` grows with the text (a few exceptions are fine). One character that is longer than `limit` is a part.

    >>> split("One two.\n\nThree four five.", 12)
    ['One two.', 'Three four', 'five.']
    >>> split("~~~\none 1\ntwo 2\nthree\n~~~", 20)
    ['~~~\none 1\ntwo 2\n~~~', '~~~\nthree\n~~~']
    """
    if limit < 1:
        message = f"a limit must be at least 1, got {limit}"
        raise ValueError(message)
    return list(_Splitter(limit, length, markdown=markdown).parts(text))


@dataclass(frozen=True, slots=True)
class _Block:
    """A fenced block: where its first line begins, where its code begins and ends, where its last line ends."""

    start: int
    code: int
    code_end: int
    end: int
    opening: str
    closing: str

    def around(self, position: int) -> bool:
        return self.start < position < self.end


class _Splitter:
    def __init__(self, limit: int, length: Callable[[str], int], *, markdown: bool) -> None:
        self._limit = limit
        self._length = length
        self._markdown = markdown

    def parts(self, text: str) -> Iterator[str]:
        if text.strip() and self._fits(text):
            yield text
            return
        rest = text
        while rest.strip():
            part, rest = self._first(rest)
            if part.strip():
                yield part

    def _first(self, text: str) -> tuple[str, str]:
        """The first part, and what remains, with its block of code opened again."""
        most = self._most(text)
        if most == len(text):
            return text, ""
        blocks = self._blocks(text, most)
        for seam, after in _seams(text, most, blocks):
            part, rest = _cut(text, seam, after, blocks)
            if part.strip() and self._fits(part) and len(rest) < len(text):
                return part, rest
        return self._between_characters(text, most, blocks)

    def _between_characters(self, text: str, most: int, blocks: Sequence[_Block]) -> tuple[str, str]:
        for end in range(most, max(0, most - 200), -1):
            seam = boundary(text, end)
            part, rest = _cut(text, seam, seam, blocks)
            if part.strip() and self._fits(part) and len(rest) < len(text):
                return part, rest
        end = boundary(text, max(1, most))
        return text[:end], text[end:]

    def _fits(self, text: str) -> bool:
        return self._length(text) <= self._limit

    def _most(self, text: str) -> int:
        """How many characters from the start fit, or very few less. `length` may be slow, so it is asked seldom."""
        low, below, high = 0, 0, self._limit
        while (above := self._length(text[:high])) <= self._limit:
            if high >= len(text):
                return len(text)
            low, below, high = high, above, 2 * high
        high = min(high, len(text))
        halve = False
        while high - low > 1 + self._limit // 100:
            guess = (low + high) // 2 if halve else low + (self._limit - below) * (high - low) // max(1, above - below)
            guess = min(max(guess, low + 1), high - 1)
            measured, halve = self._length(text[:guess]), not halve
            if measured <= self._limit:
                low, below = guess, measured
            else:
                high, above = guess, measured
        return low

    def _blocks(self, text: str, most: int) -> Sequence[_Block]:
        """The blocks of code that are short enough in their first and last line to be worth opening again."""
        if not self._markdown or not any(fence in text[: most + 1] for fence in ("```", "~~~")):
            return []
        return [
            block for block in _fenced(text) if 2 * self._length(f"{block.opening}\n\n{block.closing}") <= self._limit
        ]


def _fenced(text: str) -> Iterator[_Block]:
    opened: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        if opened is None:
            opened = line
        elif line["fence"].startswith(opened["fence"]) and not line["info"].strip():
            yield _block(opened, line.start() - 1, line.end())
            opened = None
    if opened is not None:
        yield _block(opened, len(text), len(text) + 1)  # never closed: it goes on to the end


def _block(opened: re.Match[str], code_end: int, end: int) -> _Block:
    indent = opened[0][: opened.start("fence") - opened.start()]
    return _Block(opened.start(), opened.end() + 1, code_end, end, opened[0].rstrip(), indent + opened["fence"])


def _seams(text: str, most: int, blocks: Sequence[_Block]) -> Iterator[tuple[int, int]]:
    """Where to cut, best first: where the part ends, and where the next one begins."""
    blank, lines = _last(_BLANK, text, most), _last(_LINE, text, most)
    yield from _outside(blank, blocks)
    yield from _outside(lines, blocks)
    yield from blank
    yield from lines
    yield from _last(_SPACE, text, most)


def _last(pattern: re.Pattern[str], text: str, most: int) -> list[tuple[int, int]]:
    """The last seams of a sort before which no more than `most` characters stand, the last one first."""
    found = takewhile(lambda match: match.start() <= most, pattern.finditer(text))
    return [(match.start(), match.end()) for match in deque(found, _MOST_SEAMS) if match.start()][::-1]


def _outside(seams: Sequence[tuple[int, int]], blocks: Sequence[_Block]) -> Iterator[tuple[int, int]]:
    return (seam for seam in seams if not any(block.around(seam[0]) for block in blocks))


def _cut(text: str, seam: int, after: int, blocks: Sequence[_Block]) -> tuple[str, str]:
    block = next((block for block in blocks if block.around(seam)), None)
    if block is None:
        return text[:seam].rstrip(), text[after:].lstrip("\n")
    if seam <= block.code:
        return "", text  # its first line is no place to cut
    part = f"{text[: min(seam, block.code_end)].rstrip()}\n{block.closing}"
    if after >= block.code_end:
        return part, text[block.end :].lstrip("\n")
    return part, f"{block.opening}\n{text[after:]}"
