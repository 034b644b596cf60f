"""Runs git and other programs: in a process group of their own, and no longer than they may."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from onebox.assistant.hooks.check.programs import TOOL_HOMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LONGEST_SAID = 32_000_000  # a list of a repository's files is read, too


_NOT_RUN = (126, 127)
"""what `sh` ends with where a command may not be run, or is not there"""
_CRASHED = tuple(
    128 + number
    for number in (signal.SIGINT, signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGKILL, signal.SIGSEGV,
                   signal.SIGTERM)
)  # fmt: skip
"""what `sh` ends with where a command was killed; git's own 128 and 129 are none of these"""


_NOT_FOUND = re.compile(
    r"^(?:\S*/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?:cannot open (.+?): No such file|(.+?): (?:command )?not found)$"
    r"|^\S*python[\d.]*: can't open file '([^']+)'",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int | None
    """None: its time was up, and it was killed with all that it had started"""
    out: str
    err: str
    ms: float

    @property
    def failed(self) -> bool:
        """Whether it ended by itself and said no: it was neither killed nor missing, and did not crash."""
        return self.code not in {0, None, *_NOT_RUN, *_CRASHED} and (self.code or 0) > 0

    @property
    def not_found(self) -> str | None:
        """The command that the shell did not find, or the script that its interpreter did not, whatever the rest made
        of that: `! no-such-linter` passes."""
        found = _NOT_FOUND.search(self.err)
        return next(filter(None, found.groups())) if found else None

    @property
    def lines(self) -> list[str]:
        """All that it said, without empty lines and without what no terminal shows."""
        said = f"{self.out}\n{self.err}".encode("utf-8", "replace").decode().expandtabs()
        plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", said)
        return [line.rstrip() for line in plain.splitlines() if line.strip()]


def run(
    command: Sequence[str], folder: Path, *, seconds: float, env: Mapping[str, str] | None = None, given: str = ""
) -> Ended:
    """It has ended when the program itself has; what that leaves running in its group is killed then.
    Raises OSError for a program that cannot be started."""
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(given.encode("utf-8", "surrogateescape"))
        stdin.seek(0)
        began = time.perf_counter()
        # Files, because a pipe is open for as long as anything in the background holds it.
        process = subprocess.Popen(  # noqa: S603  what the project itself names
            command, cwd=folder, env=env, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
        try:
            in_time = _ends(process, seconds)
        finally:
            ms = (time.perf_counter() - began) * 1000
            _kill(process.pid)
            process.wait()
        return Ended(process.returncode if in_time else None, _read(stdout), _read(stderr), ms)


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends within these seconds."""
    if not hasattr(os, "pidfd_open"):
        try:
            process.wait(seconds)  # looks again every 50 ms, which is too seldom to tell how long a hook takes
        except subprocess.TimeoutExpired:
            return False
        return True
    watched = os.pidfd_open(process.pid)
    try:
        return bool(select.select([watched], [], [], seconds)[0])
    finally:
        os.close(watched)


def _read(file: IO[bytes]) -> str:
    """All of it, or the end of what nobody would read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_SAID))
    return file.read().decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def run_check(check: str, folder: Path, *, seconds: float, env: Mapping[str, str] | None = None) -> Ended:
    """Runs the check of a rule, a command of the shell, with the project's own tools before those of the machine."""
    return run(["sh", "-c", check], folder, seconds=seconds, env=env or environment(folder))


def environment(folder: Path) -> dict[str, str]:
    """For programs of the project in this folder: its tools, no colours, and nothing left in its tree."""
    tools = [str(folder / place) for place in TOOL_HOMES if (folder / place).is_dir()]
    path = os.pathsep.join([*tools, os.environ.get("PATH", os.defpath)])
    return _without_git(os.environ) | {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}


def git(folder: Path, *arguments: str, given: str = "") -> Ended:
    """What git says of the repository that this folder lies in. Raises FileNotFoundError where there is no git."""
    return run(["git", *arguments], folder, seconds=120, env=_without_git(os.environ), given=given)


def _without_git(env: Mapping[str, str]) -> dict[str, str]:
    """Without GIT_DIR and its like, which a hook of git sets, and which would lead to another repository."""
    return {name: value for name, value in env.items() if not name.startswith("GIT_")}
