"""Cascades: a first failure after a quiet time, and all that fails after it until it is quiet, or the process starts anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from onebox.operating.diagnosis.signs import OF_THE_END, Sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.operating.diagnosis.seen import Bout, Evidence, Life, Seen

QUIET = 300.0
"""seconds without a failure that end a cascade"""
_FEW = 3
_STEADY_BOUTS, _STEADY_SHARE = 12, 0.8
_ALIKE, _MOST_OFF = 0.8, 0.15


@dataclass(slots=True)
class Folded:
    """All failures of one kind within a cascade."""

    kind: str
    sign: Sign
    first: Evidence
    last: Evidence
    count: int


@dataclass(slots=True)
class Cascade:
    """What failed, in the order in which each kind first did. The first of them is the first failure."""

    life: int
    folded: list[Folded] = field(default_factory=list)
    ended_by: Sign | None = None
    """how the process ended: `oom`, `killed`, `exited`, `stopped`, or `restarting` if it only started anew"""
    end: Evidence | None = None

    @property
    def first(self) -> Folded:
        return self.folded[0]

    @property
    def count(self) -> int:
        """How many failures."""
        return sum(each.count for each in self.folded)

    @property
    def last_at(self) -> float | None:
        return max((each.last.at for each in self.folded if each.last.at is not None), default=None)


@dataclass(slots=True)
class Period:
    """How far apart things began: the middle one of the distances, in seconds, and how far most are from it."""

    middle: float
    spread: float
    regular: bool
    shortest: float
    longest: float


def cascades_of(seen: Seen) -> tuple[list[Cascade], list[Folded]]:
    """The cascades, and what failed without one: alone, or all the time."""
    steady = _steady(seen)
    bouts = sorted(seen.bouts, key=lambda bout: (bout.life, bout.first.at or 0.0))
    gathered: list[list[Bout]] = []
    until: float | None = None
    for bout in bouts:
        if bout.kind in steady:
            continue
        last = gathered[-1][-1] if gathered else None
        quiet = until is not None and bout.first.at is not None and bout.first.at - until > QUIET
        if last is None or last.life != bout.life or quiet:
            gathered.append([])
            until = None
        gathered[-1].append(bout)
        if bout.last.at is not None:
            until = max(until or 0.0, bout.last.at)
    cascades = [_cascade(each) for each in gathered]
    for last_of_life in {cascade.life: cascade for cascade in cascades}.values():
        _end(last_of_life, seen.lives)
    told = [each for each in cascades if _is_cascade(each)]
    alone = [part for each in cascades if not _is_cascade(each) for part in each.folded]
    return told, _folded_by_kind([*alone, *(_as_folded(bout) for bout in seen.bouts if bout.kind in steady)])


def _steady(seen: Seen) -> set[str]:
    """Kinds that fail now and then from the log's beginning to its end: they begin nothing."""
    if seen.began is None or seen.ended is None:
        return set()
    bouts: dict[str, list[Bout]] = {}
    for bout in seen.bouts:
        bouts.setdefault(bout.kind, []).append(bout)
    return {
        kind for kind, each in bouts.items() if _goes_on_all_the_time(each, seen.began, seen.ended, len(seen.lives))
    }


def _goes_on_all_the_time(bouts: Sequence[Bout], began: float, ended: float, lives: int) -> bool:
    if len(bouts) < max(_STEADY_BOUTS, 3 * lives) or bouts[0].sign in OF_THE_END:
        return False
    starts = [bout.first.at for bout in bouts if bout.first.at is not None]
    if not starts or starts[-1] - starts[0] < _STEADY_SHARE * (ended - began):
        return False
    # Evenly: no tenth of the time without any would be left if they came in bursts.
    tenths = {int(10 * (at - began) / (ended - began + 1)) for at in starts}
    return len(tenths) >= 10 * _STEADY_SHARE


def _cascade(bouts: Sequence[Bout]) -> Cascade:
    return Cascade(bouts[0].life, _folded_by_kind([_as_folded(bout) for bout in bouts]))


def _as_folded(bout: Bout) -> Folded:
    return Folded(bout.kind, bout.sign, bout.first, bout.last, bout.count)


def _folded_by_kind(parts: Sequence[Folded]) -> list[Folded]:
    kinds: dict[str, Folded] = {}
    for part in parts:
        known = kinds.get(part.kind)
        if known is None:
            kinds[part.kind] = part
        else:
            known.count += part.count
            known.last = part.last
    return list(kinds.values())


def _end(cascade: Cascade, lives: Sequence[Life]) -> None:
    """Says how the life ended, if the cascade is the last of it and the end came with it."""
    life = lives[cascade.life]
    signs = [sign for sign in (Sign.oom, Sign.killed, Sign.exited, Sign.stopped) if sign in life.ends]
    if signs and _soon(cascade.last_at, life.ends[signs[0]].at):
        cascade.ended_by, cascade.end = signs[0], life.ends[signs[0]]
    elif not signs and cascade.life + 1 < len(lives) and _soon(cascade.last_at, lives[cascade.life + 1].began.at):
        cascade.ended_by, cascade.end = Sign.restarting, lives[cascade.life + 1].began


def _soon(last: float | None, at: float | None) -> bool:
    return last is None or at is None or at - last <= QUIET


def _is_cascade(cascade: Cascade) -> bool:
    return (
        len(cascade.folded) > 1 or cascade.count >= _FEW or cascade.first.sign in OF_THE_END or bool(cascade.ended_by)
    )


def period_of(starts: Sequence[float]) -> Period | None:
    """The period of at least three starts."""
    apart = [later - earlier for earlier, later in pairwise(starts)]
    if len(apart) < _FEW - 1:
        return None
    middle = median(apart)
    off = sorted(abs(each - middle) for each in apart)
    most = off[max(0, int(len(off) * _ALIKE + 0.5) - 1)] if len(off) > _FEW + 1 else off[-1]
    return Period(middle, most, most <= middle * _MOST_OFF, min(apart), max(apart))
