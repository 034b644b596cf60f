"""The lines that differ between two texts."""

from __future__ import annotations

from difflib import SequenceMatcher

_MOST_COMPARED = 2000
"""lines of each text that are matched; longer texts differ as a whole"""


def changed_lines(before: str, after: str) -> tuple[str, ...]:
    r"""Lines that went (`- …`) and lines that came (`+ …`), in order.

    >>> changed_lines("a\nb\nc", "a\nB\nc\nd")
    ('- b', '+ B', '+ d')
    """
    old, new = before.splitlines(), after.splitlines()
    found: list[str] = []
    for tag, start, end, start_new, end_new in _blocks(old, new):
        if tag != "equal":
            found += [f"- {line}" for line in old[start:end]]
            found += [f"+ {line}" for line in new[start_new:end_new]]
    return tuple(found)


def _blocks(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    first, last = _shared_ends(old, new)
    inner_old, inner_new = old[first : len(old) - last], new[first : len(new) - last]
    if max(len(inner_old), len(inner_new)) > _MOST_COMPARED:
        return [("replace", first, len(old) - last, first, len(new) - last)]
    codes = SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_opcodes()
    return [(tag, a + first, b + first, c + first, d + first) for tag, a, b, c, d in codes]


def _shared_ends(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many lines are the same at the beginning, and at the end of the rest."""
    most = min(len(old), len(new))
    first = next((at for at in range(most) if old[at] != new[at]), most)
    rest = most - first
    last = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    return first, last


def similar(before: str, after: str) -> float:
    r"""How alike two texts are by their lines, 0 to 1.

    >>> similar("a\nb", "a\nb"), similar("a", "b")
    (1.0, 0.0)
    """
    old, new = before.split("\n"), after.split("\n")
    if max(len(old), len(new)) > _MOST_COMPARED:
        return float(before == after)
    return SequenceMatcher(None, old, new, autojunk=False).ratio()
