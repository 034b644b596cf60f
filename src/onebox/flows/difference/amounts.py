"""How much of something may be taken: more is riskier than less."""

from __future__ import annotations

from math import inf
from typing import Any

from onebox.flows.difference.findings import Change, Finding, Reason, Risk
from onebox.flows.difference.values import amount, same


def compare_limits(subject: str, before: Any, after: Any) -> Finding | None:
    """A limit; None stands for no limit. None if it is the same.

    >>> compare_limits("limits.concurrency", 20, 200).change.value
    'raised'
    """
    first = inf if before is None else amount(before)
    second = inf if after is None else amount(after)
    if first is None or second is None:  # an expression: who knows
        return Finding(Change.changed, subject, Risk.high, before=before, after=after, reason=Reason.limit)
    if first == second:
        return _in_other_words(subject, before, after)
    if second > first:
        return Finding(Change.raised, subject, Risk.high, before=before, after=after, reason=Reason.limit)
    return Finding(Change.lowered, subject, Risk.medium, before=before, after=after)


def compare_keeping(subject: str, before: Any, after: Any) -> Finding | None:
    """How long something is kept: shorter is riskier."""
    first, second = amount(before), amount(after)
    if first is None or second is None:
        return Finding(Change.changed, subject, Risk.medium, before=before, after=after)
    if first == second:
        return _in_other_words(subject, before, after)
    if second < first:
        return Finding(Change.lowered, subject, Risk.high, before=before, after=after, reason=Reason.kept)
    return Finding(Change.raised, subject, Risk.low, before=before, after=after)


def _in_other_words(subject: str, before: Any, after: Any) -> Finding | None:
    """As much, such as `90s` and `1m 30s`."""
    return None if same(before, after) else Finding(Change.changed, subject, Risk.low, before=before, after=after)
