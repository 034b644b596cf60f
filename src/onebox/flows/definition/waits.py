"""Compiles `wait` and `wait_for`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from onebox.flows import plan
from onebox.flows.definition.fields import is_expression
from onebox.flows.definition.models import UntilFields, WaitForFields
from onebox.flows.expressions import Constant
from onebox.kernel.durations import DurationError, parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.flows.check import Scope
    from onebox.flows.definition.reader import Reader
    from onebox.flows.plan import Formula, Wait, WaitFor
    from onebox.kernel.document import Location

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class NextTimeOfDay:
    """The next instant at which the clock of a zone shows a time, after `now`. Where the clock is put forward over
    it, the instant that the skipped time would have been."""

    __slots__ = ("_at", "_zone", "source")

    def __init__(self, source: str, at: time, zone: str) -> None:
        self.source = source
        self._at = at
        self._zone = ZoneInfo(zone)

    def __call__(self, scope: Mapping[str, Any]) -> datetime:
        now: datetime = scope["now"]
        day = now.astimezone(self._zone).date()
        for ahead in range(3):
            local = datetime.combine(day + timedelta(days=ahead), self._at, self._zone)
            if (instant := local.astimezone(UTC)) > now:
                return instant
        message = f"no {self.source} within two days of {now}"
        raise AssertionError(message)


def compile_wait(raw: Any, location: Location, reader: Reader, scope: Scope, timezone: str) -> Wait | None:
    """`wait: 3d` or `wait: {until: …}`, or None and faults."""
    if isinstance(raw, dict):
        if reader.model(UntilFields, raw, location) is None:
            return None
        return plan.Wait(until=_until(raw["until"], (*location, "until"), reader, scope, timezone))
    if is_expression(raw):
        return plan.Wait(length=reader.formula(raw, location, scope))
    return plan.Wait(length=_length(raw, location, reader))


def compile_wait_for(raw: Any, location: Location, reader: Reader, scope: Scope) -> WaitFor | None:
    """`wait_for: {event: …, match: {…}, timeout: …}`, or None and faults."""
    fields = reader.model(WaitForFields, raw, location)
    if fields is None:
        return None
    topic = reader.formula(raw["event"], (*location, "event"), scope)
    match = raw.get("match") or {}
    if not isinstance(match, dict) and not is_expression(match):
        reader.fault((*location, "match"), "match: expected a mapping of dotted paths to values")
    wanted = reader.formula(match, (*location, "match"), scope)
    if isinstance(fields.timeout, timedelta):
        return plan.WaitFor(topic, wanted, Constant(fields.timeout, raw["timeout"]))
    timeout = reader.formula(raw["timeout"], (*location, "timeout"), scope) if "timeout" in raw else None
    return plan.WaitFor(topic, wanted, timeout)


def _length(raw: Any, location: Location, reader: Reader) -> Formula:
    try:
        return Constant(parse_duration(raw), raw)
    except DurationError as error:
        reader.fault(location, f"wait: {error.message}")
        return Constant(timedelta(0), raw)


def _until(raw: Any, location: Location, reader: Reader, scope: Scope, timezone: str) -> Formula:
    if is_expression(raw):
        return reader.formula(raw, location, scope)
    if isinstance(raw, str) and (clock := _TIME_OF_DAY.fullmatch(raw)):
        return NextTimeOfDay(raw, time(int(clock[1]), int(clock[2])), timezone)
    try:
        moment = datetime.fromisoformat(raw)
        return Constant(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone)), raw)
    except (TypeError, ValueError):
        hint = 'such as "2026-03-29T09:00", "16:00" or ${event.starts_at}'
        reader.fault(location, f"until: expected an instant or a time of day, got {raw!r}", hint)
        return Constant(None, raw)
