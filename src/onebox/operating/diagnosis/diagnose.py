"""From entries to a diagnosis. What is not known is said, too."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from onebox.operating.diagnosis.cascades import Cascade, Folded, Period, cascades_of, period_of
from onebox.operating.diagnosis.gauges import MEMORY
from onebox.operating.diagnosis.growth import Burst, Bursts, Growth, growths
from onebox.operating.diagnosis.patterns import Pattern, patterns_of
from onebox.operating.diagnosis.seen import Life, Seen
from onebox.operating.diagnosis.signs import OF_THE_END, Sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from onebox.operating.diagnosis.entries import Entry, LogFile

_MOST_BURSTS = 100
_MOST_WAITING = 1000
"""entries before the first time of a log; one without any is not kept in memory"""


@dataclass(slots=True)
class Diagnosis:
    """What a log tells."""

    files: list[LogFile]
    entries: int
    began: float | None
    ended: float | None
    by_minute: Mapping[int, int]
    """failures by the minute since 1970"""
    lives: list[Life]
    cascades: list[Cascade]
    bursts: list[Burst | None]
    """one a cascade, as far as they were looked for"""
    alone: list[Folded]
    """failures that led to nothing, and those that go on all the time"""
    period: Period | None
    typical: int | None
    """which cascade to tell of: the first that begins as most do"""
    alike: int
    """how many begin as it does"""
    growths: list[Growth]
    patterns: list[Pattern]
    unknown: list[str]
    """what was not found, and why"""

    @property
    def failures(self) -> int:
        """How many entries tell of a failure."""
        return sum(part.count for part in self.alone) + sum(each.count for each in self.cascades)


def diagnose(logs: Sequence[Iterable[Entry]], files: list[LogFile]) -> Diagnosis:
    """Reads logs side by side, in the order of their time, and says what they tell. `files` are theirs."""
    seen = Seen().see_all(
        heapq.merge(*map(_dated, logs), key=lambda entry: entry.at if entry.at is not None else -math.inf)
    )
    cascades, alone = cascades_of(seen)
    grown, measured = growths(seen)
    look = Bursts(seen)
    starts = [each.first.first.at for each in cascades if each.first.first.at is not None]
    kinds = Counter(each.first.kind for each in cascades)
    commonest = kinds.most_common(1)[0] if kinds else ("", 0)
    diagnosis = Diagnosis(
        files=files,
        entries=seen.entries,
        began=seen.began,
        ended=seen.ended,
        by_minute=seen.by_minute,
        lives=seen.lives,
        cascades=cascades,
        bursts=[look.before(each) for each in cascades[:_MOST_BURSTS]],
        alone=alone,
        period=period_of(starts),
        typical=next((index for index, each in enumerate(cascades) if each.first.kind == commonest[0]), None),
        alike=commonest[1],
        growths=grown,
        patterns=patterns_of(seen, grown),
        unknown=[],
    )
    diagnosis.unknown = list(_unknown(diagnosis, measured))
    return diagnosis


def _dated(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Entries before the first time of a log have that time, so that logs can be read side by side."""
    waiting: list[Entry] = []
    for entry in entries:
        if entry.at is None and len(waiting) < _MOST_WAITING:
            waiting.append(entry)
            continue
        for each in waiting:
            each.at = entry.at
            yield each
        waiting.clear()
        yield entry
    yield from waiting


def _unknown(found: Diagnosis, measured: set[str]) -> Iterator[str]:
    if found.entries and found.began is None:
        yield "when: the log has no times, so only the order of failures is told"
    for file in found.files:
        if file.broken:
            yield f"the end of {file.name.rsplit('/', 1)[-1]}: it can be read no further ({file.broken})"
    mixed = {bool(file.zoneless) for file in found.files if file.timed}
    if len(mixed) > 1:
        yield "one clock: some logs name no time zone and others do; --zone says which the former are of"
    if not found.cascades:
        return
    if found.typical is not None and found.cascades[found.typical].first.sign is Sign.other and not found.patterns:
        yield "the cause: the first failure fits no known pattern"
    if found.period is None and found.began is not None:
        yield f"a period: it takes three cascades, and there {'is one' if len(found.cascades) == 1 else 'are two'}"
    burst = found.bursts[found.typical or 0]
    if burst is None or burst.of != "event":
        yield "events coming in: no line tells when one came or was handled; entries of the log were counted"
    elif burst.at_once is None:
        yield "handlers at once: no line tells how long they ran"
    if MEMORY not in measured:
        yield "memory over time: no line tells it (rss=81MB once a minute would)"
    if len(found.lives) > 1 and not any(set(life.ends) & OF_THE_END for life in found.lives):
        yield "how the process ended: add the lines of systemd and the kernel, journalctl -o export"


def starts_of(found: Diagnosis) -> list[float]:
    """When the process started anew."""
    return [life.began.at for life in found.lives[1:] if life.began.at is not None]


def lasted(found: Diagnosis) -> list[float]:
    """How long each life but the last was, in seconds."""
    return [
        later.began.at - life.began.at
        for life, later in pairwise(found.lives)
        if later.began.at is not None and life.began.at is not None
    ]
