"""The trigger `schedule`: when its ticks are, and which were missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator, model_validator

from onebox.flows.definition.fields import FlowModel
from onebox.flows.kinds import EventRefused, TriggerKind, refuse_unknown
from onebox.kernel.fields import Duration
from onebox.kernel.wrong import wrong
from onebox.messaging.inbox import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EVENT_NAMES = ("missed", "scheduled_at")
MOST_MISSED = 1000
"""how many ticks `missed: all` makes up for"""

_ANCHOR = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday, so that `every: 1w` begins with the week
_SHORTEST = timedelta(seconds=1)
_EXAMPLE = 'such as "0 6 * * *" (every day at 06:00)'
_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_RANGES = ("0 to 59", "0 to 23", "1 to 31 or L", "1 to 12 or JAN to DEC", "0 to 7 or SUN to SAT")
_NAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class ScheduleSettings(FlowModel):
    """`on: {schedule: {cron: "0 6 * * *", timezone: Europe/Berlin}}` or `{schedule: {every: 15m}}`."""

    cron: str | None = Field(default=None, examples=["0 6 * * *", "@daily"])
    """five fields: minute, hour, day of the month, month, day of the week; or @daily and its like"""
    every: Duration | None = None
    """a length of time; ticks are aligned to the clock (UTC), weeks to Monday"""
    timezone: str | None = Field(default=None, examples=["Europe/Berlin"])
    """whose clock `cron` follows; the flow's, if it names none"""
    missed: Literal["latest", "all", "none"] = "latest"
    """which of the ticks that came while the box was down are made up for"""

    @field_validator("cron")
    @classmethod
    def _comes_some_day(cls, cron: str | None) -> str | None:
        if cron is not None:
            _check_cron(cron)
        return cron

    @field_validator("every")
    @classmethod
    def _not_too_often(cls, every: timedelta | None) -> timedelta | None:
        if every is not None and every < _SHORTEST:
            raise wrong("every", "every: must be 1s or longer")
        return every

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, timezone: str | None) -> str | None:
        if timezone is not None:
            _zone(timezone)
        return timezone

    @model_validator(mode="after")
    def _one_rhythm(self) -> ScheduleSettings:
        if (self.cron is None) == (self.every is None):
            raise wrong("schedule", f"expected either cron, {_EXAMPLE}, or every, such as 15m")
        if self.every is not None and self.timezone is not None:
            raise wrong("schedule", "timezone: belongs to cron; every counts real time, which no zone changes")
        return self


def next_tick(settings: ScheduleSettings, after: datetime, *, timezone: str = "UTC") -> datetime:
    """The first tick later than `after`, in UTC. `timezone` is for schedules that name none.

    A time of day that the spring clock change skips comes when the clock has jumped; one that the autumn change
    repeats comes the first time alone. What has a `*` for its minutes or hours comes by the running clock.
    Raises OverflowError when there is none before the year 9999.
    """
    return next(_ticks(settings, after, timezone))


def missed_ticks(settings: ScheduleSettings, last: datetime, now: datetime, *, timezone: str = "UTC") -> list[datetime]:
    """Those of the ticks later than `last`, up to and with `now`, that are made up for, oldest first, in UTC.

    At most MOST_MISSED of them: the latest ones. So a list of that length says that older ones were left out.
    """
    if settings.missed == "none":
        return []
    return _latest(settings, last, now, timezone, 1 if settings.missed == "latest" else MOST_MISSED)


def tick_arrival(flow: str, at: datetime, *, missed: bool) -> Arrival:
    """What the inbox is handed for a tick. Its key is the instant, so that a tick is stored once."""
    at = at.astimezone(UTC)
    return Arrival(
        source=f"schedule:{flow}",
        topic=_topic(flow, None),
        data={"scheduled_at": at, "missed": missed},
        key=at.isoformat(),
    )


def schedule_trigger() -> TriggerKind:
    """The trigger kind, for the catalogue."""
    return TriggerKind(
        name="schedule",
        settings=ScheduleSettings,
        topic=_topic,
        names=EVENT_NAMES,
        example=_example,
        given=_given,
    )


