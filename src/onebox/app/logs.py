"""The box's log: one line an event, on stderr, for people or for machines. Secrets are masked in it."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog

from onebox.app.masking import log_masker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from onebox.app.settings import LogSettings

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


def set_up_logs(settings: LogSettings, mask: Callable[[Any], Any]) -> None:
    """Sends what structlog and the standard library's loggers say through the same processors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        log_masker(mask),
    ]
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[*shared, *_rendering(settings)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _rendering(settings: LogSettings) -> list[Any]:
    if settings.format == "json":
        return [structlog.processors.JSONRenderer()]
    # No colours and no frames' variables: the log may be a file, and variables hold what is nobody's business.
    return [defused, structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]


def defused(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A structlog processor: what a stranger wrote can neither steer the terminal nor look like a line of its own."""
    return {key: _defused(key, value) if type(value) is str else value for key, value in event.items()}


def _defused(key: str, text: str) -> str:
    if text.isprintable():
        return text
    shown = text.translate(_CONTROLS)
    return shown if key == "exception" else shown.replace("\n", "\n    ")
