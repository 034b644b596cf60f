"""A picture of a log on one line: failures over time, and where the process started anew."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from onebox.operating.diagnosis.diagnose import starts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from onebox.operating.diagnosis.diagnose import Diagnosis

_BARS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"
_WIDTH = 72
_DAY = 86_400


def picture(found: Diagnosis, zone: ZoneInfo) -> Iterator[str]:
    """Two or three lines; none for a log without times or failures."""
    if found.began is None or found.ended is None or not found.by_minute:
        return
    first, last = int(found.began) // 60, int(found.ended) // 60
    width = min(_WIDTH, last - first + 1)
    peaks, marks = [0] * width, [" "] * width
    for minute, count in found.by_minute.items():
        column = _column(minute, first, last, width)
        peaks[column] = max(peaks[column], count)
    starts = starts_of(found)
    for at in starts:
        marks[_column(int(at) // 60, first, last, width)] = "^"
    most = max(peaks)
    bars = "".join(_BARS[min((7 * count + most - 1) // most, 7)] if count else _NOTHING for count in peaks)
    form = "%H:%M" if found.ended - found.began < _DAY else "%b %d %H:%M"
    before, after = (datetime.fromtimestamp(at, zone).strftime(form) for at in (found.began, found.ended))
    yield f"failures a minute, at most {most:,}{'; ^ the process started anew' if starts else ''}"
    yield f"{before} {bars} {after}"
    if starts:
        yield " " * (len(before) + 1) + "".join(marks).rstrip()


def _column(minute: int, first: int, last: int, width: int) -> int:
    return max(0, min((minute - first) * width // (last - first + 1), width - 1))
