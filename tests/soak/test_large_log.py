"""A log of 100 MB is diagnosed in a small part of that."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soak.conftest import Say

_SIZE = 100 * 1024 * 1024
_MOST_MEGABYTES = 120
# The kernel's VmHWM is of this program alone; ru_maxrss begins with what its parent had.
_PROGRAM = """
import pathlib, sys
from onebox.cli.main import main
main(["diagnose", sys.argv[1]])
[line] = [line for line in pathlib.Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(int(line.split()[1]) // 1024)
"""


def test_a_large_log_takes_little_memory(tmp_path: Path, say: Say) -> None:
    log = tmp_path / "bot.log"
    written = _write(log)

    began = datetime.now(UTC)
    ended = subprocess.run([sys.executable, "-c", _PROGRAM, str(log)], check=True, capture_output=True, text=True)
    seconds = (datetime.now(UTC) - began).total_seconds()

    megabytes = int(ended.stdout.splitlines()[-1])
    say(f"{written:,} lines in {seconds:.0f} s, {written / seconds:,.0f} a second, {megabytes} MB")
    assert f"{written:,} entries" in ended.stdout
    assert "Flood control without pace" in ended.stdout
    assert megabytes < _MOST_MEGABYTES


def _write(log: Path) -> int:
    """A line each fifth of a second, for days; one in thirty tells a refusal, each of another chat."""
    at, lines = datetime(2026, 11, 1, tzinfo=UTC), 0
    with log.open("w") as file:
        while file.tell() < _SIZE:
            stamp = f"{at:%Y-%m-%d %H:%M:%S},000"
            for number in range(lines, lines + 5):
                if number % 30:
                    told = f"INFO aiogram.event: Update id={number} is handled. Duration 45 ms by bot id=7000000001"
                else:
                    told = f"ERROR bot: Flood control exceeded on method 'SendMessage' in chat {number}. Retry in 9 seconds"
                file.write(f"{stamp} {told}\n")
            lines += 5
            at += timedelta(seconds=1)
    return lines
