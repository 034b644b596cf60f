"""How much one address sent of late. In memory: a restart forgets, and nobody minds. Pure: it is told what time it is."""

from __future__ import annotations

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

MOST_ADDRESSES = 10_000
"""that are remembered; those that were quiet for longest are forgotten first"""
MOST_TIMES = 200_000
"""of all addresses together, so that all of it is some 15 MB at most"""


class Rates:
    """Counts what each address sends; of IPv6, each network of 64 bits, which one home has to itself.

    `times` may come within `within`.
    """

    def __init__(self, times: int, within: timedelta) -> None:
        self._most = times
        self._within = within.total_seconds()
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()
        self._remembered = 0

    def wait(self, address: str, now: float, count: int = 1) -> float:
        """Counts one more, or one that counts as `count`. Seconds until it would be taken; 0: it is.

        One that counts for more than all is taken where nothing came before it.
        """
        times = self._times_of(visitor(address), now)
        count = min(count, self._most)
        lacking = len(times) + count - self._most
        if lacking > 0:
            return times[lacking - 1] + self._within - now
        times.extend([now] * count)
        self._remembered += count
        self._forget()
        return 0.0

    @property
    def remembered(self) -> tuple[int, int]:
        """How many addresses are, and how many times of them all."""
        return len(self._sent), self._remembered

    def _times_of(self, whose: str, now: float) -> deque[float]:
        times = self._sent.setdefault(whose, deque())
        self._sent.move_to_end(whose)
        while times and times[0] <= now - self._within:
            times.popleft()
            self._remembered -= 1
        return times

    def _forget(self) -> None:
        while len(self._sent) > MOST_ADDRESSES or (self._remembered > MOST_TIMES and len(self._sent) > 1):
            _, times = self._sent.popitem(last=False)
            self._remembered -= len(times)


def visitor(address: str) -> str:
    """
    >>> visitor("2001:db8::1") == visitor("2001:db8::ffff:2"), visitor("203.0.113.9")
    (True, '203.0.113.9')
    >>> visitor("::ffff:203.0.113.9")
    '203.0.113.9'
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped) if found.ipv4_mapped else f"{int(found) >> 64:x}/64"
