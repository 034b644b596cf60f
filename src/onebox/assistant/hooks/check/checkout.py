"""Whose file it is: the checkout it lies in, and where that checkout's state is kept (never in its tree)."""

from __future__ import annotations

import os


def checkout_of(path: str) -> str:
    """The nearest folder upwards with a `.git`, or "" where there is none."""
    folder = path
    while True:
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def common_dir(checkout: str) -> str:
    """The folder of git itself, which the worktrees of a repository share. "" where it cannot be told."""
    dot_git = os.path.join(checkout, ".git")
    if os.path.isdir(dot_git):
        return dot_git
    own = _first_line_of(dot_git)
    if not own.startswith("gitdir:"):
        return ""
    own = os.path.normpath(os.path.join(checkout, own[len("gitdir:") :].strip()))
    common = _first_line_of(os.path.join(own, "commondir"))
    return os.path.normpath(os.path.join(own, common)) if common else own


def _first_line_of(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as lines:
            return lines.readline().strip()
    except OSError:
        return ""


def root_for(path: str, *, project: str, folder: str) -> str:
    """The root of the project that `path` belongs to; "" where it is none of ours.

    `project` is CLAUDE_PROJECT_DIR, which stays at the main checkout; `folder` is where the assistant works, perhaps in
    a worktree. A file of another repository is not ours: its tools would be programs that nobody here chose."""
    if is_inside(path, project):
        inner, outer = checkout_of(path), checkout_of(project)
        # A worktree may lie inside of the main checkout.
        if inner and outer and inner != outer and common_dir(inner) == common_dir(outer):
            return _as_in(inner, project, outer)
        return project
    inner, outer = checkout_of(path), checkout_of(project)
    if not inner:
        return folder if is_inside(path, folder) and not checkout_of(folder) else ""
    if outer and common_dir(inner) == common_dir(outer):
        return _as_in(inner, project, outer)
    return inner if inner == checkout_of(folder) else ""


def is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _as_in(checkout: str, project: str, its_checkout: str) -> str:
    """The folder in this checkout that the project's is in its own: a project may be a part of a repository."""
    there = os.path.normpath(os.path.join(checkout, os.path.relpath(project, its_checkout)))
    return there if os.path.isdir(there) else checkout


def shared_state(root: str) -> str:
    """`.git/onebox-kit`, or a folder of the person's cache where there is no git. It may not exist yet."""
    checkout = checkout_of(root)
    common = common_dir(checkout) if checkout else ""
    if common and os.access(common, os.W_OK):
        return os.path.join(common, "onebox-kit")
    return os.path.join(os.path.expanduser("~"), ".cache", "onebox-kit", digest(root))


def own_state(root: str) -> str:
    """A folder in it for this checkout alone: worktrees share git's folder, not their files."""
    return os.path.join(shared_state(root), "check-" + digest(root)[:16])


def digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
