"""Proves a check: it passes on the tree as it is, and fails once a violation is planted.

All of it happens in a copy. The tree, its index and its repository are not touched."""

from __future__ import annotations

import os
import re
from contextlib import nullcontext
from typing import TYPE_CHECKING

from onebox.assistant.rules import RuleRefused
from onebox.assistant.running import Ended, environment, run_check
from onebox.assistant.tree_copy import apply_patch, copy_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Watch = Callable[[str], AbstractContextManager[object]]
    """is told what is being done, and lasts as long as that does"""

SECONDS = 300.0
"""how long a check may take"""
_SHOWN_LINES = 12


def quiet(_: str) -> AbstractContextManager[None]:
    """Tells nobody what is being done."""
    return nullcontext()


def passes(check: str, project: Path, *, seconds: float = SECONDS, watch: Watch = quiet) -> Ended:
    """How it ended. Raises RuleRefused unless the check passes on the tree as it is."""
    with watch(f"`{check}` on the tree as it is"):
        ended = run_check(check, project, seconds=seconds)
    _refuse_missing(check, ended)
    if ended.code != 0:
        raise RuleRefused(
            f"the check `{check}` {_how(ended, seconds)} on the tree as it is, so it can tell nothing of a rule:\n"
            f"{last_lines(ended)}",
            hint="mend what it says, then try again; nothing was written",
        )
    return ended


def prove(check: str, patch: str, project: Path, *, seconds: float = SECONDS, watch: Watch = quiet) -> Ended:
    """How it ended once the rule was broken. Raises RuleRefused unless the check passes in a copy of the tree, and
    fails there after the patch. In the tree itself it is run only to tell why it fails in the copy."""
    with copy_of(project) as copy:
        env = _environment(copy)
        with watch(f"`{check}` in a copy of the tree"):
            before = run_check(check, copy, seconds=seconds, env=env)
        if before.code != 0:
            passes(check, project, seconds=seconds, watch=watch)
            raise _other_in_the_copy(check, before, seconds)
        _refuse_missing(check, before)
        _apply(patch, copy)
        with watch(f"`{check}` in the copy, after the violation"):
            after = run_check(check, copy, seconds=seconds, env=env)
    if after.code == 0:
        raise _blind(check, after)
    if not after.failed or after.not_found:
        raise RuleRefused(
            f"after the violation the check `{check}` {_how(after, seconds)}, which proves nothing: it did not come to "
            f"say no\n{last_lines(after)}",
            hint="give a patch that leaves the check itself as it is, and a check that ends",
        )
    return after


def _refuse_missing(check: str, ended: Ended) -> None:
    """A command that is not there: whatever the check makes of that, it looks at nothing."""
    missing = ended.not_found
    if missing or ended.code in {126, 127}:
        what = f"the shell does not find `{missing}`" if missing else f"it cannot be run (exit code {ended.code})"
        raise RuleRefused(
            f"the check `{check}` checks nothing: {what}\n{last_lines(ended)}",
            hint="install it, name it by its path, or see its run bit; nothing was written",
        )


def _other_in_the_copy(check: str, before: Ended, seconds: float) -> RuleRefused:
    return RuleRefused(
        f"the check `{check}` passes here, but {_how(before, seconds)} in a copy of the tree before anything was "
        f"violated, so its failure would prove nothing:\n{last_lines(before)}",
        hint="the copy has what git tracks or would track, and links to .venv, node_modules and vendor; let the check "
        "need no more than that, or leave --violate out",
    )


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
    if ended.code is None:
        return f"did not end within {seconds:g} s"
    return f"{'fails' if ended.failed else 'ends'} (exit code {ended.code})"


def last_lines(ended: Ended) -> str:
    """The end of what a check said, indented."""
    lines = ended.lines[-_SHOWN_LINES:] or ["(it said nothing)"]
    return "\n".join(f"  {line}" for line in lines)


def _apply(patch: str, copy: Path) -> None:
    try:
        said = apply_patch(patch, copy)
    except FileNotFoundError:
        raise RuleRefused(
            "there is no git here, and it is what plants the violation",
            hint="install git, or leave --violate out: the rule is then written down as not proved",
        ) from None
    if said.code != 0:
        raise RuleRefused(
            f"the violation does not apply to the tree as it is; git says:\n{last_lines(said)}",
            hint="make it with `git diff -- FILE` of the file that breaks the rule, so that no other change is in it, and "
            "take the change back",
        )


def _environment(copy: Path) -> dict[str, str]:
    """An editable install leads to the original; PYTHONPATH goes before it."""
    env = environment(copy)
    sources = copy / "src" if (copy / "src").is_dir() else copy
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(sources), env.get("PYTHONPATH", ""))))
    return env
