"""Where the numbers of one start begin."""

from __future__ import annotations

import secrets

_MOST = 2**30
"""half of what an int of 32 bits holds, in which many bots keep them"""


def first_number() -> int:
    """A number that no other start began near: a box that is still there takes nothing for what it has seen before.

    By the clock two starts within a second, or a start after a thousand updates, would meet.
    """
    return 1 + secrets.randbelow(_MOST)
