"""The script of a hook: whether it can be run at all, by the way in which its entry names it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.rules import read_whole
from onebox.assistant.running import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onebox.assistant.doctor.installed import Hook

_OLDEST_PYTHON = (3, 9)
_EXECUTES_ITSELF = re.compile(
    r"(?:^|[;&|]\s*)(?:exec\s+)?\"?(?:\$\{?CLAUDE_(?:PROJECT_DIR|PLUGIN_ROOT)\}?|\.|~)?\"?/[^\s\"']*\.py\b"
)
_PYTHON = re.compile(r"(?:^|[\s\"'(])([^\s\"'(=]*python[\d.]*)(?=[\s\"']|$)")


def script_faults(hook: Hook, script: str, project: Path) -> Iterator[Fault]:
    """What keeps the script of a hook from being run at all."""
    named = _named(hook, script)
    place = hook.substituted(named, project)
    file = Path(place) if place.startswith("/") else project / place
    if "$" in place:
        yield Fault("path_unknown", f"`{named}` holds a variable that this hook is not given", hook.where,
                    f"write ${{CLAUDE_PROJECT_DIR}}/.claude/hooks/{script} there, or: {hook.anew}")  # fmt: skip
        return
    if not place.startswith("/"):
        yield Fault(
            "path_is_relative",
            f"`{named}` is looked for in the folder that the assistant is in, and not found from another",
            hook.where,
            f"write ${{CLAUDE_PROJECT_DIR}}/.claude/hooks/{script} there, or: {hook.anew}",
        )
    if not file.is_file():
        yield Fault("script_missing", f"the script {place} is not there", hook.where, hook.anew)
        return
    if _runs_itself(hook) and not os.access(file, os.X_OK):
        yield Fault("run_bit_lost", f"{place} is run as a program, and may not be", hook.where, f"chmod +x {place}")
    yield from _interpreter_faults(hook, file, project)


def _named(hook: Hook, script: str) -> str:
    """The script's path as the entry has it: an argument of its own, else a part of a line of the shell."""
    whole = [word for word in hook.words if word.endswith(f"/{script}") and not re.search(r"[\s\"';|]", word)]
    if whole:
        return whole[-1]
    word = next(word for word in hook.words if script in word)
    found = re.search(rf"(?:\$\{{?\w+\}}?|[^\s\"'$])*{re.escape(script)}", word.replace('"', ""))
    assert found is not None
    return found[0]


def _runs_itself(hook: Hook) -> bool:
    line = hook.words[0] if hook.words else ""
    return _EXECUTES_ITSELF.search(line) is not None


def _interpreter_faults(hook: Hook, file: Path, project: Path) -> Iterator[Fault]:
    program = _interpreter(hook, file, project)
    if program is None:
        return
    if shutil.which(program) is None:
        yield Fault("interpreter_missing", f"{program} is not on the PATH: the hook cannot run", hook.where,
                    f"install Python {'.'.join(map(str, _OLDEST_PYTHON))} or newer as {program}")  # fmt: skip
        return
    told = run([program, "-I", "-S", "-c", "import sys; print(*sys.version_info[:2])"], project, seconds=10)
    version = tuple(int(part) for part in told.out.split() if part.isdigit())
    if told.code != 0 or version < _OLDEST_PYTHON:
        found = ".".join(map(str, version)) or "broken"
        yield Fault("interpreter_too_old", f"{program} is {found}; the hooks need Python 3.9 or newer", hook.where,
                    f"put a newer Python before it on the PATH as {program}")  # fmt: skip


def _interpreter(hook: Hook, file: Path, project: Path) -> str | None:
    """The Python that the entry names, or the script's first line where it is run as a program; None: it cannot be
    told, as of `uv run`."""
    if _runs_itself(hook):
        first = read_whole(file).partition("\n")[0]
        words = first[2:].split() if first.startswith("#!") else []
        return next((word for word in words if "python" in word), None)
    named = _PYTHON.search(" ".join(hook.words))
    return hook.substituted(named[1], project) if named else None
