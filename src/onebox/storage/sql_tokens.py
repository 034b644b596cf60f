"""SQL cut into tokens, as far as both databases cut it alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      (?P<space> \s+ | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<quoted> '(?:[^']|'')*' | [eE]'(?:[^'\\]|\\.|'')*' | `[^`]*` )
    | (?P<name> "(?:[^"]|"")*" )
    | (?P<dollar> \$(?:[a-zA-Z_]\w*)?\$ )
    | (?P<cast> :: )
    | (?P<parameter> :[a-zA-Z_]\w* )
    | (?P<word> [^\W\d]\w* )
    | (?P<end> ; )
    | (?P<other> \d[\w.]* | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each, which joined are the whole. Kinds: space, comment, quoted (a value), name (in quotes),
    dollar (a text between dollar signs), cast, parameter, word, end (a semicolon), other.

    What has no end reaches to the end of the text; a quote that is never closed is `other` by itself.

    >>> [token for kind, token in tokens("select 'a;b'; -- c") if kind not in ("space", "other")]
    ['select', "'a;b'", ';']
    """
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None  # the last alternative takes any character
        kind, token = match.lastgroup or "other", match.group()
        if kind == "comment":
            token = _through(text, at, text.find("*/", at + 2), 2)
        elif kind == "dollar":
            token = _through(text, at, text.find(token, match.end()), len(token))
        yield kind, token
        at += len(token)


def _through(text: str, start: int, found: int, length: int) -> str:
    return text[start:] if found < 0 else text[start : found + length]
