"""The tools that the hook after an edit runs: it is quiet where one is missing, so it is told here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.hooks.check.programs import NODE_HOMES, PHP_HOMES, PYTHON_HOMES, program
from onebox.assistant.rules import read_whole
from onebox.assistant.stack import find_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TOOLS: dict[str, tuple[tuple[str, tuple[str, ...], str, str], ...]] = {
    "python": (
        ("ruff", PYTHON_HOMES, "pip install ruff", "pyproject.toml ruff.toml .ruff.toml"),
        ("mypy", PYTHON_HOMES, "pip install mypy", "pyproject.toml mypy.ini .mypy.ini setup.cfg"),
    ),
    "go": (("go", (), "install Go", ""),),
    "typescript": (("tsc", NODE_HOMES, "npm install --save-dev typescript", ""),),
    "wordpress": (
        ("php", (), "install PHP", ""),
        ("phpstan", PHP_HOMES, "composer require --dev phpstan/phpstan", "phpstan.neon phpstan.neon.dist"),
    ),
    "box": (("onebox", PYTHON_HOMES, "put onebox on the PATH, or into .venv", ""),),
}
"""by stack: the tool, the folders of a project that it may be in, how it is got, and the files that must name it (or be
named after it) for the project to want it; without files it is always wanted"""


def tool_faults(project: Path) -> Iterator[Fault]:
    """Of the stacks that the project has."""
    for name, folder in find_stack(project, project).places.items():
        for tool, homes, mend, files in _TOOLS.get(name, ()):
            wanted = [file for file in files.split() if _names(folder / file, tool)]
            if (wanted or not files) and not program(tool, near=str(folder), root=str(project), homes=homes):
                where = (folder / (wanted[0] if wanted else "")).relative_to(project).as_posix()
                yield Fault("tool_missing", f"{tool} is not there, so no edit of {name} code is checked with it", where,
                            mend)  # fmt: skip


def _names(file: Path, tool: str) -> bool:
    return file.is_file() and (tool in file.name or f"[tool.{tool}" in read_whole(file))
