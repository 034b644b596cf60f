"""A diagnosis as JSON has it; instants in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onebox.operating.diagnosis.cascades import Cascade, Folded, Period
    from onebox.operating.diagnosis.diagnose import Diagnosis
    from onebox.operating.diagnosis.growth import Burst, Growth
    from onebox.operating.diagnosis.seen import Evidence, Life


def as_plain(found: Diagnosis) -> dict[str, Any]:
    """All of it."""
    bursts = [*found.bursts, *[None] * (len(found.cascades) - len(found.bursts))]
    return {
        "files": [{"name": file.name, "entries": file.entries, "broken": file.broken or None} for file in found.files],
        "entries": found.entries,
        "began": _at(found.began),
        "ended": _at(found.ended),
        "failures": found.failures,
        "failures_by_minute": {_at(minute * 60): count for minute, count in sorted(found.by_minute.items())},
        "period": _period(found.period),
        "cascades": [_cascade(*each) for each in zip(found.cascades, bursts, strict=True)],
        "alone": [_folded(part) for part in found.alone],
        "lives": [_life(life) for life in found.lives],
        "growths": [_growth(one) for one in found.growths],
        "patterns": [
            {
                "name": one.name,
                "title": one.title,
                "told": one.told,
                "evidence": [_evidence(each) for each in one.evidence],
                "cure": one.cure,
            }
            for one in found.patterns
        ],
        "not_found": found.unknown,
    }


def _at(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    place = evidence.place
    return {"file": place.file, "line": place.line, "at": _at(evidence.at), "text": evidence.text}


def _period(period: Period | None) -> dict[str, Any] | None:
    if period is None:
        return None
    return {
        "seconds": period.middle,
        "spread": period.spread,
        "regular": period.regular,
        "shortest": period.shortest,
        "longest": period.longest,
    }


def _cascade(cascade: Cascade, burst: Burst | None) -> dict[str, Any]:
    return {
        "failures": cascade.count,
        "first": _evidence(cascade.first.first),
        "folded": [_folded(part) for part in cascade.folded],
        "ended_by": cascade.ended_by and cascade.ended_by.value,
        "end": _evidence(cascade.end),
        "burst": _burst(burst),
    }


def _folded(part: Folded) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "sign": part.sign.value,
        "count": part.count,
        "first": _evidence(part.first),
        "last": _evidence(part.last),
    }


def _burst(burst: Burst | None) -> dict[str, Any] | None:
    if burst is None:
        return None
    return {
        "is_one": burst.is_one,
        "of": burst.of,
        "peak": burst.peak,
        "peak_at": _at(burst.peak_at),
        "average": burst.average,
        "at_once": burst.at_once,
        "at_once_average": burst.at_once_average,
    }


def _life(life: Life) -> dict[str, Any]:
    return {
        "began": _evidence(life.began),
        "ends": {sign.value: _evidence(each) for sign, each in life.ends.items()},
        "failures": life.failures,
        "unclosed": life.unclosed,
        "measured": {
            name: {"first": gauge.first, "last": gauge.last, "most": gauge.most, "readings": gauge.readings}
            for name, gauge in life.gauges.items()
        },
    }


def _growth(one: Growth) -> dict[str, Any]:
    return {
        "name": one.name,
        "first": one.first,
        "last": one.last,
        "seconds": one.seconds,
        "lives_grown": one.grown,
        "lives_measured": one.measured,
        "evidence": [_evidence(one.began), _evidence(one.ended)],
    }
