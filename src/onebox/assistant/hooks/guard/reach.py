"""What is on the disk: what a glob matches, what lies in a folder, and what git keeps of it."""

from __future__ import annotations

import os

from onebox.assistant.hooks.guard.patterns import fold, matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_FILES = 20_000
_MOST_MATCHES = 2_000
_GIT_SECONDS = 2
_PASSED_OVER = {".git", "node_modules", "site-packages"}


def matching(glob: str, *, dotglob: bool = False) -> Iterator[str]:
    """The paths on the disk that a glob from the root matches, as a shell finds them; `**` is taken to go deeper."""
    found = ["/" if glob.startswith("/") else ""]
    for part in glob.split("/"):
        if part in {"", "."}:
            continue
        found = list(_step(found, part, dotglob))[:_MOST_MATCHES]
    # A file's name with a slash after it is no file's.
    yield from (path for path in (path.rstrip("/") for path in found) if os.path.lexists(path))


def _step(folders: Sequence[str], part: str, dotglob: bool) -> Iterator[str]:
    if not any(letter in part for letter in "*?["):
        yield from (folder + part.replace("\\", "") + "/" for folder in folders)
        return
    if part == "**":
        for folder in folders:
            yield folder
            yield from (path + "/" for path, _ in beneath(folder, hidden=dotglob))
        return
    means, dots = matcher(part), dotglob or part.startswith((".", "\\.", "[.]"))
    for folder in folders:
        yield from (folder + name + "/" for name in _entries(folder) if (dots or name[0] != ".") and means(fold(name)))


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder or "."))
    except (OSError, ValueError):
        return []


def beneath(folder: str, *, hidden: bool = True, links: list[str] | None = None) -> Iterator[tuple[str, bool]]:
    """(path, whether it is a folder) of what lies beneath, the nearest first, and at most so many. `links` gets those that
    lead elsewhere."""
    waiting, seen = [folder], 0
    for inside in waiting:
        try:
            with os.scandir(inside) as entries:
                there = list(entries)
        except (OSError, ValueError):
            continue
        for entry in there:
            if entry.name in _PASSED_OVER or (not hidden and entry.name.startswith(".")):
                continue
            seen += 1
            if seen > _MOST_FILES:
                return
            is_folder = entry.is_dir(follow_symlinks=False)
            if links is not None and entry.is_symlink():
                links.append(entry.path)
            yield entry.path, is_folder
            if is_folder:
                waiting.append(entry.path)


def root_of(folder: str) -> str | None:
    """The nearest folder upwards that git knows as a root."""
    while not os.path.lexists(folder + "/.git"):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def in_git(path: str) -> bool:
    """Whether git keeps this file, or would take it. What git cannot say counts as yes."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    if root_of(folder) is None or "/.git/" in path:
        return False
    return _git(folder, ["check-ignore", "-q", "--", path], b"")[0] != 0


def passed_over(folder: str, paths: Sequence[str]) -> set[str]:
    """Which of these git ignores."""
    if root_of(folder) is None:
        return set()
    code, said = _git(folder, ["check-ignore", "-z", "--stdin"], "\0".join(paths).encode("utf-8", "surrogateescape"))
    return set(said.decode("utf-8", "surrogateescape").split("\0")) if code == 0 else set()


def unchanged(folder: str, paths: Sequence[str]) -> set[str]:
    """Which of these git keeps already as they are: what takes in all that changed leaves these alone."""
    if root_of(folder) is None:
        return set()
    told = [
        "--literal-pathspecs",
        "ls-files",
        "-z",
        "--full-name",
        "--modified",
        "--others",
        "--exclude-standard",
        "--",
        *paths,
    ]
    code, said = _git(folder, told, b"")
    top = root_of(folder) or folder
    changed = {top + "/" + name for name in said.decode("utf-8", "surrogateescape").split("\0")}
    return set(paths) - changed if code == 0 else set()


def _git(folder: str, arguments: list[str], put_in: bytes) -> tuple[int, bytes]:
    import subprocess

    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "core.fsmonitor=false", *arguments]
    try:
        ended = subprocess.run(  # noqa: S603
            command, cwd=folder, env=environ, input=put_in, capture_output=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return 128, b""
    return ended.returncode, ended.stdout
