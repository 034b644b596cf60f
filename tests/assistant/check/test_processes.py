"""A tool has its time, and leaves nothing behind when it is over."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.assistant.check.project import is_over, wait_until

from onebox.assistant.hooks.check.processes import KEPT_BYTES, run_tool

if TYPE_CHECKING:
    from pathlib import Path

# Is asked to end at the moment in which it starts a tool, and prints whose group it ended.
_ENDED_WHILE_STARTING = """
import os, signal, sys

def heard(event, given):
    if event == "subprocess.Popen":
        os.kill(os.getpid(), signal.SIGTERM)
    if event == "os.killpg":
        os.write(1, str(given[0]).encode())

from onebox.assistant.hooks.check.processes import run_tool
sys.addaudithook(heard)
run_tool(sys.argv[1:], folder=".", seconds=60)
"""


def test_gives_what_was_printed_on_both_streams_and_the_exit_code(tmp_path: Path) -> None:
    ran = run_tool(["sh", "-c", "echo one; echo two >&2; exit 3"], folder=str(tmp_path), seconds=10)

    assert (ran.code, ran.text) == (3, "one\ntwo\n")


def test_a_child_that_ignores_the_request_to_end_is_killed_too(tmp_path: Path) -> None:
    script = "trap '' TERM; sh -c \"trap '' TERM; echo \\$\\$; while :; do sleep 0.1; done\""
    began = time.monotonic()
    ran = run_tool(["sh", "-c", script], folder=str(tmp_path), seconds=0.5)

    assert ran.code is None
    assert time.monotonic() - began < 3
    wait_until(lambda: is_over(int(ran.text)), "the child ends")


def test_does_not_wait_for_what_a_tool_left_in_the_background(tmp_path: Path) -> None:
    """As the daemon of mypy may hold the tool's output open."""
    began = time.monotonic()
    ran = run_tool(["sh", "-c", "sleep 5 & echo done"], folder=str(tmp_path), seconds=10)

    assert (ran.code, ran.text) == (0, "done\n")
    assert time.monotonic() - began < 3


def test_a_tool_that_closed_its_output_still_has_its_time(tmp_path: Path) -> None:
    assert run_tool(["sh", "-c", "exec >&- 2>&-; sleep 0.2; exit 4"], folder=str(tmp_path), seconds=10).code == 4
    assert run_tool(["sh", "-c", "exec >&- 2>&-; sleep 60"], folder=str(tmp_path), seconds=0.3).code is None


def test_a_signal_that_comes_while_a_tool_starts_ends_it_too() -> None:
    command = [sys.executable, "-c", _ENDED_WHILE_STARTING]
    ended = subprocess.run([*command, "sleep", "60"], stdout=subprocess.PIPE, text=True, timeout=30, check=False)

    assert ended.returncode == 128 + signal.SIGTERM
    wait_until(lambda: is_over(int(ended.stdout)), "the tool ends")
    assert subprocess.run([*command, "/no/such/tool"], timeout=30, check=False).returncode == 128 + signal.SIGTERM


def test_endless_output_is_not_kept(tmp_path: Path) -> None:
    ran = run_tool(["yes"], folder=str(tmp_path), seconds=0.3)

    assert ran.code is None
    assert KEPT_BYTES <= len(ran.text) < 2 * KEPT_BYTES


def test_a_tool_writes_no_compiled_files(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("A = 1\n")
    ran = run_tool(["python3", "-c", "import own"], folder=str(tmp_path), seconds=10)

    assert ran.code == 0
    assert [file.name for file in tmp_path.iterdir()] == ["own.py"]
