"""Proves a check: it passes on the tree as it is, and fails once a violation is planted.

All of it happens in a copy. The tree, its index and its repository are not touched."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.rules import RuleRefused
from onebox.assistant.running import Ended, environment, git, run_check

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 300.0
"""how long a check may take"""
_SHOWN_LINES = 12
_LINKED = ("/.venv", "/venv", "/env", "/node_modules", "/vendor")
"""ignored folders that checks need, and that are large: the copy has links to them"""


def passes(check: str, project: Path, *, seconds: float = SECONDS) -> None:
    """Raises RuleRefused unless the check passes on the tree as it is."""
    ended = run_check(check, project, seconds=seconds)
    if ended.code != 0:
        raise RuleRefused(
            f"the check `{check}` {_how(ended, seconds)} on the tree as it is, so it can tell nothing of a rule:\n"
            f"{last_lines(ended)}",
            hint=_hint_of(ended) or "mend what it says, then learn the rule; nothing was written",
        )


def prove(check: str, patch: str, project: Path, *, seconds: float = SECONDS) -> None:
    """Raises RuleRefused unless the check passes in a copy of the tree, and fails there after the patch."""
    with copy_of(project) as copy:
        env = _environment(copy)
        before = run_check(check, copy, seconds=seconds, env=env)
        if before.code != 0:
            raise RuleRefused(
                f"the check `{check}` passes here, but {_how(before, seconds)} in a copy of the tree before anything "
                f"was violated, so its failure would prove nothing:\n{last_lines(before)}",
                hint="the copy has what git tracks or would track, and links to .venv, node_modules and vendor; "
                "let the check need no more than that",
            )
        _apply(patch, copy)
        after = run_check(check, copy, seconds=seconds, env=env)
    if after.code is None:
        raise RuleRefused(
            f"the check `{check}` {_how(after, seconds)} after the violation, which is no failure:\n{last_lines(after)}",
            hint="give a check that ends",
        )
    if after.code == 0:
        raise _blind(check, after)


def _blind(check: str, after: Ended) -> RuleRefused:
    hidden = _what_hides_its_code(check)
    why = f"; {hidden}" if hidden else ""
    return RuleRefused(
        f"the check `{check}` still passes after the violation, so it does not check this rule{why}:\n"
        f"{last_lines(after)}",
        hint="leave that out, or give a check that fails"
        if hidden
        else "give a check that fails when the rule is broken, or a patch that breaks it",
    )


def _what_hides_its_code(check: str) -> str | None:
    """
    >>> _what_hides_its_code("pytest -q | tail -3")
    'the pipe hides the exit code of `pytest -q`: a pipe ends as its last command does'
    >>> _what_hides_its_code("grep -rq 'a|b' src || exit 0")
    '`|| exit 0` hides the exit code'
    """
    bare = re.sub(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"", lambda quoted: "q" * len(quoted[0]), check)
    if pipe := re.search(r"(?<![|>])\|(?!\|)", bare):
        return (
            f"the pipe hides the exit code of `{check[: pipe.start()].strip()}`: a pipe ends as its last command does"
        )
    if excuse := re.search(r"\|\|\s*(?:true|:|exit 0|echo\b.*)\s*$|;\s*(?:true|:|exit 0|echo\b.*)\s*$", bare):
        return f"`{check[excuse.start() :].strip()}` hides the exit code"
    return None


def _how(ended: Ended, seconds: float) -> str:
    return f"did not end within {seconds:g} s" if ended.code is None else f"fails (exit code {ended.code})"


def _hint_of(ended: Ended) -> str | None:
    return {
        126: "the shell may not run it: see its run bit; nothing was written",
        127: "the shell does not find the command: install it, or name it by its path; nothing was written",
    }.get(ended.code or 0)


def last_lines(ended: Ended) -> str:
    """The end of what a check said, indented."""
    lines = ended.lines[-_SHOWN_LINES:] or ["(it said nothing)"]
    return "\n".join(f"  {line}" for line in lines)


def _apply(patch: str, copy: Path) -> None:
    top = _top_of(copy)
    inner = copy.relative_to(top).as_posix()
    tried = [git(top, "apply", "--whitespace=nowarn", "-", given=patch)]
    if tried[0].code != 0 and inner != ".":
        # Made by hand in a project that is a part of its repository.
        tried.append(git(top, "apply", "--whitespace=nowarn", f"--directory={inner}", "-", given=patch))
    if tried[-1].code != 0:
        raise RuleRefused(
            f"the violation does not apply to the tree as it is; git says:\n{last_lines(tried[0])}",
            hint="make it with `git diff` of a change that breaks the rule, and take the change back",
        )


@contextmanager
def copy_of(project: Path) -> Iterator[Path]:
    """The project's folder in a copy of its repository: HEAD's history, the index as HEAD has it, and the files as
    they are, uncommitted and untracked ones too. What git ignores is left out, but for links to what checks need."""
    if shutil.which("git") is None or git(project, "rev-parse", "--show-toplevel").code != 0:
        raise RuleRefused(
            f"{project} is in no git repository, so no copy can be made to plant the violation in",
            hint="`git init`, or leave --violate out: the rule is then written down as not proved",
        )
    top = _top_of(project)
    folder = Path(tempfile.mkdtemp(prefix="onebox-kit-"))
    try:
        copy = folder.resolve() / top.name
        # A clone, because a worktree would be written down in the repository, and stay there if this is killed.
        made = git(
            top, "-c", "core.hooksPath=/dev/null", "clone", "-q", "--shared", "--no-checkout", str(top), str(copy)
        )
        if made.code != 0:
            raise RuleRefused(f"git could not copy {top}:\n{last_lines(made)}", hint="mend what git says")
        git(copy, "read-tree", "HEAD")  # says that there is none in a repository without commits, which is fine
        _copy_files(top, copy)
        _link_folders(top, copy)
        yield copy / project.resolve().relative_to(top)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _top_of(folder: Path) -> Path:
    return Path(git(folder, "rev-parse", "--show-toplevel").out.removesuffix("\n")).resolve()


def _copy_files(top: Path, copy: Path) -> None:
    for name in _listed(top, "--cached", "--others"):
        file, there = top / name, copy / name
        if not os.path.lexists(file):
            continue  # deleted, and not committed yet
        there.parent.mkdir(parents=True, exist_ok=True)
        if file.is_dir() and not file.is_symlink():  # another repository inside of this one
            shutil.copytree(file, there, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
        elif file.is_symlink() or file.is_file():
            shutil.copy2(file, there, follow_symlinks=False)


def _link_folders(top: Path, copy: Path) -> None:
    for name in _listed(top, "--others", "--ignored", "--directory"):
        place = name.rstrip("/")
        if name.endswith("/") and f"/{place}".endswith(_LINKED) and not os.path.lexists(copy / place):
            (copy / place).parent.mkdir(parents=True, exist_ok=True)
            (copy / place).symlink_to(top / place, target_is_directory=True)


def _listed(top: Path, *which: str) -> list[str]:
    return list(dict.fromkeys(filter(None, git(top, "ls-files", "-z", "--exclude-standard", *which).out.split("\0"))))


def _environment(copy: Path) -> dict[str, str]:
    """An editable install leads to the original; PYTHONPATH goes before it."""
    env = environment(copy)
    sources = copy / "src" if (copy / "src").is_dir() else copy
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(sources), env.get("PYTHONPATH", ""))))
    return env
