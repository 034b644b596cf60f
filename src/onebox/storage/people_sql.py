"""A person's SQL statement, read just far enough: its first word, its parameters, and that it is one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from onebox.flows.run import SqlFailed
from onebox.kernel.encoding import EncodingError, dump, normalise
from onebox.storage.sql_tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_READING = frozenset({"select", "values", "with"})
_WRITING = frozenset({"insert", "update", "delete", "replace", "merge", "create", "alter", "drop", "truncate"})
_ALLOWED = _READING | _WRITING
_OPENING = 8
LARGEST_RESULT = 50_000_000
"""characters and bytes of all rows together"""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `pieces` are its texts, with the parameter's name between each two; `opening` its first words."""

    leading: str
    opening: Sequence[str]
    words: frozenset[str]
    pieces: Sequence[str]
    parameters: Sequence[str]

    @property
    def reads(self) -> bool:
        """Whether it may be a plain SELECT."""
        return self.leading in _READING

    @property
    def only_reads(self) -> bool:
        """Whether it cannot write: WITH may."""
        return self.leading in ("select", "values")

    def numbered(self) -> tuple[str, list[str]]:
        """As text with `$1`, `$2`, …, and the names in that order."""
        names = list(dict.fromkeys(self.parameters))
        marks = [f"${names.index(name) + 1}" for name in self.parameters]
        return "".join(piece + mark for piece, mark in zip(self.pieces, [*marks, ""], strict=True)), names


def read_statement(text: str) -> Statement:
    """Raises SqlFailed for an empty text, for more than one statement, and for what flows may not do.

    >>> read_statement("select a::text from t where b = :b and c = ':d'").numbered()
    ("select a::text from t where b = $1 and c = ':d'", ['b'])
    """
    words: list[str] = []
    pieces, parameters = [""], []
    ended = False
    for kind, token in tokens(text):
        if kind == "end":
            ended = True
            continue
        if ended and kind not in ("space", "comment"):
            raise SqlFailed(f"one statement is expected, and another begins with {token!r}", hint="use a step for each")
        if kind == "parameter":
            parameters.append(token[1:])
            pieces.append("")
            continue
        if kind in ("word", "name"):
            words.append(token.strip('"').lower())
        pieces[-1] += token
    leading = words[0] if words else ""
    if leading not in _ALLOWED:
        raise SqlFailed(
            f"a statement cannot begin with {leading or 'nothing'!r}", hint=f"use one of {', '.join(sorted(_ALLOWED))}"
        )
    return Statement(leading, words[:_OPENING], frozenset(words), pieces, parameters)


def check_arguments(statement: Statement, arguments: Mapping[str, Any]) -> None:
    """Raises SqlFailed for parameters without a value."""
    missing = [name for name in dict.fromkeys(statement.parameters) if name not in arguments]
    if missing:
        given = ", ".join(arguments) or "none"
        raise SqlFailed(f"the statement has a parameter :{missing[0]}, and args do not (they have {given})")


def as_parameter(value: Any) -> Any:
    """A flow's value as both databases take it: lists and mappings as JSON text."""
    if isinstance(value, (dict, list, tuple)):
        return dump(normalise(value))
    return normalise(value)


def take(rows: Iterable[Sequence[Any]], limit: int) -> list[Sequence[Any]]:
    """The first rows. Raises SqlFailed before they take more memory than a result may."""
    taken, room = [], LARGEST_RESULT
    for row in islice(rows, limit):
        room -= sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if room < 0:
            message = f"the result is larger than {LARGEST_RESULT:,} bytes"
            raise SqlFailed(message, hint="select fewer columns, or lower the step's limit")
        taken.append(row)
    return taken


def outcome(names: Sequence[str], rows: Iterable[Sequence[Any]], count: int) -> dict[str, Any]:
    """The result that a flow sees."""
    try:
        found = [normalise(dict(zip(names, row, strict=True))) for row in rows]
    except EncodingError as error:
        raise SqlFailed(f"the result cannot be kept: {error}", hint="cast it in the statement") from error
    return {"rows": found, "row": found[0] if found else None, "count": len(found) if count < 0 else count}


def as_sqlite(value: Any) -> Any:
    """What sqlite3 binds by itself, instants as the box writes its own."""
    value = as_parameter(value)
    return value.isoformat() if isinstance(value, datetime) else value
