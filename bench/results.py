"""What was measured, and what it had to reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """`share`: of the hand-written program's median. `most`/`least`: an absolute bound, in the measure's unit."""

    least: float | None = None
    most: float | None = None
    share: float | None = None
    told: str = ""

    def met(self, value: float, beside: float | None) -> bool:
        """Whether the median reaches it."""
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.share is None or beside is None or value >= self.share * beside)
        )


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table. `n8n` is what n8n 2.41 did on a machine like this one, not fsynced."""

    scenario: str
    name: str
    unit: str
    target: Target | None = None
    n8n: str = ""


@dataclass(slots=True)
class Results:
    """All runs of all measures, in the order in which they were first told."""

    runs: dict[Measure, dict[str, list[float]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, measure: Measure, contender: str, value: float) -> None:
        """One run's value."""
        self.runs.setdefault(measure, {}).setdefault(contender, []).append(value)

    def median(self, measure: Measure, contender: str) -> float | None:
        """The median of the runs; None if there are none."""
        values = self.runs[measure].get(contender)
        return median(values) if values else None

    def as_json(self) -> list[dict[str, Any]]:
        """Every measure with its medians, its raw runs and whether the target was met."""
        return [self._one(measure) for measure in self.runs]

    def _one(self, measure: Measure) -> dict[str, Any]:
        ours, beside = self.median(measure, "onebox"), self.median(measure, "hand-written")
        target = measure.target
        return {
            "scenario": measure.scenario,
            "measure": measure.name,
            "unit": measure.unit,
            "onebox": ours,
            "hand-written": beside,
            "ratio": ours / beside if ours is not None and beside else None,
            "target": target.told if target else None,
            "met": target.met(ours, beside) if target and ours is not None else None,
            "n8n": measure.n8n or None,
            "runs": self.runs[measure],
        }
