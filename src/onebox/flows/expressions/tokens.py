"""Cuts the inside of an expression into names, numbers, texts and signs."""

from __future__ import annotations

import re
from typing import NamedTuple

from onebox.flows.expressions.failure import ExpressionInvalid

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>//|\*\*|==|!=|<=|>=|[-+*/%~<>=|.,:()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_INDEX = re.compile(r"[0-9]+")
_HINTS = {
    "&": "write `and`",
    "!": "write `not`",
    "?": "write `a if condition else b`, and `x | default(…)` for what may be missing",
    "$": "inside ${…} names stand without a $",
    "`": "quote a text with ' or \"",
}


class Token(NamedTuple):
    """`kind` is text, number, name or sign."""

    kind: str
    text: str
    offset: int


def tokens(code: str) -> list[Token]:
    """Raises ExpressionInvalid at a character that has no meaning here."""
    found: list[Token] = []
    position = 0
    while position < len(code):
        match = _INDEX.match(code, position) if found and found[-1].text == "." else None
        if match:
            found.append(Token("number", match.group(), position))
        else:
            match = _TOKEN.match(code, position)
            if match is None:
                raise _meaningless(code, position)
            kind = match.lastgroup or ""
            if kind != "space":
                found.append(Token(kind, match.group(), position))
        position = match.end()
    return found


def _meaningless(code: str, position: int) -> ExpressionInvalid:
    sign = code[position]
    hint = _HINTS.get(sign)
    if sign in "'\"":
        hint = "close the text with the same quote"
    return ExpressionInvalid(f"{sign!r} has no meaning in ${{{code.strip()}}}", offset=position, hint=hint)
