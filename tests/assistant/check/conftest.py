"""What the tests of the check hook share."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.assistant.check.project import TOOLS, Project

from onebox.assistant.bundle import check_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Projects:
    """Makes projects, and ends the type checker's daemons that were started in them."""

    def __init__(self, folder: Path, hook: Path) -> None:
        self.folder = folder
        self._hook = hook
        self.made: list[Project] = []

    def __call__(self, files: Mapping[str, str], *, path: str | None = None, git: bool = True) -> Project:
        project = Project(self.folder / f"project{len(self.made)}", files, self._hook, path=path, git=git)
        self.made.append(project)
        return project

    def end_daemons(self) -> None:
        for status in self.folder.rglob("dmypy-*.json"):
            subprocess.run(
                [TOOLS / "dmypy", "--status-file", status, "kill"], check=False, capture_output=True, cwd=self.folder
            )


@pytest.fixture(scope="session")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script, as it is installed."""
    script = tmp_path_factory.mktemp("hooks") / "check_after_edit.py"
    script.write_text(check_script())
    return script


@pytest.fixture
def projects(tmp_path: Path, hook: Path) -> Iterator[Projects]:
    made = Projects(tmp_path, hook)
    yield made
    made.end_daemons()


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with a shell, git and Python, and none of the tools."""
    folder = tmp_path / "bare"
    folder.mkdir()
    for name in ("sh", "git", "python3", "sleep", "cat"):
        (folder / name).symlink_to(shutil.which(name, path=os.defpath) or "")
    return str(folder)


def _found(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    return program


@pytest.fixture
def go() -> str:
    return _found("go")


@pytest.fixture
def php() -> str:
    return _found("php")


@pytest.fixture
def typescript() -> Path:
    """The folder of the `typescript` package, which `.ci/run` puts into a cache; elsewhere the one of a tsc on PATH."""
    cached = Path(os.environ.get("ONEBOX_TEST_TYPESCRIPT", Path.home() / ".cache/onebox-tests/typescript"))
    modules = cached / "node_modules"
    if not (modules / ".bin/tsc").exists():
        pytest.skip("typescript is not installed; .ci/run shows how")
    return modules
