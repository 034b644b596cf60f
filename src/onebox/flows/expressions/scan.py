"""Finds the expressions in a text: `${…}`, where `$${` is a plain `${`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from onebox.flows.expressions.failure import ExpressionInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXCERPT = 60
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_NOTABLE = re.compile(r"""['"()\[\]{}]""")
_QUOTED = {
    "'": re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL),
}


class Piece(NamedTuple):
    """Text as it is, or (`code`) the inside of a `${…}`. `offset` is where its inside begins in the whole text."""

    code: bool
    text: str
    offset: int


def split(text: str) -> list[Piece]:
    """
    >>> [piece.text for piece in split("Order ${order.number}: $${x}")]
    ['Order ', 'order.number', ': ${x}']

    Raises ExpressionInvalid for a `${` that is never closed.
    """
    pieces: list[Piece] = []
    literal, literal_at, position = [], 0, 0
    while (start := text.find("${", position)) >= 0:
        if start > position and text[start - 1] == "$":
            literal.append(text[position : start - 1] + "${")
            position = start + 2
            continue
        literal.append(text[position:start])
        if plain := "".join(literal):
            pieces.append(Piece(code=False, text=plain, offset=literal_at))
        end = closing(text, start + 2)
        pieces.append(Piece(code=True, text=text[start + 2 : end], offset=start + 2))
        literal, literal_at, position = [], end + 1, end + 1
    literal.append(text[position:])
    if plain := "".join(literal):
        pieces.append(Piece(code=False, text=plain, offset=literal_at))
    return pieces


def join(pieces: Iterable[Piece]) -> str:
    """The text that gives these pieces when it is split."""
    return "".join(f"${{{piece.text}}}" if piece.code else piece.text.replace("${", "$${") for piece in pieces)


def closing(text: str, start: int) -> int:
    """The place of the `}` that closes the expression whose inside begins at `start`."""
    expected = ["}"]
    position = start
    while match := _NOTABLE.search(text, position):
        mark = match.group()
        if mark in _QUOTED:
            quoted = _QUOTED[mark].match(text, match.start())
            if quoted is None:
                message = f"a text that begins with {mark} is not closed in ${{{_excerpt(text[start:])}"
                raise ExpressionInvalid(message, offset=match.start())
            position = quoted.end()
            continue
        position = match.end()
        if mark in _CLOSER:
            expected.append(_CLOSER[mark])
        elif expected.pop() != mark:
            message = f"{mark!r} closes nothing in ${{{_excerpt(text[start:])}"
            raise ExpressionInvalid(message, offset=match.start())
        elif not expected:
            return match.start()
    message = f"{expected[-1]!r} is missing after ${{{_excerpt(text[start:])}"
    raise ExpressionInvalid(message, offset=start, hint="for a plain ${ in a text, write $${")


def _excerpt(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= _EXCERPT else line[:_EXCERPT] + "…"
