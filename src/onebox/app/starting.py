"""Making a new box: a folder with settings and a first flow, under git."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from onebox.kernel.encoding import to_json
from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEMPLATES = Path(__file__).with_name("templates")
_BASE = "box"
_ABOUT = "about.txt"
_NEXT = "next.txt"
_SHOWN = 3
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class FolderRefused(OneboxError):
    """No box can be made there."""

    code: ClassVar[str] = "folder_refused"


class NoSuchTemplate(OneboxError):
    """A template that is not there."""

    code: ClassVar[str] = "no_such_template"


@dataclass(frozen=True)
class MadeBox:
    """What was made: files by name, whether a git repository was begun, and what can be tried next."""

    files: Sequence[str]
    git: bool
    then: Sequence[str]


def templates() -> dict[str, str]:
    """What a box can begin with, and what each is."""
    return {file.parent.name: file.read_text().strip() for file in sorted(_TEMPLATES.glob(f"*/{_ABOUT}"))}


def make_box(folder: Path, names: Sequence[str]) -> MadeBox:
    """Makes a box of these templates. Raises FolderRefused, NoSuchTemplate, OSError; then nothing was made."""
    known = templates()
    for name in names:
        if name not in known:
            hint = f"there are: {', '.join(known)}"
            raise NoSuchTemplate(f"there is no template {name!r}{did_you_mean(name, known)}", hint=hint)
    _check_empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = [file for name in (_BASE, *names) for file in _copy(_TEMPLATES / name, folder)]
    then = [line for name in names for line in _lines(_TEMPLATES / name / _NEXT)]
    return MadeBox(sorted(files), _begin_git(folder), then)


def _check_empty(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderRefused(f"{folder} is a file", hint="name a folder that is empty, or not there yet")
    found = sorted(entry.name for entry in folder.iterdir() if entry.name != ".git")
    if found:
        raise FolderRefused(
            f"{folder} is not empty: it holds {', '.join(found[:_SHOWN])}{' and more' if len(found) > _SHOWN else ''}",
            hint="name a folder that is empty, or not there yet",
        )


def _copy(template: Path, folder: Path) -> list[str]:
    copied = []
    for file in sorted(template.rglob("*")):
        if file.is_dir() or file.name in {_ABOUT, _NEXT}:
            continue
        # The template's own .gitignore would be one of this project's.
        name = file.relative_to(template).as_posix().replace("gitignore", ".gitignore")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_filled(file, folder.resolve().name), encoding="utf-8")
        copied.append(name)
    return copied


def _filled(file: Path, box: str) -> str:
    if file.suffix == ".yaml" and not _PLAIN.fullmatch(box):
        box = to_json(box)
    return file.read_text(encoding="utf-8").replace("BOX_NAME", box)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _begin_git(folder: Path) -> bool:
    """True if a repository was begun: git is there, and the folder does not lie in one already."""
    git = shutil.which("git")
    if git is None or _succeeds(git, "-C", str(folder), "rev-parse", "--is-inside-work-tree"):
        return False
    return _succeeds(git, "init", "--quiet", str(folder))


def _succeeds(*program: str) -> bool:
    return subprocess.run(program, check=False, capture_output=True).returncode == 0  # noqa: S603  git, by us
