"""The hook is soon over where there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects
    from tests.assistant.check.project import Ended, Project


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
