"""The hook as a file: one, of the standard library, soon over where there is nothing to do."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest
from tests.assistant.check.project import MODULES, one_file

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects
    from tests.assistant.check.project import Ended, Project


def test_is_written_for_python_39_and_the_standard_library() -> None:
    tree = ast.parse(one_file(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }

    assert imported <= sys.stdlib_module_names


def test_no_two_modules_use_the_same_name() -> None:
    names: dict[str, list[str]] = {}
    for module in MODULES.glob("*.py"):
        for node in ast.parse(module.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.setdefault(node.name, []).append(module.stem)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names.setdefault(node.targets[0].id, []).append(module.stem)

    assert {name: where for name, where in names.items() if len(where) > 1} == {}


def large(projects: Projects) -> Project:
    """Four thousand files of a mixed project."""
    files = {f"src/part{number % 80}/module{number}.py": "A = 1\n" for number in range(2000)}
    files |= {f"web/part{number % 80}/module{number}.ts": "export {};\n" for number in range(2000)}
    project = projects({**files, "pyproject.toml": "[tool.mypy]\n", "web/tsconfig.json": "{}\n"}, git=False)
    for tool in ("dmypy", "tsc"):
        project.script(f".venv/bin/{tool}", "#!/bin/sh\nexit 0\n")
    project.environment["PATH"] = f"{project.folder}/.venv/bin:{project.environment['PATH']}"
    return project


@pytest.mark.soak
@pytest.mark.alone
def test_takes_less_than_200_ms_where_nothing_relevant_changed(projects: Projects) -> None:
    """The fastest of ten calls: the machine may be busy, and a slow hook is slow each time."""
    project = large(projects)
    assert project.stop().quiet()

    assert fastest([project.stop() for _ in range(10)]) < 0.2
    assert fastest([project.edit("README.md", "# A shop\n") for _ in range(10)]) < 0.2
    assert fastest([project.edit("src/part1/module1.py", "A = 2\n") for _ in range(10)]) < 0.2


def fastest(calls: list[Ended]) -> float:
    assert all(call.quiet() for call in calls)
    return min(call.seconds for call in calls)
