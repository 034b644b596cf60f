"""What holds for the whole suite."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.terminal import TerminalReporter


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where CI=true a skipped test is a failure: what is not run there is not tested anywhere."""
    reporter: TerminalReporter | None = session.config.pluginmanager.getplugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None or hasattr(session.config, "workerinput"):
        return
    skipped = reporter.stats.get("skipped", [])
    if skipped and exitstatus == pytest.ExitCode.OK:
        names = ", ".join(sorted(report.nodeid for report in skipped))
        reporter.ensure_newline()
        reporter.write_line(f"CI=true and {len(skipped)} skipped, which counts as failed: {names}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A box that is served within a test sets up the process's logs; the next test begins with plain ones."""
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
