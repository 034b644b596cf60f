"""What a comparison finds: plain values. How they are told is the command line's."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class Risk(StrEnum):
    """How much a change deserves a second look."""

    high = "high"
    """it may reach other people, lose something, let someone in, or cannot be taken back"""
    medium = "medium"
    """it does something else than before"""
    low = "low"
    """texts, names, descriptions, layout"""


class Reason(StrEnum):
    """Why a change is risky."""

    recipient = "recipient"
    """it reaches someone else, or someone new"""
    act = "act"
    """it does something else to whom it reaches"""
    effect_lost = "effect_lost"
    """what was done is not done any more"""
    door = "door"
    """more can come in, or by less proof"""
    secret = "secret"  # noqa: S105
    """a secret goes where it did not go"""
    limit = "limit"
    """more is taken, sent or spent"""
    repeats = "repeats"
    """what was done once may be done again"""
    unheard = "unheard"
    """failures are not dealt with any more"""
    data = "data"
    """rows are changed or lost"""
    kept = "kept"
    """what is kept goes earlier"""
    callers = "callers"
    """who calls it, or what it waits for, does not find it any more"""
    elsewhere = "elsewhere"
    """it works on another database, or by another account"""
    applied = "applied"
    """what was applied cannot be changed: a box that has it does not start"""


class Change(StrEnum):
    """What kind of change it is."""

    added = "added"
    removed = "removed"
    changed = "changed"
    raised = "raised"
    lowered = "lowered"
    moved = "moved"
    renamed = "renamed"
    reordered = "reordered"
    used = "used"
    """a secret, for the first time"""
    spread = "spread"
    """a secret, in another place than before"""
    text = "text"
    """lines of a text"""
    layout = "layout"
    """white space, comments, the order of keys"""
    faulty = "faulty"
    """one side cannot be read: lines of its text"""
    unknown = "unknown"
    """what nobody here has words for: lines of the text"""


@dataclass(frozen=True, slots=True)
class Spot:
    """A step: its path as in the journal (`3.else.1`), its id, and what it is, such as `send to office`."""

    path: str
    name: str | None
    about: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One change. `subject` is what changed (`limits.concurrency`, `step`, `with.to`); `before` and `after` are plain
    values, None where there is none; `lines` begin with `-` and `+`. `beside`: after which step, or in which.
    `effects`: what the steps do that come or go with it."""

    change: Change
    subject: str
    risk: Risk
    spot: Spot | None = None
    before: Any = None
    after: Any = None
    reason: Reason | None = None
    lines: Sequence[str] = ()
    beside: Spot | None = None
    effects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What was found in one file, or in one flow: its `kind` is flow, settings, secrets, tables or code."""

    kind: str
    name: str
    file: str
    findings: list[Finding] = field(default_factory=list)
