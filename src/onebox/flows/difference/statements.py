"""How risky it is that a text of SQL changed."""

from __future__ import annotations

import re

from onebox.flows.difference.findings import Change, Finding, Reason, Risk
from onebox.flows.difference.lines import changed_lines

_SILENT = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*")
_LOSING = frozenset({"delete", "drop", "truncate"})
_CHANGING = frozenset({"update", "alter", "merge"})


def words_of(sql: str) -> set[str]:
    """Its words, without texts, names in quotes and comments.

    >>> sorted(words_of("DELETE from t where a = 'drop' -- truncate"))
    ['a', 'delete', 'from', 't', 'where']
    """
    return {word.lower() for word in _WORD.findall(_SILENT.sub(" ", sql))}


def danger(before: str, after: str) -> tuple[Risk, Reason | None]:
    """High if it deletes or drops, newly changes rows, or lost the WHERE that said which."""
    old, new = words_of(before), words_of(after)
    if new & _LOSING or (new & _CHANGING) - old or (new & _CHANGING and "where" in old - new):
        return Risk.high, Reason.data
    return Risk.medium, None


def danger_to_rows(sql: str) -> tuple[Risk, Reason | None]:
    """The same for a file of tables/, whose business it is to alter them."""
    words = words_of(sql)
    loses = words & _LOSING or ("update" in words and "where" not in words)
    return (Risk.high, Reason.data) if loses else (Risk.medium, None)


def compare_sql(subject: str, before: str, after: str, change: Change = Change.text) -> Finding:
    """Two texts that differ."""
    risk, reason = danger(before, after)
    return Finding(change, subject, risk, reason=reason, lines=changed_lines(before, after))
