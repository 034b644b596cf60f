"""Runs git and other programs: in a process group of their own, and no longer than they may."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_TOOLS_OF_A_PROJECT = (".venv/bin", "venv/bin", "node_modules/.bin", "vendor/bin")


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int | None
    """None: its time was up, and it was killed with all that it had started"""
    out: str
    err: str
    ms: float

    @property
    def lines(self) -> list[str]:
        """All that it said, without empty lines and without what no terminal shows."""
        said = f"{self.out}\n{self.err}".encode("utf-8", "replace").decode().expandtabs()
        plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", said)
        return [line.rstrip() for line in plain.splitlines() if line.strip()]


def run(
    command: Sequence[str], folder: Path, *, seconds: float, env: Mapping[str, str] | None = None, given: str = ""
) -> Ended:
    """Raises OSError for a program that cannot be started."""
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603  what the project itself names
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="surrogateescape",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(given, timeout=seconds)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            _kill(process.pid)
            (out, err), code = process.communicate(), None
        except BaseException:
            _kill(process.pid)
            raise
    return Ended(code, out, err, (time.perf_counter() - began) * 1000)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def run_check(check: str, folder: Path, *, seconds: float, env: Mapping[str, str] | None = None) -> Ended:
    """Runs the check of a rule, a command of the shell, with the project's own tools before those of the machine."""
    return run(["sh", "-c", check], folder, seconds=seconds, env=env or environment(folder))


def environment(folder: Path) -> dict[str, str]:
    """For programs of the project in this folder: its tools, no colours, and nothing left in its tree."""
    tools = [str(folder / place) for place in _TOOLS_OF_A_PROJECT if (folder / place).is_dir()]
    path = os.pathsep.join([*tools, os.environ.get("PATH", os.defpath)])
    return _without_git(os.environ) | {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}


def git(folder: Path, *arguments: str, given: str = "") -> Ended:
    """What git says of the repository that this folder lies in. Raises FileNotFoundError where there is no git."""
    return run(["git", *arguments], folder, seconds=120, env=_without_git(os.environ), given=given)


def _without_git(env: Mapping[str, str]) -> dict[str, str]:
    """Without GIT_DIR and its like, which a hook of git sets, and which would lead to another repository."""
    return {name: value for name, value in env.items() if not name.startswith("GIT_")}
