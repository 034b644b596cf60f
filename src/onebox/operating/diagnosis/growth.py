"""What grew from the beginning of a process's life to its end, and the burst before a failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onebox.operating.diagnosis.gauges import MEMORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.operating.diagnosis.cascades import Cascade
    from onebox.operating.diagnosis.gauges import Gauge
    from onebox.operating.diagnosis.seen import Evidence, Seen
    from onebox.operating.diagnosis.series import Series

BEFORE = 300.0
"""how many seconds before a failure a burst is looked for"""
_BURST, _BURST_OF_ENTRIES = 3, 12
"""how many in a second, and how many times the average, make a burst at least"""


@dataclass(slots=True)
class Growth:
    """A number that grew in at least half of the lives that tell it; memory in megabytes."""

    name: str
    grown: int
    measured: int
    first: float
    last: float
    seconds: float
    """of the life that is told of, as are first and last: the one that grew most"""
    began: Evidence
    ended: Evidence


@dataclass(slots=True)
class Burst:
    """How much came in before a failure: the most in a second, and the average of the whole log."""

    of: str
    """what was counted: `event`, or `entry` of the log, if nothing tells of events"""
    peak: int
    peak_at: int
    average: float
    at_once: int | None
    """most handlers at once; None if nothing tells how long they run"""
    at_once_average: float | None

    @property
    def is_one(self) -> bool:
        least = _BURST if self.of == "event" else _BURST_OF_ENTRIES
        return self.peak >= least and self.peak >= _BURST * self.average


def growths(seen: Seen) -> tuple[list[Growth], set[str]]:
    """What grew, and the names of all that was measured at least twice in a life."""
    gauges: dict[str, list[Gauge]] = {}
    for life in seen.lives:
        for name, gauge in life.gauges.items():
            if gauge.readings > 1:
                gauges.setdefault(name, []).append(gauge)
    found = [_growth(name, each) for name, each in gauges.items()]
    return sorted((one for one in found if one), key=lambda one: one.name != MEMORY), set(gauges)


def _growth(name: str, gauges: Sequence[Gauge]) -> Growth | None:
    grown = [gauge for gauge in gauges if gauge.grew]
    if 2 * len(grown) < len(gauges):
        return None
    most = max(grown, key=lambda gauge: gauge.last / max(gauge.first, 1.0))
    seconds = (most.ended.at or 0.0) - (most.began.at or 0.0)
    return Growth(name, len(grown), len(gauges), most.first, most.last, seconds, most.began, most.ended)


class Bursts:
    """Finds the burst before a cascade."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._of, self._came = _arrivals(seen)
        self._at_once = seen.under_way.summed() if seen.handled_begun.total else None

    def before(self, cascade: Cascade) -> Burst | None:
        """What came in just before the first failure; None if the log has no times."""
        at, seen = cascade.first.first.at, self._seen
        if at is None or seen.began is None or seen.ended is None:
            return None
        peak = self._came.peak(at - BEFORE, at + 1)
        if peak is None:
            return None
        span = max(seen.ended - seen.began, 1.0)
        at_once = self._at_once and self._at_once.peak(at - BEFORE, (cascade.last_at or at) + 1)
        average = self._at_once.total / span if self._at_once else None
        return Burst(self._of, peak[1], peak[0], self._came.total / span, at_once[1] if at_once else None, average)


def _arrivals(seen: Seen) -> tuple[str, Series]:
    if seen.begun.total:
        return "event", seen.begun
    if seen.handled_begun.total:
        return "event", seen.handled_begun
    return "entry", seen.said
