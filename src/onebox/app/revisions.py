"""The files of a box as git keeps them, at some revision."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, ClassVar

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from onebox.app.folder import BoxFolder

LARGEST = 2_000_000
"""bytes; larger files are not looked at"""
_FILE = "100"
"""how the modes of files begin; links and the like have others"""


class NoGit(OneboxError):
    """git is not installed."""

    code: ClassVar[str] = "no_git"


class NoRepository(OneboxError):
    """The box's folder lies in no git repository, or git does not want to read it."""

    code: ClassVar[str] = "no_repository"


class NoSuchRevision(OneboxError):
    """git knows no such revision, or there was no box in it."""

    code: ClassVar[str] = "no_such_revision"


def read_revision(folder: BoxFolder, revision: str) -> dict[str, str]:
    """The texts of the box's files at this revision, by their paths within the box. Raises NoGit, NoRepository,
    NoSuchRevision."""
    commit = _commit(folder, revision)
    blobs = dict(_listed(folder.path, commit))
    if folder.settings.name not in blobs:
        message = f"there is no box at {revision}: {folder.settings.name} is not in it"
        raise NoSuchRevision(message, hint="name a revision in which the box was committed: git log")
    return dict(zip(blobs, _texts(folder.path, list(blobs.values())), strict=True))


def _commit(folder: BoxFolder, revision: str) -> str:
    where = _git(folder.path, "rev-parse", "--show-prefix")
    if where.returncode:
        hint = "make it one: git init, git add ., git commit"
        raise NoRepository(f"{folder} cannot be read by git: {_said(where)}", hint=hint)
    # What begins with a dash would be an option.
    found = None if revision.startswith("-") else _git(folder.path, "rev-parse", "--verify", f"{revision}^{{commit}}")
    if found is None or found.returncode:
        hint = "git log shows those that there are; if there is none yet: git add . && git commit"
        raise NoSuchRevision(f"git knows no revision {revision!r}", hint=hint)
    return found.stdout.decode().strip()


def _listed(path: Path, commit: str) -> Iterator[tuple[str, str]]:
    """Path within the box, and the name of its content."""
    listed = _git(path, "ls-tree", "-r", "-l", "-z", commit, "./")
    for line in as_text(listed.stdout).split("\0"):
        about, tab, name = line.partition("\t")
        if tab:
            mode, _, blob, size = about.split()
            if mode.startswith(_FILE) and int(size) <= LARGEST:
                yield name, blob


def _texts(path: Path, blobs: Sequence[str]) -> Iterator[str]:
    """In the same order: git says `NAME blob SIZE`, the content, and a line break, for each."""
    out = _git(path, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode()).stdout
    at = 0
    for _ in blobs:
        end = out.index(b"\n", at)
        told = out[at:end].split()
        if told[1:2] != [b"blob"]:
            hint = "fetch all of it: git fetch --refetch --no-filter"
            raise NoRepository(f"git has no content for {told[0].decode()}", hint=hint)
        size = int(told[2])
        yield as_text(out[end + 1 : end + 1 + size])
        at = end + size + 2


def as_text(content: bytes) -> str:
    """Bytes that are no UTF-8 become �: what is compared is shown."""
    return content.decode("utf-8-sig", "replace")


_OF_A_HOOK = frozenset(
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX GIT_OBJECT_DIRECTORY GIT_COMMON_DIR GIT_NAMESPACE".split()
)


def _git(path: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    git = shutil.which("git")
    if git is None:
        raise NoGit("git is not installed, or not in PATH", hint="what runs is compared without it: onebox diff")
    # Within a hook, git names its own repository and index: what is asked here is found by the folder alone.
    outside = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    environ: Mapping[str, str] = {**outside, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    command = [git, "-C", str(path), *arguments]
    return subprocess.run(command, input=given, env=environ, check=False, capture_output=True)  # noqa: S603  git, by us


def _said(ended: subprocess.CompletedProcess[bytes]) -> str:
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else f"git ended with {ended.returncode}"
