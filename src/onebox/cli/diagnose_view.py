"""A diagnosis on one screen, readable without colour."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING

from onebox.cli.diagnose_picture import picture
from onebox.cli.output import one_line
from onebox.operating.diagnosis.diagnose import lasted
from onebox.operating.diagnosis.gauges import MEMORY
from onebox.operating.diagnosis.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from onebox.operating.diagnosis.cascades import Cascade, Folded
    from onebox.operating.diagnosis.diagnose import Diagnosis
    from onebox.operating.diagnosis.growth import Burst
    from onebox.operating.diagnosis.patterns import Pattern
    from onebox.operating.diagnosis.seen import Evidence, Life

WIDTH = 100
HEIGHT = 40
_LONGEST_NAME = 30
_MANY_UNCLOSED = 3
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_DIGITS = {"s": 0, "min": 0, "h": 1, "days": 1}
_ENDS = {
    Sign.oom: "out of memory",
    Sign.killed: "killed",
    Sign.exited: "exited with an error",
    Sign.stopped: "stopped",
    Sign.restarting: "started anew",
}
_AMOUNTS = ((5, 7, 6), (4, 6, 5), (3, 6, 4), (3, 4, 4), (2, 3, 4), (1, 2, 3))
"""how many cascades, folded kinds and patterns are shown: the first that fits the screen"""


def report(found: Diagnosis, zone: ZoneInfo, *, everything: bool) -> list[str]:
    """The lines that a person reads: at most 40 of 100 columns, unless everything is asked for."""
    if everything:
        return _Screen(found, zone).whole()
    for amounts in _AMOUNTS:
        lines = _Screen(found, zone).short(*amounts)
        if len(lines) <= HEIGHT:
            return lines
    return [*lines[: HEIGHT - 1], "… more: --all"]


class _Screen:
    def __init__(self, found: Diagnosis, zone: ZoneInfo) -> None:
        self._found = found
        self._zone = zone

    def short(self, cascades: int, folded: int, patterns: int) -> list[str]:
        found = self._found
        blocks = [self._head(), list(picture(found, self._zone))]
        if found.typical is not None:
            typical = found.cascades[found.typical]
            if len(found.cascades) > 1:
                blocks.append(["CASCADES", *self._cascades(cascades)])
            blocks.append([*self._story(typical, folded), *self._around()])
        elif found.growths:
            blocks.append(list(self._grew()))
        blocks.append(list(self._patterns(patterns)))
        blocks.append(list(self._alone(5 if found.typical is None else 1)))
        blocks.append(_listed("NOT FOUND", found.unknown, 4))
        return _joined(blocks)

    def whole(self) -> list[str]:
        found = self._found
        blocks = [self._head(), list(picture(found, self._zone))]
        blocks += [list(self._story(cascade, len(cascade.folded))) for cascade in found.cascades]
        blocks.append(list(self._around() if found.typical is not None else self._grew()))
        blocks.append(list(self._patterns(len(found.patterns))))
        blocks.append(list(self._alone(len(found.alone))))
        blocks.append(["LIVES OF THE PROCESS", *map(self._life, found.lives, [*lasted(found), None])])
        blocks.append(_listed("NOT FOUND", found.unknown, len(found.unknown)))
        return _joined(blocks)

    # ---- what it was

    def _head(self) -> list[str]:
        found = self._found
        files = _name(found.files[0].name) if len(found.files) == 1 else f"{len(found.files)} logs"
        span = "no times"
        if found.began is not None and found.ended is not None:
            begin, end = self._at(found.began), self._at(found.ended)
            span = f"{begin} to {end[11:] if begin[:10] == end[:10] else end} ({self._zone.key})"
        return [_cut(f"{files}: {found.entries:,} entries, {span}"), *_filled(self._verdict(), "", "")]

    def _verdict(self) -> str:
        found = self._found
        if not found.cascades:
            if not found.failures:
                return "No cascade: nothing failed."
            return f"No cascade: {_many(found.failures, 'failure')}, and none led to another."
        number = _many(len(found.cascades), "cascade")
        ends = Counter(each.ended_by for each in found.cascades if each.ended_by)
        ended = ", ".join(f"{count} ended: {_ENDS[sign]}" for sign, count in ends.most_common())
        if len(ends) == 1 and ends.total() == len(found.cascades):
            ended = f"{'each' if ends.total() > 1 else 'it'} ended: {_ENDS[next(iter(ends))]}"
        return "; ".join(filter(None, [f"{number}{self._period()}", ended, _many(found.failures, "failure")])) + "."

    def _period(self) -> str:
        period, starts = self._found.period, [each.first.first.at for each in self._found.cascades]
        if period is None:
            known = [at for at in starts if at is not None]
            return "".join(f", {_long(later - earlier)} apart" for earlier, later in pairwise(known))
        if period.regular:
            size, unit = _unit(period.middle)
            return f", every {_long(period.middle)} (±{period.spread / size:.{_DIGITS[unit]}f})"
        return f", no regular period: {_long(period.shortest)} to {_long(period.longest)} apart"

    # ---- what happened

    def _cascades(self, most: int) -> Iterator[str]:
        cascades = self._found.cascades
        for cascade in cascades[:most]:
            lasts = f"{_many(cascade.count, 'failure')} in {_long(_span(cascade))}"
            end = f"; {_ENDS[cascade.ended_by]}" if cascade.ended_by else ""
            first = cascade.first.first
            yield _beside(f"{self._at(first.at)}  {_short(cascade.first)}: {lasts}{end}", _place(first))
        if len(cascades) > most:
            yield f"  … and {len(cascades) - most:,} more: --all"

    def _story(self, cascade: Cascade, most: int) -> Iterator[str]:
        found, first = self._found, cascade.first.first
        if cascade is found.cascades[found.typical or 0] and len(found.cascades) > 1:
            yield f"FIRST FAILURE  {self._at(first.at)}; {found.alike} of {len(found.cascades)} cascades begin like it"
        else:
            yield f"FIRST FAILURE  {self._at(first.at)}".rstrip()
        yield from _wrapped(first.text, f"({_place(first)})")
        followed = cascade.folded[1:] if cascade.first.count == 1 else cascade.folded
        if followed:
            yield "  and after it"
        for part in followed[:most]:
            after = "" if part.first.at is None or first.at is None else f"+{_long(part.first.at - first.at)}"
            shown = "more of the same sort" if part is cascade.first else part.first.text
            count = part.count - (part is cascade.first)
            yield _beside(f"{after:>8} {count:>7,} x  {shown}", _place(part.first))
        if len(followed) > most:
            yield f"  … and {len(followed) - most} more kinds: --all"

    def _around(self) -> Iterator[str]:
        burst = self._found.bursts[self._found.typical or 0] if self._found.bursts else None
        if burst is not None and (burst.is_one or burst.of == "event"):
            yield from _hung("BEFORE IT      ", self._burst(burst))
        yield from self._grew()

    def _burst(self, burst: Burst) -> str:
        if not burst.is_one:
            return f"no burst: at most {_many(burst.peak, burst.of)} a second, {burst.average:.2g} on average"
        at = f"{datetime.fromtimestamp(burst.peak_at, self._zone):%H:%M:%S}"
        told = f"a burst: {_many(burst.peak, burst.of)} in the second {at}, {burst.average:.2g} on average"
        if burst.at_once is None:
            return told
        return f"{told}; {_many(burst.at_once, 'handler')} at once, {burst.at_once_average:.2g} on average"

    def _grew(self) -> Iterator[str]:
        told = []
        for one in self._found.growths:
            unit = " MB" if one.name == MEMORY else ""
            lives = f"{one.grown} of {one.measured} lives, " if one.measured > 1 else ""
            told.append(
                f"{one.name} {one.first:.0f} to {one.last:.0f}{unit} in {_long(one.seconds)} ({lives}{_place(one.ended)})"
            )
        unclosed = max((life.unclosed for life in self._found.lives), default=0)
        if unclosed >= _MANY_UNCLOSED:
            told.append(f"unclosed sessions: up to {unclosed:,} in one life")
        if told:
            yield from _hung("WHAT GREW      ", "; ".join(told))

    def _life(self, life: Life, seconds: float | None) -> str:
        ends = [_ENDS[sign] for sign in _ENDS if sign in life.ends]
        end = ends[0] if ends else "the log tells no end"
        how = f"lasted {_long(seconds)}" if seconds is not None else "the last"
        return _cut(
            f"  {self._at(life.began.at)}  {_place(life.began)}  {how}, {_many(life.failures, 'failure')}; {end}"
        )

    # ---- what it means

    def _patterns(self, most: int) -> Iterator[str]:
        patterns = self._found.patterns
        if patterns:
            yield "PATTERNS"
        elif self._found.failures:
            yield "PATTERNS       none of those that are known"
        for pattern in patterns[:most]:
            yield from _pattern(pattern)
        if len(patterns) > most:
            yield f"  … and {', '.join(one.title for one in patterns[most:])}: --all"

    def _alone(self, most: int) -> Iterator[str]:
        alone = self._found.alone
        if not alone:
            return
        if self._found.cascades and most == 1:
            number = sum(part.count for part in alone)
            yield f"BESIDES        {_many(number, 'failure')} of {_many(len(alone), 'kind')} that led to nothing: --all"
            return
        yield "FAILURES THAT LED TO NOTHING"
        for part in alone[:most]:
            yield _beside(f"{part.count:>7,} x  {part.first.text}", _place(part.first))
        if len(alone) > most:
            yield f"  … and {len(alone) - most:,} more kinds: --all"

    def _at(self, at: float | None) -> str:
        return "" if at is None else f"{datetime.fromtimestamp(at, self._zone):%Y-%m-%d %H:%M:%S}"


def _wrapped(text: str, place: str) -> list[str]:
    """Two lines at most, with the place at their end."""
    room = 2 * WIDTH - len(place) - 24  # lines break at words, so some of it stays empty
    return _filled(f"{one_line(text, room)} {place}", "  ", "  ")[:2]


def _pattern(pattern: Pattern) -> Iterator[str]:
    places = ", ".join(dict.fromkeys(_place(one) for one in pattern.evidence))
    yield from _filled(f"{pattern.title}: {pattern.told} ({places})", "  ", "    ")
    yield from _filled(f"cure: {pattern.cure}", "    ", "          ")


def _joined(blocks: Iterable[Sequence[str]]) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        if block:
            lines += ["", *block] if lines else block
    return lines


def _listed(heading: str, items: Sequence[str], most: int) -> list[str]:
    if not items:
        return []
    return [heading, *(line for item in items[:most] for line in _filled(item, "  ", "    "))]


def _hung(heading: str, text: str) -> list[str]:
    return _filled(text, heading, " " * len(heading))


def _filled(text: str, first: str, others: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)


def _beside(text: str, place: str) -> str:
    """The text, cut so that its place has room beside it."""
    shown = one_line(f"  {text}", WIDTH - len(place) - 2)
    return f"{shown}  {place}"


def _cut(text: str) -> str:
    return one_line(text, WIDTH)


def _place(evidence: Evidence) -> str:
    return f"{_name(evidence.place.file)}:{evidence.place.line}"


def _name(path: str) -> str:
    name = one_line(path.rsplit("/", 1)[-1])
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"


def _short(part: Folded) -> str:
    return one_line(part.first.text.split(":", 1)[0], 40)


def _span(cascade: Cascade) -> float:
    return (cascade.last_at or 0.0) - (cascade.first.first.at or cascade.last_at or 0.0)


def _many(number: int, name: str) -> str:
    plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    return f"{number:,} {name if number == 1 else plural}"


def _long(seconds: float) -> str:
    """A length of time as one says it: 28 s, 140 min, 5.2 h, 3.1 days."""
    size, unit = _unit(seconds)
    return f"{seconds / size:.{_DIGITS[unit]}f} {unit}"


def _unit(seconds: float) -> tuple[int, str]:
    if seconds < 2 * _MINUTE:
        return 1, "s"
    if seconds < 3 * _HOUR:
        return _MINUTE, "min"
    return (_HOUR, "h") if seconds < 2 * _DAY else (_DAY, "days")
