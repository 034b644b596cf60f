"""How much is taken of one sender. Pure: told what time it is.

The first rule is to take everything, in its order: what comes too fast waits its turn. The other policies are for bots
that can do without some of it. What is protected, a payment or a step of a booking, is taken under each of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from onebox.messaging.channel import Rate
from onebox.messaging.pace import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

_FEW = 256
"""senders that are remembered before it is worth to look for those who need not be"""


class Policy(StrEnum):
    """What happens to what comes faster than its limit."""

    queue = "queue"
    """all of it is taken, in order, one at a time"""
    coalesce = "coalesce"
    """of what comes in one moment, the last is taken"""
    drop = "drop"
    """it is dropped, and the sender is told once"""
    block = "block"
    """it is dropped, and so is all that comes in the time after it; the sender is told once"""


class Verdict(StrEnum):
    """What was decided of one event."""

    taken = "taken"
    coalesced = "coalesced"
    """a later one stands for it"""
    dropped = "dropped"
    blocked = "blocked"


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` at once, and as many again within each `per`."""

    count: int
    per: timedelta

    def __post_init__(self) -> None:
        if self.count < 1 or self.per <= timedelta(0):
            raise ValueError(
                f"a limit of {self.count} in {self.per.total_seconds():g} s lets nothing through; "
                "give a count of at least 1, and a time"
            )

    def bucket(self, now: datetime) -> TokenBucket:
        return TokenBucket(Rate(per_second=self.count / self.per.total_seconds(), burst=self.count), now)


def _three_in_three_seconds() -> Mapping[str, Limit]:
    return {"*": Limit(3, timedelta(seconds=3))}


@dataclass(frozen=True, slots=True)
class ThrottleRules:
    """`limits` by kind of event, `*` for those that have none of their own: what `drop` and `block` begin above.

    `settle` is the moment of `coalesce`: from the first event of it to its end, the last is taken. Above `flood`, of all
    kinds together, a sender is blocked for `block_for` under every policy. `protected` kinds are always taken.
    """

    policy: Policy = Policy.queue
    limits: Mapping[str, Limit] = field(default_factory=_three_in_three_seconds)
    flood: Limit = Limit(120, timedelta(minutes=1))  # a person may forward a hundred messages at once
    block_for: timedelta = timedelta(minutes=1)
    settle: timedelta = timedelta(seconds=1)
    protected: Collection[str] = ()

    def limit_of(self, kind: str) -> Limit | None:
        """The limit that holds for a kind; None: none does."""
        return self.limits.get(kind) or self.limits.get("*")


@dataclass(frozen=True, slots=True)
class Decision:
    """`notify`: tell the sender, who is told once in a burst. `reason`: a sentence for the operator.

    `wait` seconds pass before it is handled, and `supersedes`: an earlier event of the same sender and kind that still
    waits is not handled any more; say that to `Throttle.coalesced`.
    """

    verdict: Verdict
    reason: str = ""
    notify: bool = False
    wait: float = 0.0
    supersedes: bool = False


_TAKEN = Decision(Verdict.taken)


class Throttle:
    """Decides for the senders of one account. Who has had a rest is forgotten, so memory grows with those who wrote
    lately alone."""

    def __init__(self, rules: ThrottleRules) -> None:
        self._rules = rules
        self._senders: dict[str, _Sender] = {}
        self._enough = _FEW
        self._counts: Counter[Verdict] = Counter()

    def decide(self, *, sender: str, kind: str, protected: bool, at: datetime) -> Decision:
        """What is to be done with an event that came `at` this time. Call it once for each, in their order."""
        if protected or kind in self._rules.protected:
            decision = _TAKEN
        else:
            known = self._senders.get(sender) or self._remember(sender, at)
            decision = known.decide(kind, at)
        self._counts[decision.verdict] += 1
        return decision

    def coalesced(self) -> None:
        """Counts an event that was taken, and for which a later one stands now."""
        self._counts[Verdict.taken] -= 1
        self._counts[Verdict.coalesced] += 1

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many events there were of each verdict."""
        return {verdict: self._counts[verdict] for verdict in Verdict}

    @property
    def remembered(self) -> int:
        """How many senders are remembered."""
        return len(self._senders)

    def _remember(self, sender: str, at: datetime) -> _Sender:
        if len(self._senders) >= self._enough:
            self._senders = {name: known for name, known in self._senders.items() if not known.is_rested(at)}
            self._enough = max(_FEW, 2 * len(self._senders))
        known = self._senders[sender] = _Sender(self._rules, at)
        return known


class _Sender:
    def __init__(self, rules: ThrottleRules, at: datetime) -> None:
        self._rules = rules
        self._flood = rules.flood.bucket(at)
        self._buckets: dict[str, TokenBucket] = {}
        self._moments: dict[str, datetime] = {}  # kind: when what comes in this moment is handled
        self._blocked_until: datetime | None = None
        self._told = False

    def decide(self, kind: str, at: datetime) -> Decision:
        if self.is_rested(at):
            self._told = False
        if self._blocked_until is not None and at < self._blocked_until:
            return self._refuse(Verdict.blocked, f"blocked until {self._blocked_until:%H:%M:%S}")
        if not self._flood.take(at):
            return self._block(f"a flood: more than {_told(self._rules.flood)} of one sender", at)
        match self._rules.policy:
            case Policy.coalesce:
                return self._settle(kind, at)
            case Policy.drop | Policy.block:
                return self._limit(kind, at)
            case _:
                return _TAKEN

    def is_rested(self, at: datetime) -> bool:
        """Whether it is as if the sender had never written."""
        blocked = self._blocked_until is not None and at < self._blocked_until
        busy = any(at < ends for ends in self._moments.values())
        return not blocked and not busy and all(bucket.is_full(at) for bucket in (self._flood, *self._buckets.values()))

    def _settle(self, kind: str, at: datetime) -> Decision:
        ends = self._moments.get(kind)
        if ends is not None and at < ends:
            return Decision(Verdict.taken, wait=(ends - at).total_seconds(), supersedes=True)
        self._moments[kind] = at + self._rules.settle
        return Decision(Verdict.taken, wait=self._rules.settle.total_seconds())

    def _limit(self, kind: str, at: datetime) -> Decision:
        limit = self._rules.limit_of(kind)
        if limit is None:
            return _TAKEN
        bucket = self._buckets.get(kind)
        if bucket is None:
            bucket = self._buckets[kind] = limit.bucket(at)
        if bucket.take(at):
            return _TAKEN
        reason = f"more than {_told(limit)} of kind {kind}"
        if self._rules.policy is Policy.block:
            return self._block(reason, at)
        return self._refuse(Verdict.dropped, reason)

    def _block(self, reason: str, at: datetime) -> Decision:
        self._blocked_until = at + self._rules.block_for
        return self._refuse(Verdict.blocked, reason)

    def _refuse(self, verdict: Verdict, reason: str) -> Decision:
        notify, self._told = not self._told, True
        return Decision(verdict, reason, notify=notify)


def _told(limit: Limit) -> str:
    """
    >>> _told(Limit(3, timedelta(seconds=2)))
    '3 in 2 s'
    """
    return f"{limit.count} in {limit.per.total_seconds():g} s"
