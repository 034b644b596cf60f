"""Times as the clock of a salon in Berlin shows them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from onebox.booking.claims import Span

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = date(2026, 11, 3)


def at(clock: str, day: date = TUESDAY) -> datetime:
    """A time on the salon's clock."""
    hours, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hours, minute, tzinfo=BERLIN).astimezone(UTC)


def taken(clock: str, day: date = TUESDAY) -> Span:
    start, end = clock.split("-")
    return Span(at(start, day), at(end, day))
