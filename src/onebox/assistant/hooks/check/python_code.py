"""Python: syntax and ruff for the edited file, mypy for the project."""

from __future__ import annotations

import os
import re
import sys

from onebox.assistant.hooks.check.checkout import digest
from onebox.assistant.hooks.check.faults import Fault, Outcome, faults_in, first_line, late_outcome
from onebox.assistant.hooks.check.memory import Memory
from onebox.assistant.hooks.check.processes import run_tool
from onebox.assistant.hooks.check.programs import PYTHON_HOMES, nearest, own_program, program, read_text
from onebox.assistant.hooks.check.survey import Kind

PYTHON_CONFIGS = ("pyproject.toml", "setup.cfg", "setup.py", "ruff.toml", ".ruff.toml")
OLDEST_PYTHON = re.compile(r"(?:requires-python|python_requires)\s*=\s*[\"']?[^\"'\n]*?>=?\s*3\.(\d+)")
# For what is a matter of milliseconds.
SOON = 5.0
# What one edit of several leaves behind: an import comes before its first use, and is sorted at the end.
UNFINISHED = ("F401 ", "F841 ", "I001 ")
# A daemon that nobody asks for so long ends itself.
DAEMON_SECONDS = 1800


def check_edited_python(path: str, root: str, memory: Memory, seconds: float, before: str | None) -> Outcome:
    """An edit among several: what was there before is not told, and what is not finished yet waits for the end.

    before: the file's text before the edit; None where it was written as a whole, which is judged as a whole."""
    outcome = check_python(path, root, seconds)
    if not outcome.faults:
        if not outcome.unchecked:
            memory.take_up(path)
        return outcome
    old = _said_before(path, root, seconds, before) if before is not None else []
    new = without_old(outcome.faults, old)
    if new:
        memory.put_off(path, old)
    if before is not None:
        new = [fault for fault in new if not fault.said.startswith(UNFINISHED)]
    outcome.faults = new
    return outcome


def check_put_off_python(path: str, root: str, memory: Memory, seconds: float, before: list[str]) -> Outcome:
    """At the end nothing waits any more."""
    outcome = check_python(path, root, seconds)
    outcome.faults = without_old(outcome.faults, before)
    if not outcome.faults and not outcome.unchecked:
        memory.take_up(path)
    return outcome


def without_old(faults: list[Fault], before: list[str]) -> list[Fault]:
    """The faults that are more than there were. Lines move, so what is said of them tells which is which."""
    left = list(before)
    new = []
    for fault in faults:
        if fault.said in left and not fault.said.startswith("invalid-syntax"):
            left.remove(fault.said)
        else:
            new.append(fault)
    return new


def _said_before(path: str, root: str, seconds: float, before: str) -> list[str]:
    folder = nearest(path, root, PYTHON_CONFIGS)
    ruff = program("ruff", near=path, root=root, homes=PYTHON_HOMES) if folder else ""
    return [fault.said for fault in _ruff(ruff, path, folder, seconds, before).faults] if ruff else []


def check_python(path: str, root: str, seconds: float) -> Outcome:
    """Where ruff is there it judges syntax first: it knows the project's Python, and what is left out of checks."""
    folder = nearest(path, root, PYTHON_CONFIGS)
    ruff = program("ruff", near=path, root=root, homes=PYTHON_HOMES) if folder else ""
    outcome = _ruff(ruff, path, folder, seconds) if ruff else Outcome()
    wrong = None if outcome.faults or path.endswith(".ipynb") else _syntax_fault(path)
    if wrong is not None:
        readable = _project_reads(path, root, folder)
        # What ruff lets pass (`return` outside of a function, newer grammar) is a fault where the project's Python says so.
        judged = ruff and not outcome.unchecked
        told = readable is False and _takes(ruff, path, folder) if judged else not readable
        outcome.faults = [wrong] if told else []
    return outcome


def _syntax_fault(path: str) -> Fault | None:
    """Compiled in memory: nothing is written beside the file."""
    import warnings

    with open(path, "rb") as file:
        source = file.read()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as wrong:
        return Fault(path, wrong.lineno or 0, wrong.offset or 0, f"{type(wrong).__name__}: {wrong.msg}")
    except ValueError as wrong:
        return Fault(path, 0, 0, f"not Python: {wrong}")
    return None


def _project_reads(path: str, root: str, folder: str) -> bool | None:
    """Whether the project's Python reads a file that the machine's does not; None where there is nothing to tell by."""
    python = own_program("python", near=path, root=root, homes=PYTHON_HOMES)
    if python:
        script = "import sys; compile(open(sys.argv[1], 'rb').read(), 'file', 'exec')"
        return run_tool([python, "-I", "-S", "-B", "-c", script, path], folder=root, seconds=SOON).code == 0
    configs = "".join(read_text(os.path.join(folder, name)) for name in PYTHON_CONFIGS[:3]) if folder else ""
    oldest = OLDEST_PYTHON.search(configs)
    # Ours is as new as the oldest that must read it: then it must read it too.
    return int(oldest.group(1)) > sys.version_info[1] if oldest else None


