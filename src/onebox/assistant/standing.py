"""How the rules stand: what each check says now, whether it still proves itself, and which rules are to be retired."""

from __future__ import annotations

import shlex
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from onebox.assistant.caught import catches, note_catch
from onebox.assistant.learn import CLAUDE_MD, write_proved
from onebox.assistant.proof import SECONDS, last_lines, prove, quiet
from onebox.assistant.rules import VIOLATIONS, Ledger, Rule, RuleRefused, read_whole
from onebox.assistant.running import environment, git, run_check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onebox.assistant.proof import Watch

LONG = timedelta(days=90)
"""after which a rule that nothing checks, or a check that caught nothing, is asked whether it is still needed"""
_BUILT_IN = {"!", "[", ".", ":", "cd", "test", "echo", "exit", "if", "for", "while", "case", "{", "(", "true", "false"}


@dataclass(frozen=True)
class Standing:
    rule: Rule
    caught: int
    """how often the check failed"""
    last_caught: datetime | None
    retire: Sequence[str]
    """why it should go; empty: it should stay"""


@dataclass(frozen=True)
class Outcome:
    """What running or proving one rule's check came to."""

    rule: Rule
    ok: bool
    said: str


def standings(project: Path, *, now: datetime) -> list[Standing]:
    """Of each rule, in the ledger's order."""
    rules = Ledger(project).rules
    found = catches(project)
    shared = Counter(rule.check for rule in rules if rule.check)
    told = []
    for rule in rules:
        own = [catch.instant for catch in found if catch.rule == rule.id]
        last = own[-1] if own else None
        reasons = [*_reasons(rule, last, project, now), *_twins(rule, rules, shared)]
        told.append(Standing(rule, len(own), last, reasons))
    return told


def _reasons(rule: Rule, last: datetime | None, project: Path, now: datetime) -> list[str]:
    reasons = []
    learnt = datetime.combine(rule.learnt, datetime.min.time(), UTC)
    days = LONG.days
    if rule.check is None and now - learnt > LONG:
        reasons.append(f"nothing has checked it for {days} days: give it a check, or let it go")
    if rule.check is not None and now - max(learnt, last or learnt) > LONG:
        since = f"since {last:%Y-%m-%d}" if last else "ever"
        reasons.append(f"its check has caught nothing in {days} days, or longer ({since}): nobody breaks it any more")
    if rule.check is not None and (gone := _gone(rule.check, project)):
        reasons.append(f"its check needs {gone}, which is not there any more")
    if rule.in_claude_md not in read_whole(project / CLAUDE_MD).splitlines():
        reasons.append(f"its line is not in {CLAUDE_MD} any more: {rule.in_claude_md[2:]}")
    return reasons


def _twins(rule: Rule, rules: Sequence[Rule], shared: Counter[str]) -> list[str]:
    """Of rules with one check, all but the first are told of."""
    if rule.check is None or shared[rule.check] == 1:
        return []
    first = next(each for each in rules if each.check == rule.check)
    return [] if first is rule else [f"its check is that of {first.id}: one rule may say both"]


def _gone(check: str, project: Path) -> str | None:
    """The command that is not found, or a path that git once knew and that is not there."""
    try:
        words = shlex.split(check)
    except ValueError:
        return None
    first = next((word for word in words if "=" not in word), None)
    if first and first not in _BUILT_IN and not first.startswith(("$", "(", "{")) and not _is_command(first, project):
        return f"the command `{first}`"
    paths = [word for word in words if "/" in word and not word.startswith(("-", "/", "~", "$"))]
    for path in paths:
        if not (project / path.partition("::")[0]).exists() and _was_once(path, project):
            return f"`{path}`"
    return None


def _is_command(word: str, project: Path) -> bool:
    if "/" in word:
        return (project / word).exists()
    return shutil.which(word, path=environment(project)["PATH"]) is not None


def _was_once(path: str, project: Path) -> bool:
    try:
        told = git(project, "log", "-1", "--format=%h", "--", path.partition("::")[0])
    except FileNotFoundError:
        return False
    return told.code == 0 and bool(told.out.strip())


def run_all(project: Path, *, now: datetime, seconds: float = SECONDS, watch: Watch = quiet) -> list[Outcome]:
    """Runs every check on the tree as it is; what fails is written down as caught."""
    told = []
    for rule in Ledger(project).rules:
        if rule.check is None:
            continue
        with watch(f"`{rule.check}`"):
            ended = run_check(rule.check, project, seconds=seconds)
        if ended.failed and not ended.not_found:
            note_catch(project, rule.id, ended.lines, at=now)
        how = f"did not end within {seconds:g} s" if ended.code is None else f"exit code {ended.code}"
        if ended.not_found:
            how = f"the shell does not find `{ended.not_found}`"
        ok = ended.code == 0 and not ended.not_found
        told.append(Outcome(rule, ok, "" if ok else f"`{rule.check}`: {how}\n{last_lines(ended)}"))
    return told


def prove_all(project: Path, *, now: datetime, seconds: float = SECONDS, watch: Watch = quiet) -> list[Outcome]:
    """Proves every check that has a patch, anew or for the first time; those without one are left out."""
    told = []
    for rule in Ledger(project).rules:
        kept = rule.violation or f"{VIOLATIONS}/{rule.id}.patch"
        if rule.check is None or not (rule.violation or (project / kept).is_file()):
            continue
        if not (project / kept).is_file():
            told.append(
                Outcome(rule, ok=False, said=f"{kept} is not there any more: take it from git, or make another")
            )
            continue
        try:
            prove(rule.check, read_whole(project / kept), project, seconds=seconds, watch=watch)
        except RuleRefused as refused:
            told.append(Outcome(rule, ok=False, said=f"{kept}: {refused}"))
        else:
            write_proved(project, rule.id, kept, today=now.date())
            told.append(Outcome(rule, ok=True, said=""))
    return told
