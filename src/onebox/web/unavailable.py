"""What a sender is told when the box cannot store what it sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from onebox.web.answers import Refused

if TYPE_CHECKING:
    from onebox.kernel.errors import OneboxError

_log = structlog.get_logger("onebox.web")

_STORAGE_CLOSED_RETRY = 5


def unavailable(error: OneboxError) -> Refused:
    """503, and when to come again."""
    after = getattr(error, "retry_after", _STORAGE_CLOSED_RETRY)
    # What the error says is for the operator: paths and limits are no business of the caller.
    _log.warning("an event was refused", reason=error.code, message=error.message)
    return Refused(503, error.code, "the event was not stored, try again later", headers={"Retry-After": str(after)})
