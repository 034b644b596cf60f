"""The nearest right name, for errors that help."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """
    >>> nearest("amuont", ["amount", "sender"])
    'amount'
    >>> nearest("xyz", ["amount"])
    """
    found = difflib.get_close_matches(name[:100], list(known)[:2000], n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """
    >>> did_you_mean("amuont", ["amount"])
    "; did you mean 'amount'?"
    """
    found = nearest(name, known)
    return f"; did you mean {found!r}?" if found else ""
