"""Schedules: at each tick an event, stored once however often the box restarts around it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from onebox.flows.plan import Flow, Trigger

log = structlog.get_logger(__name__)
