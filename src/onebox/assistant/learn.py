"""A failure becomes a rule: a line in CLAUDE.md and an entry in the ledger, once its check is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.assistant.claude_md import with_rule, without_rule
from onebox.assistant.proof import SECONDS, passes, prove
from onebox.assistant.rules import (
    LEDGER,
    VIOLATIONS,
    Ledger,
    Rule,
    RuleRefused,
    one_line,
    read_whole,
    same_rule,
    write_whole,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

CLAUDE_MD = "CLAUDE.md"


def learn(
    project: Path,
    *,
    failure: str,
    rule: str,
    check: str | None = None,
    violation: str | None = None,
    today: date,
    seconds: float = SECONDS,
) -> Rule:
    """Writes the rule down. With a check it must pass now; with a violation (a patch) it must fail after that.

    Raises RuleRefused, and has written nothing, for a check that is not believed and for a rule that is there."""
    ledger = Ledger(project)
    rule, failure = one_line(rule), one_line(failure)
    check = one_line(check) if check is not None else None
    if violation is not None and check is None:
        raise RuleRefused(
            "a violation was given, and no check that should find it", hint="give the check, too: --check"
        )
    _refuse_second(rule, project, ledger)
    id = ledger.free_id(rule)  # noqa: A001  the word of the ledger
    kept = f"{VIOLATIONS}/{id}.patch" if violation is not None else None
    if check is not None:
        passes(check, project, seconds=seconds)
        if violation is not None:
            prove(check, violation, project, seconds=seconds)
    learnt = Rule(id, rule, failure, today, check, today if kept else None, kept)
    if kept is not None and violation is not None:
        write_whole(project / kept, violation)
    ledger.add(learnt)
    claude_md = project / CLAUDE_MD
    write_whole(claude_md, with_rule(read_whole(claude_md), learnt.in_claude_md))
    return ledger.rule(id)


def _refuse_second(rule: str, project: Path, ledger: Ledger) -> None:
    for known in ledger.rules:
        if same_rule(known.rule, rule):
            raise RuleRefused(
                f"{LEDGER}:{known.line}: this rule is there already: {known.rule!r}",
                hint=f"`onebox kit rules --retire {known.id}` takes it out, so that it can be learnt anew",
            )
    for number, line in enumerate(read_whole(project / CLAUDE_MD).splitlines(), 1):
        if same_rule(line.lstrip("-*+ ").partition(" (checked: ")[0], rule):
            raise RuleRefused(
                f"{CLAUDE_MD}:{number}: this rule is there already: {line.strip()!r}",
                hint="delete that line if the rule shall get its date and its check; it is written anew",
            )


def retire(project: Path, id: str, *, today: date) -> Rule:
    """Takes the rule out of CLAUDE.md, and makes its entry a retired one. Its patch goes. Raises RuleRefused."""
    ledger = Ledger(project)
    rule = ledger.rule(id)
    ledger.retire(id, today)
    claude_md = project / CLAUDE_MD
    text = read_whole(claude_md)
    if (without := without_rule(text, rule.in_claude_md)) != text:
        write_whole(claude_md, without)
    if rule.violation and rule.violation.startswith(f"{VIOLATIONS}/"):
        (project / rule.violation).unlink(missing_ok=True)
    return rule
