"""A failure becomes a rule: a line in CLAUDE.md and an entry in the ledger, once its check is believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onebox.assistant.caught import locked
from onebox.assistant.changes import Changes
from onebox.assistant.claude_md import refuse_half_a_part, with_rule, without_rule
from onebox.assistant.proof import SECONDS, passes, prove, quiet
from onebox.assistant.rules import (
    LEDGER,
    VIOLATIONS,
    Ledger,
    Rule,
    RuleRefused,
    as_check,
    one_line,
    read_whole,
    same_rule,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from onebox.assistant.proof import Watch
    from onebox.assistant.running import Ended

CLAUDE_MD = "CLAUDE.md"


@dataclass(frozen=True)
class Learnt:
    rule: Rule
    ended: Ended | None
    """how the check ended: after the violation if there is one, else on the tree as it is; None without a check"""
    is_new: bool = True
    """not so if a rule that was there got its check, or its check a proof"""


def learn(
    project: Path,
    *,
    failure: str,
    rule: str,
    check: str | None = None,
    violation: str | None = None,
    today: date,
    seconds: float = SECONDS,
    watch: Watch = quiet,
) -> Learnt:
    """Writes the rule down. With a check it must pass now; with a violation (a patch) it must fail after that, and is
    run in a copy of the tree alone. A rule that is there and that nothing checks gets the check.

    Raises RuleRefused, and has written nothing, for a check that is not believed and for a rule that is there;
    KitRefused for a CLAUDE.md in which the kit's part does not end."""
    rule, failure = one_line(rule, "--rule"), one_line(failure, "FAILURE")
    check = as_check(check) if check is not None else None
    if violation is not None and check is None:
        raise RuleRefused(
            "a violation was given, and no check that should find it", hint="give the check, too: --check"
        )
    _known(rule, check, violation, project)
    ended = None
    if check is not None and violation is not None:
        ended = prove(check, violation, project, seconds=seconds, watch=watch)
    elif check is not None:
        ended = passes(check, project, seconds=seconds, watch=watch)
    with locked(project):  # the check may have taken minutes, in which somebody else has learnt something
        known = _known(rule, check, violation, project)
        learnt = _written(known or Rule("", rule, failure, today), check, violation, project, today)
    return Learnt(learnt, ended, is_new=known is None)


def _written(rule: Rule, check: str | None, violation: str | None, project: Path, today: date) -> Rule:
    """All three files, or none."""
    ledger, changes = Ledger(project), Changes(project)
    id = rule.id or ledger.free_id(rule.rule)  # noqa: A001  the word of the ledger
    text = read_whole(project / CLAUDE_MD)
    if rule.id:
        text = without_rule(text, rule.in_claude_md)
    else:
        ledger.add(Rule(id, rule.rule, rule.failure, rule.learnt))
    if check is not None and ledger.rule(id).check != check:
        ledger.set_check(id, check)
    if violation is not None:
        kept = f"{VIOLATIONS}/{id}.patch"
        ledger.set_proved(id, today, kept)
        changes.put(kept, _bytes(violation))
    changes.put(LEDGER, _bytes(ledger.text))
    changes.put(CLAUDE_MD, _bytes(with_rule(text, ledger.rule(id).in_claude_md)))
    changes.carry_out()
    return ledger.rule(id)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _known(rule: str, check: str | None, violation: str | None, project: Path) -> Rule | None:
    """The rule in the ledger that says the same, if this tells something new of it. Raises RuleRefused if it does
    not."""
    for known in Ledger(project).rules:
        if same_rule(known.rule, rule):
            if check is not None and (known.check is None or (violation and not known.proved and known.check == check)):
                return known
            raise RuleRefused(
                f"{LEDGER}:{known.line}: this rule is there already: {known.rule!r}",
                hint=f"`onebox kit rules --retire {known.id}` takes it out, so that it can be learnt anew",
            )
    text = read_whole(project / CLAUDE_MD)
    refuse_half_a_part(text)
    for number, line in enumerate(text.splitlines(), 1):
        if same_rule(line.lstrip("-*+ ").partition(" (checked: ")[0], rule):
            raise RuleRefused(
                f"{CLAUDE_MD}:{number}: this rule is there already: {line.strip()!r}",
                hint="delete that line if the rule shall get its date and its check; it is written anew",
            )
    return None


def retire(project: Path, id: str, *, today: date) -> Rule:
    """Takes the rule out of CLAUDE.md, and makes its entry a retired one. Its patch goes. Raises RuleRefused."""
    with locked(project):
        ledger, changes = Ledger(project), Changes(project)
        rule = ledger.rule(id)
        ledger.retire(id, today)
        changes.put(LEDGER, _bytes(ledger.text))
        text = read_whole(project / CLAUDE_MD)
        if (without := without_rule(text, rule.in_claude_md)) != text:
            changes.put(CLAUDE_MD, _bytes(without))
        if rule.violation and rule.violation.startswith(f"{VIOLATIONS}/"):
            changes.put(rule.violation, None)
            changes.folders.append(VIOLATIONS)
        changes.carry_out()
    return rule


def write_proved(project: Path, id: str, violation: str, *, today: date) -> None:
    """Writes down that a rule's check was proved with this patch."""
    with locked(project):
        ledger, changes = Ledger(project), Changes(project)
        ledger.set_proved(id, today, violation)
        changes.put(LEDGER, _bytes(ledger.text))
        changes.carry_out()
