"""The nearest right name, for errors that help."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALIKE = 0.65
_MOST_LISTED = 12
_MOST_COMPARED = 1000
_LONGEST_NAME = 60
"""names are looked at while everyone waits, and a stranger's event may have very many, very long ones"""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """
    >>> nearest("amuont", ["amount", "currency"])
    'amount'
    """
    if len(name) > _LONGEST_NAME:
        return None
    candidates = [text for text in map(str, islice(known, _MOST_COMPARED)) if len(text) <= _LONGEST_NAME]
    found = get_close_matches(name, candidates, n=1, cutoff=_ALIKE)
    if found:
        return found[0]
    lowered = {candidate.lower(): candidate for candidate in candidates}
    return lowered.get(name.lower())


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """What to write instead, or what there is."""
    names = sorted({text for text in map(str, islice(known, _MOST_COMPARED)) if len(text) <= _LONGEST_NAME})
    found = nearest(name, names)
    if found:
        return f"did you mean {found!r}?"
    if not names:
        return None
    listed = ", ".join(names[:_MOST_LISTED]) + (", …" if len(names) > _MOST_LISTED else "")
    return f"there is: {listed}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """
    >>> did_you_mean("amuont", ["amount"])
    "; did you mean 'amount'?"
    """
    found = nearest(name, known)
    return f"; did you mean {found!r}?" if found else ""
