"""Days and times as the operator writes them: on the salon's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from onebox.booking.desk import Desk


def date_of(desk: Desk, text: str | None) -> date:
    """The date; without a text, the salon's today."""
    if text is None:
        return datetime.now(desk.zone).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"expected a date such as 2026-12-01, got {text!r}", param_hint="DATE") from None


def start_of(desk: Desk, text: str) -> datetime:
    """The instant, in UTC. A time that comes twice means the first unless the text says how far the clock is ahead."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"expected a date and a time such as 2026-12-01 10:00, got {text!r}"
        raise typer.BadParameter(message, param_hint="--at") from None
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    instant = found.replace(tzinfo=desk.zone).astimezone(UTC)
    if instant.astimezone(desk.zone).replace(tzinfo=None) != found:
        message = f"{text} does not exist in {desk.salon.time_zone}: the clock is put forward over it"
        raise typer.BadParameter(message, param_hint="--at")
    return instant
