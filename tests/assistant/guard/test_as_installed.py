"""The guard as the settings start it: quick by its bytecode, closed whatever happens, and silent."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.assistant.guard.alone import SCRIPT, Installed
from tests.assistant.installed import Answer, InstalledHooks, event_of
from tests.assistant.timed import BARE, calls, cost_of, least

if TYPE_CHECKING:
    from pathlib import Path

_HARMLESS = ("Read", {"file_path": "README.md"})


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    return Installed(tmp_path)


def test_what_is_safe_passes_in_silence_and_what_is_not_is_blocked(installed: Installed) -> None:
    assert installed.asked(*_HARMLESS) == Answer(0, "", "")
    said = installed.asked("Read", {"file_path": ".env"})
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(
        "protect secrets: Read was not run.\nWhy: `.env` is a secret (.claude/secrets.txt:1: `.env`)"
    )


def test_bytecode_is_kept_in_the_persons_cache_and_nothing_in_the_project(installed: Installed) -> None:
    before = sorted(installed.root.rglob("*"))
    installed.asked(*_HARMLESS)

    (kept,) = installed.bytecode()
    assert kept.is_relative_to(installed.home / ".cache/onebox-kit/bytecode")
    assert sorted(installed.root.rglob("*")) == before


def test_a_changed_script_counts_at_once(installed: Installed) -> None:
    installed.asked(*_HARMLESS)
    installed.script.write_text(SCRIPT + "\n\ndef main():\n    return 2\n")

    assert installed.asked(*_HARMLESS).code == 2


def test_a_cache_that_cannot_be_written_costs_time_alone(installed: Installed) -> None:
    assert installed.asked(*_HARMLESS, XDG_CACHE_HOME="/proc/nowhere") == Answer(0, "", "")
    assert installed.asked("Read", {"file_path": ".env"}, XDG_CACHE_HOME="/proc/nowhere").code == 2


def test_a_cache_with_a_relative_name_does_not_count(installed: Installed) -> None:
    """It would lie in the project."""
    before = sorted(installed.root.rglob("*"))

    assert installed.asked(*_HARMLESS, XDG_CACHE_HOME="kept") == Answer(0, "", "")
    assert installed.bytecode()
    assert sorted(installed.root.rglob("*")) == before


def test_without_a_home_it_judges_all_the_same(installed: Installed, tmp_path: Path) -> None:
    (hook,) = InstalledHooks(installed.root, installed.home).of("PreToolUse", "Read")
    environment = {**installed.environment, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    del environment["HOME"]
    for path, code in (("README.md", 0), (".env", 2)):
        event = event_of("PreToolUse", installed.root, {"tool_name": "Read", "tool_input": {"file_path": path}})
        assert InstalledHooks(installed.root, installed.home).start(hook, event, environment).code == code


def test_no_file_beside_the_script_stands_in_for_the_standard_library(installed: Installed) -> None:
    for name in ("json.py", "os.py", "re.py", "signal.py", "sitecustomize.py"):
        (installed.script.parent / name).write_text("raise SystemExit(0)\n")

    assert installed.asked("Read", {"file_path": ".env"}).code == 2
    assert installed.asked(*_HARMLESS) == Answer(0, "", "")


@pytest.mark.parametrize(
    "script",
    [
        "raise SystemExit(1)",
        "def (",
        "import os; os.kill(os.getpid(), 9)",
        "raise RuntimeError",
        "",
        "def main():\n    return 1\n",
    ],
)
def test_a_script_that_does_not_judge_blocks(installed: Installed, script: str) -> None:
    installed.script.write_text(script)

    assert installed.asked(*_HARMLESS).code == 2


def test_a_missing_script_blocks(installed: Installed) -> None:
    installed.asked(*_HARMLESS)
    installed.script.unlink()

    assert installed.asked(*_HARMLESS).code == 2


def test_broken_bytecode_blocks_and_its_removal_mends(installed: Installed) -> None:
    installed.asked(*_HARMLESS)
    (kept,) = installed.bytecode()
    kept.write_bytes(kept.read_bytes()[:1000])
    assert installed.asked(*_HARMLESS).code == 2

    shutil.rmtree(installed.home / ".cache")
    assert installed.asked(*_HARMLESS) == Answer(0, "", "")


def test_a_missing_python_blocks(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").symlink_to("/bin/sh")

    assert installed.asked(*_HARMLESS, PATH=str(tmp_path / "bin")).code == 2


def test_runs_directly_too(installed: Installed) -> None:
    by_python = [sys.executable, "-I", "-S", "-B", str(installed.script)]
    for words, path, code in ((by_python, ".env", 2), ([str(installed.script)], "README.md", 0)):
        event = f'{{"tool_name": "Read", "tool_input": {{"file_path": "{path}"}}, "cwd": "{installed.root}"}}'
        ended = subprocess.run(
            words, input=event, env=installed.environment, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (code, "")


def test_bytecode_is_not_written_by_a_tool(installed: Installed, tmp_path: Path) -> None:
    kept, other = f"{installed.home}/.cache/onebox-kit", {"XDG_CACHE_HOME": f"{tmp_path}/other"}

    assert installed.asked("Write", {"file_path": f"{kept}/bytecode/x.pyc", "content": "x"}).code == 2
    assert installed.asked("Bash", {"command": "ln -s /tmp/x ~/.cache/onebox-kit"}).code == 2
    assert installed.asked("Bash", {"command": f"cp x {tmp_path}/other/onebox-kit/bytecode/x.pyc"}, **other).code == 2
    assert installed.asked("Bash", {"command": f"cp x {tmp_path}/other/x; rm -rf ~/.cache"}, **other).code == 0


@pytest.mark.soak
@pytest.mark.alone
def test_a_call_costs_little_more_than_python_itself(installed: Installed) -> None:
    """Computing time, which what else the machine does changes little. Without bytecode it is 70 ms more."""
    installed_hooks = InstalledHooks(installed.root, installed.home)
    bare = least([cost_of(BARE, {}, installed.environment) for _ in range(3)])
    for tool, given in calls(installed.root).values():
        (hook,) = installed_hooks.of("PreToolUse", tool)
        event = event_of("PreToolUse", installed.root, {"tool_name": tool, "tool_input": given})
        call = least([cost_of(hook.words, event, installed.environment) for _ in range(4)])
        assert call.computing - bare.computing < 40
