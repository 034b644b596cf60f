"""What goes on for ever beside the runs outlives what it did not expect, such as a database that is away for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger(__name__)

_PAUSE = 1.0


async def lasting(
    name: str, service: Callable[[], Awaitable[None]], *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Runs a service until it returns or is cancelled. What it raises is logged; a second later it begins again."""
    while True:
        try:
            return await service()
        except OneboxError as error:
            log.warning("service_troubled", service=name, code=error.code, message=error.message)
        except Exception:
            log.exception("service_failed", service=name)
        await pause(_PAUSE)
