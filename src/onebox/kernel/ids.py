"""Short identifiers that sort by the time they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.kernel.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_TIME_CHARACTERS = 9
_COUNTER_CHARACTERS = 7
_BITS = 5  # a character


class Ids:
    """Makes identifiers of 16 characters: 45 bits of milliseconds, then a counter of 35 bits.

    The counter starts at a random place (`entropy(n)` gives n random bytes) and grows by one, so that ids made by
    one process sort in the order in which they were made, and two processes do not meet.
    """

    def __init__(self, clock: Clock, entropy: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._last_millisecond = -1
        self._prefix = ""
        self._counter = 0
        self._entropy = entropy

    def new(self) -> str:
        """The next identifier."""
        millisecond = int(self._clock.now().timestamp() * 1000)
        if millisecond > self._last_millisecond:
            self._last_millisecond = millisecond
            self._prefix = _encode(millisecond, _TIME_CHARACTERS)
            # 32 bits of 35: a burst within one millisecond cannot overflow.
            self._counter = int.from_bytes(self._entropy(4), "big")
        else:  # same millisecond, or the clock was set back: stay in order
            self._counter += 1
        return self._prefix + _encode(self._counter, _COUNTER_CHARACTERS)


def _encode(number: int, characters: int) -> str:
    """
    >>> _encode(0, 7), _encode(33, 7), _encode(2**45 - 1, 9)
    ('0000000', '0000011', 'zzzzzzzzz')
    """
    pairs = [_PAIRS[(number >> shift) & 1023] for shift in range(_BITS * (characters - 1), -1, -2 * _BITS)]
    return "".join(pairs)[-characters:]
