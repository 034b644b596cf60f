"""The throttle of an account that people write to: what `box.yaml` may say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from onebox.flows.definition.fields import FlowModel, RateText
from onebox.kernel.fields import Duration
from onebox.messaging.gate import ThrottleGate
from onebox.messaging.throttle import Limit, Policy, Throttle, ThrottleRules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from onebox.flows.definition.fields import Rate


class ThrottleSettings(FlowModel):
    """How much is taken of one sender. Payments, contacts, presses and answers to questions always are."""

    policy: Policy = Field(default=Policy.queue, strict=False)
    """`queue`: all of it, in order; `coalesce`: the last of what waits; `drop`: what is within the limits; `block`: so,
    and nothing for a while after it"""
    limits: dict[str, RateText] = Field(default_factory=dict)
    """for `drop` and `block`, by kind of update, such as message; `*` for the others"""
    flood: RateText = Field(default="120/1m", validate_default=True)
    """who sends more is blocked for a while under every policy"""
    block_for: Duration = Field(default="1m", validate_default=True)
    """how long that is"""
    notice: str | dict[str, Annotated[str, Field(min_length=1)]] | None = None
    """what a sender is told once, of whom something was dropped: a text, or texts by language; empty: nothing"""

    def gate(self) -> ThrottleGate:
        """The throttle itself."""
        rules = ThrottleRules(policy=self.policy, flood=_limit(self.flood), block_for=self.block_for)
        if self.limits:
            given = {kind: _limit(rate) for kind, rate in self.limits.items()}
            rules = ThrottleRules(self.policy, {**rules.limits, **given}, rules.flood, rules.block_for)
        return ThrottleGate(Throttle(rules), supersedes=self.policy is Policy.coalesce, notices=self._notices())

    def _notices(self) -> Mapping[str, str] | None:
        if self.notice is None or isinstance(self.notice, dict):
            return self.notice
        return {"": self.notice}


def _limit(rate: Rate | tuple[int, timedelta]) -> Limit:
    times, within = rate
    return Limit(times, within)
