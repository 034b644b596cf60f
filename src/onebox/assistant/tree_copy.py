"""A copy of a project's tree, in which a violation can be planted: the tree, its index and its repository stay."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.hooks.guard.patterns import SecretList
from onebox.assistant.rules import RuleRefused, read_whole
from onebox.assistant.running import Ended, git
from onebox.assistant.secrets_list import default_list

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECRETS = ".claude/secrets.txt"
_LINKED = frozenset({".venv", "venv", "env", "node_modules", "vendor"})
"""folders outside of git that checks need, and that are large: the copy has links to them"""


@contextmanager
def copy_of(project: Path) -> Iterator[Path]:
    """The project's folder in a copy of its repository: HEAD's history, the index as HEAD has it, and the files as
    they are, uncommitted and untracked ones too. What git ignores is left out, but for links to what checks need, and
    so are secrets. Without a repository it is the folder alone."""
    top = _top_of(project)
    folder = Path(tempfile.mkdtemp(prefix="onebox-kit-")).resolve()
    try:
        copy = folder / (top or project.resolve()).name
        if top is None:
            _copy_folder(project.resolve(), copy, _secrets_of(project))
            if shutil.which("git"):
                git(copy, "init", "-q")  # so that no repository around the copy counts
            yield copy
        else:
            _clone(top, copy)
            _copy_listed(top, copy, _secrets_of(project))
            yield copy / project.resolve().relative_to(top)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def apply_patch(patch: str, copy: Path) -> Ended:
    """Changes the copy as the patch says, or not at all: what git said of it."""
    top = _top_of(copy) or copy
    inner = copy.relative_to(top).as_posix()
    plain = "\n--- a/" not in f"\n{patch}" and "\n+++ b/" not in patch  # made without the prefixes a/ and b/
    ways = [[], ["-p0"]] if plain else [[]]
    if inner != ".":  # made by hand in a project that is a part of its repository
        ways += [[*way, f"--directory={inner}"] for way in ways]
    tried = []
    for way in ways:
        tried.append(git(top, "apply", "--whitespace=nowarn", *way, "-", given=patch))
        if tried[-1].code == 0:
            return tried[-1]
    return tried[0]


def _top_of(folder: Path) -> Path | None:
    """The root of the repository; None where there is none, or no git."""
    if shutil.which("git") is None:
        return None
    told = git(folder, "rev-parse", "--show-toplevel")
    return Path(told.out.removesuffix("\n")).resolve() if told.code == 0 else None


def _secrets_of(project: Path) -> SecretList:
    return SecretList.parse(read_whole(project / _SECRETS) or default_list(""))


def _clone(top: Path, copy: Path) -> None:
    # A clone, because a worktree would be written down in the repository, and stay there if this is killed.
    made = git(top, "-c", "core.hooksPath=/dev/null", "clone", "-q", "--shared", "--no-checkout", str(top), str(copy))
    if made.code != 0:
        raise RuleRefused(f"git could not copy {top}:\n" + "\n".join(made.lines), hint="mend what git says")
    git(copy, "read-tree", "HEAD")  # says that there is none in a repository without commits, which is fine


def _copy_listed(top: Path, copy: Path, secrets: SecretList) -> None:
    """What git tracks or would track, of this repository and of those inside of it."""
    for name in _listed(top, "--cached"):
        _copy_one(top, copy, name, secrets)
    for name in _listed(top, "--others"):
        if not (linked := _linked_part(name)):
            if not secrets.rule_for(name.split("/")):
                _copy_one(top, copy, name, secrets)
        else:
            _link(top, copy, linked)
    for name in _listed(top, "--others", "--ignored", "--directory"):
        if name.endswith("/") and (linked := _linked_part(name)):
            _link(top, copy, linked)


def _copy_one(top: Path, copy: Path, name: str, secrets: SecretList) -> None:
    file, there = top / name.rstrip("/"), copy / name.rstrip("/")
    if not os.path.lexists(file):
        return  # deleted, and not committed yet
    there.parent.mkdir(parents=True, exist_ok=True)
    if file.is_symlink() or file.is_file():
        shutil.copy2(file, there, follow_symlinks=False)
    elif file.is_dir():  # another repository inside of this one
        there.mkdir(exist_ok=True)
        if (file / ".git").exists():
            _copy_listed(file, there, secrets)
        else:
            _copy_folder(file, there, secrets)


def _copy_folder(folder: Path, there: Path, secrets: SecretList, within: tuple[str, ...] = ()) -> None:
    there.mkdir(parents=True, exist_ok=True)
    for entry in os.scandir(folder):
        parts = (*within, entry.name)
        if entry.name == ".git" or secrets.rule_for(parts):
            continue
        if entry.is_symlink() or entry.is_file():
            shutil.copy2(entry.path, there / entry.name, follow_symlinks=False)
        elif entry.is_dir():
            if entry.name in _LINKED:
                (there / entry.name).symlink_to(entry.path, target_is_directory=True)
            else:
                _copy_folder(Path(entry.path), there / entry.name, secrets, parts)


def _linked_part(name: str) -> str | None:
    """The outermost folder of a name that is linked: `web/node_modules` of `web/node_modules/left/pad.js`."""
    parts = name.split("/")
    for index, part in enumerate(parts[:-1], 1):
        if part in _LINKED:
            return "/".join(parts[:index])
    return None


def _link(top: Path, copy: Path, place: str) -> None:
    if not os.path.lexists(copy / place):
        (copy / place).parent.mkdir(parents=True, exist_ok=True)
        (copy / place).symlink_to(top / place, target_is_directory=True)


def _listed(top: Path, *which: str) -> list[str]:
    return list(dict.fromkeys(filter(None, git(top, "ls-files", "-z", "--exclude-standard", *which).out.split("\0"))))
