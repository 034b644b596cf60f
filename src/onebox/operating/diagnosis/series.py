"""How much of something there was in each second, kept in little room."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 3600
_MOST_BLOCKS = 1500
"""two months of hours, 14 kB each; what is older is let go"""


class Series:
    """Whole numbers by the second; a second that nothing was told of has 0."""

    def __init__(self) -> None:
        self._blocks: dict[int, array[int]] = {}
        self.total = 0

    def add(self, at: float, number: int = 1) -> None:
        """Adds to the second of this instant."""
        hour, second = divmod(int(at), _BLOCK)
        block = self._blocks.get(hour)
        if block is None:
            block = self._blocks[hour] = array("i", bytes(4 * _BLOCK))
            if len(self._blocks) > _MOST_BLOCKS:
                del self._blocks[min(self._blocks)]
        block[second] += number
        self.total += number

    def within(self, begin: float, end: float) -> Iterator[tuple[int, int]]:
        """Seconds and numbers of [begin, end), those with 0 too if their hour has any."""
        for hour in range(int(begin) // _BLOCK, int(end) // _BLOCK + 1):
            if (block := self._blocks.get(hour)) is not None:
                low, high = max(int(begin) - hour * _BLOCK, 0), min(int(end) - hour * _BLOCK, _BLOCK)
                yield from ((hour * _BLOCK + second, block[second]) for second in range(low, high))

    def peak(self, begin: float, end: float) -> tuple[int, int] | None:
        """The first second of [begin, end) that had most, and how much; None if there was nothing."""
        most = max(self.within(begin, end), key=lambda one: one[1], default=None)
        return most if most and most[1] > 0 else None

    def summed(self) -> Series:
        """The running sums: how many are under way, where this counts who comes (+1) and goes (-1)."""
        sums, level = Series(), 0
        for hour in sorted(self._blocks):
            sums._blocks[hour] = block = array("i", bytes(4 * _BLOCK))
            for second, change in enumerate(self._blocks[hour]):
                level += change
                block[second] = level
                sums.total += level
        return sums
