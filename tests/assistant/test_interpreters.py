"""Where the hooks run: under any `sh`, without Onebox, with every Python from 3.9 on."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.assistant.installed import Answer, InstalledHooks
from tests.assistant.kit.repositories import make
from tests.assistant.shop import lane, onebox, write

if TYPE_CHECKING:
    from collections.abc import Iterable

_QUIET = Answer(0, "", "")
_OLDEST = (3, 9)
_HOOKS = Path(__file__).resolve().parents[2] / "src/onebox/assistant/hooks"
_SOURCES = sorted(_HOOKS.rglob("*.py"))


def _pythons() -> dict[str, Path]:
    """Of each version from 3.9 on one that this machine has, by pyenv, by its system or by uv."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    folders += (Path.home() / ".pyenv/versions").glob("3.*/bin")
    folders += (Path.home() / ".local/share/uv/python").glob("cpython-3.*/bin")
    found = {f"python3.{sys.version_info[1]}": Path(sys.executable)}
    for program in [Path(sys.executable), *(file for folder in folders for file in folder.glob("python3.*"))]:
        version = re.fullmatch(r"python3\.(\d+)", program.name)
        if version and int(version[1]) >= _OLDEST[1] and "shims" not in program.parts:
            found.setdefault(program.name, program)
    return found


def _by_age(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: int(name.partition(".")[2]))


_PYTHONS = _pythons()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of Python with the kit, a secret and its template."""
    folder = tmp_path_factory.mktemp("interpreters")
    home = folder / "home"
    home.mkdir()
    root = make(folder / "shop", "python")
    write(root, {".env": "KEY=made-up\n", ".env.example": "KEY=\n"})
    onebox(root, home, "kit", "init")
    return root


def _answers(root: Path, path: str) -> None:
    """Both hooks do their work, with nothing on PATH but what is there."""
    hooks = InstalledHooks(root, root.parent / "home", path=path)
    file = root / "src/shop/orders.py"
    edit = {"file_path": str(file), "content": ""}

    assert hooks.before("Read", {"file_path": str(root / ".env")}).code == 2
    assert hooks.before("Bash", {"command": "sh -c 'cat .e*'"}).code == 2
    assert hooks.before("Bash", {"command": "ls -la && cat .env.example"}) == _QUIET
    file.write_text("TOTAL = 1\n")
    assert hooks.after("Write", edit) == _QUIET
    assert hooks.stop() == _QUIET
    file.write_text("TOTAL = (\n")
    told = hooks.after("Write", edit)
    assert (told.code, "orders.py:1" in told.err) == (2, True)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.soak] if number else []) for number, name in enumerate(_by_age(_PYTHONS))],
)
def test_the_hooks_need_only_sh_and_a_python_from_3_9_on(name: str, repository: Path, tmp_path: Path) -> None:
    """No onebox, no environment but PATH and HOME."""
    bare = Path(lane(tmp_path / "lane", "sh", "git"))
    (bare / "python3").symlink_to(_PYTHONS[name])

    _answers(repository, str(bare))


@pytest.mark.parametrize("shell", [name for name in ("dash", "bash", "busybox", "ksh", "zsh") if shutil.which(name)])
def test_the_hooks_start_by_any_sh(shell: str, repository: Path, tmp_path: Path) -> None:
    bare = Path(lane(tmp_path / "lane", "git"))
    (bare / "sh").symlink_to(Path(shutil.which(shell) or ""))
    (bare / "python3").symlink_to(sys.executable)

    _answers(repository, str(bare))


# --- where a Python is not there to be asked


def test_the_oldest_python_can_read_the_hooks(repository: Path) -> None:
    for file in [*_SOURCES, *(repository / ".claude/hooks").glob("*.py")]:
        ast.parse(file.read_text(), str(file), feature_version=_OLDEST)


@pytest.mark.soak
def test_the_oldest_python_has_what_the_hooks_ask_of_it() -> None:
    """`vermin` knows since when each part of the standard library is there. tomllib is asked for where it is."""
    words = ("--target=3.9-", "--exclude", "tomllib", "--violations", "--no-tips", *map(str, _SOURCES))
    asked = subprocess.run([_vermin(), *words], capture_output=True, text=True, check=False)

    assert asked.returncode == 0, asked.stdout


def _vermin() -> str:
    return str(Path(sys.executable).parent / "vermin")


def test_the_hooks_ask_for_nothing_but_the_standard_library(repository: Path) -> None:
    for file in (repository / ".claude/hooks").glob("*.py"):
        assert set(_imported(ast.parse(file.read_text()))) <= sys.stdlib_module_names, file


def _imported(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield (node.module or "").partition(".")[0]