def _example(_settings: Any, given: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """A tick at that instant, unless the test says another."""
    refuse_unknown("schedule", given, EVENT_NAMES)
    tick, missed = given.get("scheduled_at", at), given.get("missed", False)
    moment = tick if isinstance(tick, datetime) else _parsed(tick)
    if moment is None or moment.tzinfo is None or not isinstance(missed, bool):
        wanted = "scheduled_at must be an instant such as 2026-01-15T06:00:00Z, and missed true or false"
        raise EventRefused(f"schedule: {wanted}; got {dict(given)!r:.100}")
    return {"scheduled_at": moment.astimezone(UTC), "missed": missed}


def _parsed(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _given(_settings: Any, data: Mapping[str, Any]) -> Mapping[str, Any]:
    missed = {"missed": True} if data["missed"] else {}
    return {"scheduled_at": data["scheduled_at"].isoformat().replace("+00:00", "Z"), **missed}


def _topic(flow: str, _settings: object) -> str:
    return f"schedule.{flow}"


def _ticks(settings: ScheduleSettings, after: datetime, timezone: str) -> Iterator[datetime]:
    after = after.astimezone(UTC)
    if settings.every is not None:
        tick = _ANCHOR + (after - _ANCHOR) // settings.every * settings.every
        while True:
            tick += settings.every
            yield tick
    assert settings.cron is not None
    zone = _zone(settings.timezone or timezone)
    last = after
    for local in CronSim(_five_fields(settings.cron), after.astimezone(zone)):
        tick = local.astimezone(UTC)
        # In the hour that autumn repeats, cronsim starts from the wall clock's reading, which was there before.
        if tick > last:
            last = tick
            yield tick
    raise OverflowError(settings.cron)


def _latest(settings: ScheduleSettings, last: datetime, now: datetime, timezone: str, most: int) -> list[datetime]:
    """Up to `most` ticks in (last, now], the latest ones, looked for in ever longer windows that end now:
    a box that was down for a year must not count half a million minutes."""
    window = timedelta(hours=1)
    while now > last:
        start = max(last, now - window)
        ticks = _between(settings, start, now, timezone)
        if len(ticks) >= most or start == last:
            return ticks[-most:]
        window *= 2
    return []


def _between(settings: ScheduleSettings, start: datetime, end: datetime, timezone: str) -> list[datetime]:
    found = []
    for tick in _ticks(settings, start, timezone):
        if tick > end:
            break
        found.append(tick)
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise wrong("timezone", f"expected a time zone such as Europe/Berlin or UTC, got {name!r}") from None


def _five_fields(cron: str) -> str:
    return _NAMES.get(cron.lower(), cron)


def _check_cron(cron: str) -> None:
    if cron.startswith("@") and cron.lower() not in _NAMES:
        raise wrong("cron", f"expected one of {', '.join(_NAMES)}, or five fields {_EXAMPLE}; got {cron!r}")
    fields = _five_fields(cron).split()
    if len(fields) != len(_FIELDS):
        listed = ", ".join(_FIELDS)
        raise wrong("cron", f"expected five fields ({listed}) {_EXAMPLE}; got {len(fields)} in {cron!r}")
    for number, field in enumerate(fields):
        _check_field(cron, number, field)
    try:
        next(CronSim(" ".join(fields), datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        raise wrong("cron", f"{cron!r} never comes: no such day is in any such month; write it {_EXAMPLE}") from None


def _check_field(cron: str, number: int, field: str) -> None:
    alone = ["*"] * len(_FIELDS)
    alone[number] = field
    try:
        CronSim(" ".join(alone), datetime(2024, 1, 1, tzinfo=UTC))
    except (CronSimError, ValueError, AssertionError, IndexError, TypeError):
        reason = f"{_FIELDS[number]}: {field!r} in {cron!r} is wrong: expected * or {_RANGES[number]}, {_EXAMPLE}"
        raise wrong("cron", reason) from None
