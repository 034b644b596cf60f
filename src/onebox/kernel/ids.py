"""Short identifiers that sort by the time they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.kernel.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_COUNTER_BITS = 32
_LENGTH = 16


class Ids:
    """Makes identifiers of 16 characters: 48 bits of milliseconds, then a 32-bit counter.

    The counter starts at a random place (`entropy(n)` gives n random bytes) and grows by one, so that ids made by
    one process sort in the order in which they were made, and two processes do not meet.
    """

    def __init__(self, clock: Clock, entropy: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._last_millisecond = -1
        self._counter = 0
        self._entropy = entropy

    def new(self) -> str:
        """The next identifier."""
        millisecond = int(self._clock.now().timestamp() * 1000)
        if millisecond > self._last_millisecond:
            self._last_millisecond = millisecond
            # The top bit stays free, so that a burst within one millisecond cannot overflow.
            self._counter = int.from_bytes(self._entropy(4), "big") >> 1
        else:  # same millisecond, or the clock was set back: stay in order
            self._counter += 1
        return _encode((self._last_millisecond << _COUNTER_BITS) | self._counter)


def _encode(number: int) -> str:
    """
    >>> _encode(0)
    '0000000000000000'
    >>> _encode(33)
    '0000000000000011'
    """
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(5 * (_LENGTH - 2), -1, -10)])
