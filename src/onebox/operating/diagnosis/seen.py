"""One pass over the entries, in little room: failures folded into bouts, lives of the process, numbers by the second."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from onebox.operating.diagnosis.gauges import Gauge, gauges_in
from onebox.operating.diagnosis.series import Series
from onebox.operating.diagnosis.signs import (
    OF_THE_END,
    Reader,
    Sign,
    kind_of,
    label_of,
    retry_after,
    seconds_taken,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onebox.operating.diagnosis.entries import Entry, Place

_APART = 60.0
"""failures of a kind that are no further apart are one bout"""
_ONE_START, _ONE_LONG_START = 60.0, 600.0
"""words of a start that follow a start so soon are of the same; the latter, if they are other words"""
_MOST_BOUTS = 100_000
_MOST_LIVES = 20_000
_MOST_KINDS = 1000
_REST = "failures of many other kinds"


class Evidence(NamedTuple):
    """An entry that proves something."""

    place: Place
    at: float | None
    text: str


@dataclass(slots=True)
class Bout:
    """Failures of one kind, one after another, within one life of the process."""

    kind: str
    sign: Sign
    life: int
    first: Evidence
    last: Evidence
    count: int = 1


@dataclass(slots=True)
class Life:
    """From a start of the process to the next."""

    began: Evidence
    starts: frozenset[Sign] = frozenset()
    """what tells of its start; nothing where the first life may have begun before the log"""
    ends: dict[Sign, Evidence] = field(default_factory=dict)
    failures: int = 0
    unclosed: int = 0
    last_words: str | None = None
    """the kind of the last failure, those apart that tell of the end"""
    last: Evidence | None = None
    """its last entry that told anything"""
    gauges: dict[str, Gauge] = field(default_factory=dict)


@dataclass(slots=True)
class Refusals:
    """What flood control said."""

    count: int = 0
    while_refused: int = 0
    """refusals within a wait that one before asked for"""
    until: float | None = None
    longest: float = 0.0
    again: Evidence | None = None
    """the first that came within a wait"""


class Seen:
    """What a pass over the entries leaves: everything that is needed to tell what happened."""

    def __init__(self) -> None:
        self.entries = 0
        self.untimed = 0
        self.began: float | None = None
        self.ended: float | None = None
        self.bouts: list[Bout] = []
        self.lives: list[Life] = []
        self.kinds: Counter[str] = Counter()
        self.by_minute: Counter[int] = Counter()
        self.refusals = Refusals()
        self.said, self.begun, self.handled_begun, self.under_way = Series(), Series(), Series(), Series()
        self._reader = Reader()
        self._open: dict[str, Bout] = {}

    def see(self, entry: Entry) -> None:
        """Takes the next entry."""
        self.entries += 1
        if entry.at is None:
            self.untimed += 1
        else:
            self.began = entry.at if self.began is None else min(self.began, entry.at)
            self.ended = entry.at if self.ended is None else max(self.ended, entry.at)
            self.said.add(entry.at)
        if not self.lives:
            self.lives.append(Life(_evidence(entry)))
        failure, signs = self._reader.read(entry)
        if failure is not None:
            self._fail(failure, entry)
        if signs:
            self._note(signs, entry)

    def see_all(self, entries: Iterable[Entry]) -> Seen:
        """Takes them all, in the order of their time."""
        for entry in entries:
            self.see(entry)
        return self

    @property
    def life(self) -> Life:
        """The one that goes on."""
        return self.lives[-1]

    def _fail(self, sign: Sign, entry: Entry) -> None:
        kind, life = kind_of(sign, entry), self.life
        if kind not in self.kinds and len(self.kinds) >= _MOST_KINDS:
            kind = _REST
        self.kinds[kind] += 1
        life.failures += 1
        life.unclosed += sign is Sign.unclosed
        life.last = _evidence(entry)
        if sign in OF_THE_END:
            life.ends.setdefault(sign, life.last)
        else:
            life.last_words = kind
        if entry.at is not None:
            self.by_minute[int(entry.at) // 60] += 1
        if sign is Sign.flood:
            self._refuse(entry)
        self._fold(kind, sign, life.last)

    def _fold(self, kind: str, sign: Sign, evidence: Evidence) -> None:
        bout = self._open.get(kind)
        if bout is not None and (len(self.bouts) >= _MOST_BOUTS or self._goes_on(bout, evidence)):
            bout.count += 1
            bout.last = evidence
            return
        bout = self._open[kind] = Bout(kind, sign, len(self.lives) - 1, evidence, evidence)
        self.bouts.append(bout)

    def _goes_on(self, bout: Bout, evidence: Evidence) -> bool:
        if bout.life != len(self.lives) - 1:
            return False
        return evidence.at is None or bout.last.at is None or evidence.at - bout.last.at <= _APART

    def _refuse(self, entry: Entry) -> None:
        told, wait = self.refusals, retry_after(entry)
        told.count += 1
        if entry.at is None:
            return
        if told.until is not None and entry.at < told.until:
            told.while_refused += 1
            told.again = told.again or _evidence(entry)
        if wait is not None:
            told.until = max(told.until or 0.0, entry.at + wait)
            told.longest = max(told.longest, wait)

    def _note(self, signs: frozenset[Sign], entry: Entry) -> None:
        if Sign.stopped in signs:
            self.life.ends.setdefault(Sign.stopped, _evidence(entry))
        if signs & _STARTS:
            self._start(signs, entry)
        if Sign.measured in signs:
            for name, value in gauges_in(entry.text):
                self._measure(name, value, _evidence(entry))
        if entry.at is None:
            return
        if Sign.begun in signs:
            self.begun.add(entry.at)
        if Sign.handled in signs and (took := seconds_taken(entry)) is not None:
            self.handled_begun.add(entry.at - took)
            self.under_way.add(entry.at - took)
            self.under_way.add(int(entry.at) + 1, -1)

    def _start(self, signs: frozenset[Sign], entry: Entry) -> None:
        life = self.life
        if signs & _STARTS == {Sign.unit_started} and not life.ends:
            return  # systemd starts many units; one that did not end is another
        starts = signs & _STARTS
        if not life.failures and not life.ends and self._is_one_start(life, starts, entry.at):
            life.starts |= starts
            return
        if len(self.lives) >= _MOST_LIVES:
            self.lives.pop()
        self.lives.append(Life(_evidence(entry), starts))

    def _is_one_start(self, life: Life, starts: frozenset[Sign], at: float | None) -> bool:
        if at is None or life.began.at is None:
            return not starts & life.starts
        within = at - life.began.at
        return within <= _ONE_START or (bool(life.starts) and not starts & life.starts and within <= _ONE_LONG_START)

    def _measure(self, name: str, value: float, at: Evidence) -> None:
        gauge = self.life.gauges.get(name)
        if gauge is None:
            self.life.gauges[name] = Gauge(name, value, value, value, 1, at, at)
        else:
            gauge.read(value, at)


_STARTS = frozenset({Sign.restarting, Sign.started, Sign.unit_started})


def _evidence(entry: Entry) -> Evidence:
    return Evidence(entry.place, entry.at, label_of(entry))
