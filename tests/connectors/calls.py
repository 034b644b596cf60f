"""How the tests of connectors call a handler."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from onebox.flows.handlers import Call

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOON


def call(kind: str, *, step_limit: timedelta | None = None, flow: str = "orders", **arguments: Any) -> Call:
    """A call of the step `2` of run `r1`."""
    return Call(
        run_id="r1",
        flow=flow,
        path="2",
        kind=kind,
        arguments=arguments,
        attempt=1,
        timeout=step_limit,
        event_id="e1",
    )