def _takes(ruff: str, path: str, folder: str) -> bool:
    """Whether ruff checks this file at all: a project leaves out samples that are broken by intent."""
    command = [ruff, "check", "--no-cache", "--force-exclude", "--quiet", "--show-files", path]
    return os.path.basename(path) in run_tool(command, folder=folder, seconds=SOON).text


def _ruff(ruff: str, path: str, folder: str, seconds: float, text: str | None = None) -> Outcome:
    """Of the file, or of what it would be with another text."""
    command = [
        ruff,
        "check",
        "--no-cache",
        "--no-fix",
        "--force-exclude",
        "--quiet",
        "--output-format",
        "concise",
        *([path] if text is None else ["--stdin-filename", path, "-"]),
    ]
    ran = run_tool(command, folder=folder, seconds=seconds, given=text)
    if ran.code is None:
        return late_outcome("ruff", seconds)
    found = faults_in(ran.text, folder)
    if found or ran.code == 0:
        return Outcome(found)
    return Outcome(unchecked=f"ruff ended with {ran.code}: {first_line(ran.text)}")


class MypyKind(Kind):
    """Begins where mypy is configured."""

    def begins_in(self, folder: str, names: set[str]) -> bool:
        return bool({"mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg"} & names) and _mypy_part(folder) is not None


MYPY = MypyKind("mypy", (".py", ".pyi"), ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg"))


def _mypy_part(folder: str) -> str | None:
    """The text of mypy's own section, or None where it is not configured here."""
    for name, header in (
        ("mypy.ini", r"\[mypy\]"),
        (".mypy.ini", r"\[mypy\]"),
        ("pyproject.toml", r"\[tool\.mypy\]"),
        ("setup.cfg", r"\[mypy\]"),
    ):
        found = re.search(
            rf"^{header}[^\n]*\n(.*?)(?=^\[|\Z)", read_text(os.path.join(folder, name)), re.MULTILINE | re.DOTALL
        )
        if found:
            return found.group(1)
    return None


def check_mypy(folder: str, root: str, memory: Memory, seconds: float) -> Outcome:
    """The daemon where it runs, mypy itself where not; both keep what they keep outside of the tree."""
    mypy = program("mypy", near=folder, root=root, homes=PYTHON_HOMES)
    daemon = program("dmypy", near=folder, root=root, homes=PYTHON_HOMES)
    part = _mypy_part(folder)
    if part is None or not (mypy or daemon):
        return Outcome()
    arguments = [
        "--cache-dir",
        memory.place(f"mypy-{digest(folder)[:16]}"),
        "--no-color-output",
        "--no-error-summary",
        "--no-pretty",
        *_targets(folder, part),
    ]
    outcome = _daemon(daemon, arguments, folder, memory, seconds) if daemon else None
    if outcome is None and mypy:
        outcome = _mypy_outcome([mypy, *arguments], folder, seconds)
    return outcome or Outcome()


def _targets(folder: str, part: str) -> list[str]:
    """What mypy is given: nothing where its config names files; where that names nothing, `src` or all."""
    if re.search(r"^\s*(?:files|packages|modules)\s*=", part, re.MULTILINE):
        return []
    return ["src"] if os.path.isdir(os.path.join(folder, "src")) else ["."]


def _daemon(dmypy: str, arguments: list[str], folder: str, memory: Memory, seconds: float) -> Outcome | None:
    """None where the daemon is of no use here: mypy is asked then."""
    status = memory.place(f"dmypy-{digest(folder)[:16]}.json")
    command = [dmypy, "--status-file", status, "run", "--timeout", str(DAEMON_SECONDS), "--", *arguments]
    outcome = _mypy_outcome(command, folder, seconds)
    if outcome.unchecked:
        # It has left our process group, and would go on working.
        run_tool([dmypy, "--status-file", status, "kill"], folder=folder, seconds=SOON)
        return outcome if outcome.late else None
    return outcome


def _mypy_outcome(command: list[str], folder: str, seconds: float) -> Outcome:
    ran = run_tool(command, folder=folder, seconds=seconds)
    if ran.code is None:
        return late_outcome("mypy", seconds)
    if ran.code == 0:
        return Outcome()
    found = [fault for fault in faults_in(ran.text, folder) if not fault.said.startswith("note:")]
    if found and "Duplicate module named" not in ran.text:
        return Outcome(found)
    return Outcome(unchecked=f"mypy ended with {ran.code}: {first_line(ran.text)}")
