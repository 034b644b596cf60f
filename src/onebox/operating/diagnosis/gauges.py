"""Numbers in a log that may grow: memory, tasks, sessions, connections, queues, open files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onebox.operating.diagnosis.seen import Evidence

MEMORY = "memory"

_GAUGE = re.compile(
    r"(?i)(?<![\w-])(?P<name>anon-rss|rss|mem|memory|vmrss|heap_?used|tasks|in.?flight|handlers|sessions|connections|queue|fds|open.files)"
    r"(?P<more>[\w ]{0,16})[=:]\s*(?P<value>\d{1,15}(?:\.\d+)?)\s*(?P<unit>[kmg]i?b?\b|bytes\b|b\b|%)?"
)
_NAMES = {
    "anon-rss": MEMORY, "rss": MEMORY, "mem": MEMORY, "memory": MEMORY, "vmrss": MEMORY, "heapused": MEMORY, "heap_used": MEMORY,
    "tasks": "tasks", "handlers": "tasks", "sessions": "sessions", "connections": "connections", "queue": "queue",
    "fds": "open files",
}  # fmt: skip
_NOT_USED = re.compile(r"(?i)limit|max|total|free|avail|high|swap|percent|pct")
_MEGABYTES = {"k": 1 / 1024, "m": 1.0, "g": 1024.0, "b": 1 / 1024**2}
_SURELY_BYTES, _SURELY_KILOBYTES = 1_000_000, 20_000
_GROWN, _STILL = 1.3, 0.75
_FEW = 3


@dataclass(slots=True)
class Gauge:
    """What became of one number in one life of a process."""

    name: str
    first: float
    last: float
    most: float
    readings: int
    began: Evidence
    ended: Evidence

    def read(self, value: float, at: Evidence) -> None:
        """One more reading."""
        self.last, self.ended, self.readings = value, at, self.readings + 1
        self.most = max(self.most, value)

    @property
    def grew(self) -> bool:
        """Whether it ended far above its beginning, and not far below its peak."""
        return self.readings >= _FEW and self.last >= self.first * _GROWN + 1 and self.last >= self.most * _STILL


def gauges_in(text: str) -> Iterator[tuple[str, float]]:
    """Names and values; memory in megabytes.

    >>> list(gauges_in("rss=81MB tasks=7 memory limit: 512 MB anon-rss:524288kB file-rss:0kB"))
    [('memory', 81.0), ('tasks', 7.0), ('memory', 512.0)]
    """
    for found in _GAUGE.finditer(text):
        if _NOT_USED.search(found["more"]) or found["unit"] == "%":
            continue
        name = found["name"].lower()
        known = _NAMES.get(name) or ("tasks" if name.startswith("in") else "open files")
        value = float(found["value"])
        yield known, value * _size(value, found["more"], found["unit"]) if known == MEMORY else value


def _size(value: float, more: str, unit: str | None) -> float:
    told = unit or more.strip(" _").rpartition("_")[2].rpartition(" ")[2]
    if told[:1].lower() in _MEGABYTES and told.lower() in {
        "k",
        "m",
        "g",
        "kb",
        "mb",
        "gb",
        "kib",
        "mib",
        "gib",
        "b",
        "bytes",
    }:
        return _MEGABYTES[told[0].lower()]
    if value >= _SURELY_BYTES:
        return _MEGABYTES["b"]
    return _MEGABYTES["k"] if value >= _SURELY_KILOBYTES else 1.0
