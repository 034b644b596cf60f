"""What a person said about time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from onebox.booking.claims import Span
from onebox.booking.hours import DAY

if TYPE_CHECKING:
    from datetime import tzinfo

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class When:
    """One meaning: days from the first to the last, both within, or any day; and on each of them a time.

    `at` is the time itself, `start` and `end` are "from" and "until", all in minutes on the salon's clock; what was not
    said is None. `part` is the part of the day that was named, such as `evening`; its bounds are in `start` and `end`.
    """

    first: date | None = None
    last: date | None = None
    at: int | None = None
    start: int | None = None
    end: int | None = None
    part: str = ""

    def spans(self, now: datetime, zone: tzinfo, days: int = 60) -> list[Span]:
        """Where a visit may start: a minute for a time, else from the first to before the last; in order, in UTC,
        none of it before `now`. Any day is one of the next so many."""
        today = now.astimezone(zone).date()
        first = self.first or today
        last = self.last or (first if self.first else today + days * _DAY)
        begins, ends = (self.at, self.at + 1) if self.at is not None else (self.start or 0, self.end or DAY)
        found = []
        day = max(first, today)
        while day <= last:
            span = Span(max(_instant(day, begins, zone), now), _instant(day, ends, zone))
            if span.start < span.end:
                found.append(span)
            day += _DAY
        return found


@dataclass(frozen=True, slots=True)
class Said:
    """All that a text can mean, the likeliest first; more than one where a person would have to ask."""

    whens: tuple[When, ...]

    @property
    def ambiguous(self) -> bool:
        return len(self.whens) > 1


def _instant(day: date, minutes: int, zone: tzinfo) -> datetime:
    days, rest = divmod(minutes, DAY)
    return datetime.combine(day + days * _DAY, time(*divmod(rest, 60)), zone).astimezone(UTC)
