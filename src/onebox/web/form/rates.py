"""How many forms one address sent of late. In memory: a restart forgets, and nobody minds."""

from __future__ import annotations

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onebox.flows.definition.fields import Rate

MOST_ADDRESSES = 10_000


class Rates:
    """Counts the forms of each address; of IPv6, of each network of 64 bits, which one home has to itself."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Counts one more. Seconds until it would be taken; 0: it is."""
        within = self._rate.within.total_seconds()
        times = self._sent.setdefault(_whose(address), deque())
        self._sent.move_to_end(_whose(address))
        while len(self._sent) > MOST_ADDRESSES:
            self._sent.popitem(last=False)
        while times and times[0] <= now - within:
            times.popleft()
        if len(times) >= self._rate.times:
            return times[0] + within - now
        times.append(now)
        return 0.0


def _whose(address: str) -> str:
    """
    >>> _whose("2001:db8::1") == _whose("2001:db8::ffff:2"), _whose("203.0.113.9")
    (True, '203.0.113.9')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return f"{int(found) >> 64:x}/64" if isinstance(found, IPv6Address) else address
