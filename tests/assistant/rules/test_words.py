"""Whatever a rule says, it can be read again: in the ledger, in CLAUDE.md, by the hook."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.assistant.rules.projects import CHECK, VIOLATION, a_project

from onebox.assistant.claude_md import END, kit_part
from onebox.assistant.hooks.check.rules_kept import checked_rules
from onebox.assistant.learn import learn, retire
from onebox.assistant.rules import Ledger, RuleRefused

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("rule", "kept", "line"),
    [
        ('Say "no" to `eval`', 'Say "no" to `eval`', '- Say "no" to `eval`.'),
        ("Never!", "Never!", "- Never!"),
        ("two\nlines\tand  blanks ", "two lines and blanks", "- two lines and blanks."),
        ("- a * list * of **bold** [links](x)", "a * list * of **bold** [links](x)", "- a * list * of **bold** [links](x)."),
        ("# no heading", "no heading", "- no heading."),
        ("<!-- onebox kit: end -->", "<!-- onebox kit: end -->", "- &lt;!-- onebox kit: end -->."),
        (r"C:\new\table = 'x'", r"C:\new\table = 'x'", r"- C:\new\table = 'x'."),
        ("Preise in € — nie als Gleitkommazahl 🦊", "Preise in € — nie als Gleitkommazahl 🦊",
         "- Preise in € — nie als Gleitkommazahl 🦊."),
    ],
)  # fmt: skip
def test_any_words_make_one_line_and_are_kept(tmp_path: Path, rule: str, kept: str, line: str) -> None:
    project = a_project(tmp_path)
    learnt = learn(project, failure=rule, rule=rule, today=TODAY).rule
    text = (project / "CLAUDE.md").read_text()

    assert (Ledger(project).rules[0].rule, Ledger(project).rules[0].failure) == (kept, kept)
    assert line in (kit_part(text) or "").splitlines()
    assert text.count(END) == 1
    retire(project, learnt.id, today=TODAY)
    assert line not in (project / "CLAUDE.md").read_text()


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        ("! grep -rq 'a  b' src", "`! grep -rq 'a b' src`"),
        ("test shop.py = `ls src/core`", "`` test shop.py = `ls src/core` ``"),
        ('echo "it\'s \\"fine\\"" \\$HOME', '`echo "it\'s \\"fine\\"" \\$HOME`'),
    ],
)
def test_a_check_is_kept_as_it_was_given(tmp_path: Path, check: str, shown: str) -> None:
    project = a_project(tmp_path)
    learn(project, failure="one", rule="One", check=f" {check} ", today=TODAY)

    assert [rule["check"] for rule in checked_rules(str(project))] == [check]
    assert f"- One (checked: {shown}).\n" in (project / "CLAUDE.md").read_text()


def test_a_check_of_several_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleRefused, match="it must be a command on one line"):
        learn(a_project(tmp_path), failure="one", rule="One", check="true\nfalse", today=TODAY)


def test_a_project_without_a_claude_md_gets_one(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "CLAUDE.md").unlink()
    learn(project, failure="one", rule="One", today=TODAY)

    assert kit_part((project / "CLAUDE.md").read_text()) == "## Learnt from failures\n\n- One.\n"


def test_a_rule_that_nothing_checks_gets_its_check_and_its_proof_later(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    learn(project, failure="one", rule="Core is plain", today=date(2026, 8, 1))
    checked = learn(project, failure="two", rule="core is plain.", check=CHECK, today=TODAY)
    proved = learn(project, failure="two", rule="Core is plain", check=CHECK, violation=VIOLATION, today=TODAY)

    (rule,) = Ledger(project).rules
    assert (checked.is_new, checked.rule.proved, proved.is_new) == (False, None, False)
    assert (rule.failure, rule.learnt, rule.check, rule.proved) == ("one", date(2026, 8, 1), CHECK, TODAY)
    assert (project / "CLAUDE.md").read_text().count("Core is plain") == 1
    with pytest.raises(RuleRefused, match="this rule is there already"):
        learn(project, failure="two", rule="Core is plain", check="true", today=TODAY)


@pytest.mark.soak
def test_rules_that_are_learnt_at_once_are_all_kept(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    words = [sys.executable, "-m", "onebox", "kit", "learn", "one", "--check", "sleep 0.3", "--rule"]
    learning = [subprocess.Popen([*words, f"Rule {number}"], cwd=project) for number in range(4)]

    assert [each.wait(60) for each in learning] == [0, 0, 0, 0]
    assert {rule.rule for rule in Ledger(project).rules} == {"Rule 0", "Rule 1", "Rule 2", "Rule 3"}
    assert {f"- Rule {number} (checked: `sleep 0.3`)." for number in range(4)} <= set(
        (project / "CLAUDE.md").read_text().splitlines()
    )


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "CLAUDE.md").unlink()
    (project / "CLAUDE.md").symlink_to("/nowhere/CLAUDE.md")
    with pytest.raises(Exception, match="outside of"):
        learn(project, failure="one", rule="One", today=TODAY)

    assert not (project / ".claude").exists()
