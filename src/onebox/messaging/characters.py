"""What a reader takes for one character, though it is written as several."""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_LONGEST = 64
"""a cluster that is longer is cut: nobody reads it"""


def boundary(text: str, position: int) -> int:
    r"""The last position up to this one, but not 0, that is not inside a character; this one where there is none.

    >>> boundary("ae\u0301", 2)
    1
    """
    for candidate in range(position, max(0, position - _LONGEST), -1):
        if not inside(text, candidate):
            return candidate
    return position


def inside(text: str, position: int) -> bool:
    """Whether a cut here would part what belongs together: an accent and its letter, the halves of an emoji."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if _JOINER in (before, after) or unicodedata.category(after).startswith("M"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff":  # a colour of skin
        return True
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":  # an emoji that was read as two halves
        return True
    return (before == "\r" and after == "\n") or (_is_letter_of_flag(after) and _flag_letters(text, position) % 2 == 1)


def _is_letter_of_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters(text: str, position: int) -> int:
    """How many letters of flags stand right before this position: two make a flag."""
    start = position
    while start and _is_letter_of_flag(text[start - 1]):
        start -= 1
    return position - start
