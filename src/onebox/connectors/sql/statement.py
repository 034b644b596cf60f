"""Reads a SQL statement just far enough: its parameters, and whether it only reads.

Quoted texts and names, comments, Postgres' dollar quotes and its casts (`::`) are known, so that nothing in them is
taken for a parameter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = re.compile(
    r"""
      (?P<skipped> --[^\n]* | /\*.*?(?:\*/|\Z) | \$(?P<tag>[A-Za-z_]\w*)?\$.*?(?:\$(?(tag)(?P=tag)|)\$|\Z)
                 | \b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | '(?:[^']|'')*(?:'|\Z) | "(?:[^"]|"")*(?:"|\Z) | `[^`]*(?:`|\Z)
                 | :: | := )
    | (?P<parameter> :[A-Za-z_]\w* )
    | (?P<positional> \?\d+ | \?(?=\s*(?:[,);]|\Z)) | \$\d+ | %s\b | %\([A-Za-z_]\w*\)s )
    | (?P<end> ; )
    | (?P<word> [A-Za-z_]\w* )
    | (?P<other> \d+ | \s+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_READS = frozenset({"select", "values", "with", "table", "show", "explain"})
_WRITES = frozenset(
    {"insert", "update", "delete", "merge", "replace", "into", "create", "alter", "drop", "truncate", "call"}
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in parts. `pieces` are its texts; between each two stands one of `names`."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    words: tuple[str, ...]
    positional: str | None
    """the first parameter that has no name (`?`, `$1`, `%s`)"""
    more: bool
    """whether something follows the first `;`"""

    def with_marks(self, before: str, after: str, *, double_percent: bool = False) -> str:
        """The statement in the style of a driver: `%(name)s` is `with_marks("%(", ")s", double_percent=True)`."""
        pieces = [piece.replace("%", "%%") for piece in self.pieces] if double_percent else list(self.pieces)
        marks = [f"{before}{name}{after}" for name in self.names]
        return "".join(piece + mark for piece, mark in zip(pieces, [*marks, ""], strict=True))


@lru_cache(maxsize=1024)
def read_statement(text: str) -> Statement:
    """
    >>> read_statement("select a::text from t where b = :b and c <> ':d'").names
    ('b',)
    """
    pieces: list[str] = [""]
    names: list[str] = []
    words: list[str] = []
    positional: str | None = None
    ended = more = False
    for kind, part in _parts(text):
        more = more or (ended and kind != "skipped" and not part.isspace())
        ended = ended or kind == "end"
        if kind == "parameter":
            names.append(part[1:])
            pieces.append("")
            continue
        if kind == "word":
            words.append(part.lower())
        elif kind == "positional" and positional is None:
            positional = part
        pieces[-1] += part
    return Statement(tuple(pieces), tuple(names), tuple(words), positional, more)


def parameters(text: str) -> set[str]:
    """The names of a statement's parameters.

    >>> sorted(parameters("insert into t (a, b) values (:a, :b) -- :c"))
    ['a', 'b']
    """
    return set(read_statement(text).names)


def is_read(text: str) -> bool:
    """Whether a statement certainly only reads. False where that cannot be told: then it is treated as a writing one.

    >>> is_read("with a as (select 1) select * from a"), is_read("with a as (delete from t returning *) select 1")
    (True, False)
    """
    words = read_statement(text).words
    return bool(words) and words[0] in _READS and _WRITES.isdisjoint(words)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    for found in _PART.finditer(text):
        yield found.lastgroup or "other", found[0]
