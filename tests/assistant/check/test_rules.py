"""The rules that were learnt from failures: their checks run at the end, and what they catch is on record."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from onebox.assistant.hooks.check.memory import Memory
from onebox.assistant.hooks.check.rules_kept import check_rule, checked_rules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.assistant.check.conftest import Projects

LEDGER = """# The rules of this project.
[[rule]]
id = "no-prints"
rule = "Nothing is printed in \\"src\\""
failure = "left print() in"
learnt = 2026-11-24
check = "if grep -n 'print(' src/*.py; then echo 'a print is forbidden'; exit 1; fi" # proved
proved = 2026-11-24

[[rule]]
id = "be-kind"
rule = "Be kind"
learnt = 2026-11-24
"""


def test_the_ledger_is_read(tmp_path: Path) -> None:
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude/rules.toml").write_text(LEDGER)

    assert checked_rules(str(tmp_path)) == [
        {
            "id": "no-prints",
            "rule": 'Nothing is printed in "src"',
            "failure": "left print() in",
            "check": "if grep -n 'print(' src/*.py; then echo 'a print is forbidden'; exit 1; fi",
        }
    ]
    assert checked_rules(str(tmp_path / "elsewhere")) == []


def test_a_broken_rule_holds_the_assistant_and_is_written_down_once(projects: Projects) -> None:
    project = projects({".claude/rules.toml": LEDGER, "src/a.py": "A = 1\n"})
    assert project.stop().quiet()
    assert project.caught() == []

    project.write({"src/a.py": "print(1)\n"})
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    held = project.stop()
    assert held.code == 2
    assert held.lines[1].startswith('the rule "Nothing is printed in "src"" is broken; `if grep')
    assert held.lines[1].endswith("says: a print is forbidden")
    (catch,) = project.caught()
    assert (catch["rule"], catch["by"], catch["said"]) == ("no-prints", "stop", "a print is forbidden")
    assert dt.datetime.strptime(catch["at"], "%Y-%m-%dT%H:%M:%S%z") >= before

    project.write({"src/a.py": "print(2)\n"})
    assert project.stop(again=True).code == 0
    assert len(project.caught()) == 1

    project.write({"src/a.py": "A = 2\n"})
    assert project.stop().quiet()
    project.write({"src/a.py": "print(1)\n"})
    assert project.stop().code == 2
    assert len(project.caught()) == 2


def test_a_rule_that_stays_broken_in_other_words_is_the_same_fault(projects: Projects) -> None:
    ledger = '[[rule]]\nid = "short"\nrule = "Short"\ncheck = "wc -c README.md; ! grep -q long README.md"\n'
    project = projects({".claude/rules.toml": ledger, "README.md": "long\n"})
    assert project.stop().code == 2
    project.write({"README.md": "longer\n"})

    assert project.stop(again=True).code == 0


def test_files_that_a_check_names_are_told_with_it(projects: Projects) -> None:
    check = "echo src/a.py:1: too long; echo localhost:80: refused; exit 1"
    ledger = f'[[rule]]\nid = "short"\nrule = "Short"\ncheck = "{check}"\n'
    told = projects({".claude/rules.toml": ledger, "src/a.py": ""}).stop()

    assert told.lines[1].startswith('the rule "Short" is broken')
    assert told.lines[2:] == ["src/a.py:1: too long"]


def test_any_file_may_break_a_rule(projects: Projects) -> None:
    ledger = '[[rule]]\nid = "short"\nrule = "Short"\ncheck = "! grep -q long README.md"\n'
    project = projects({".claude/rules.toml": ledger, "README.md": "short\n"})
    assert project.stop().quiet()
    project.write({"README.md": "long\n"})

    assert project.stop().code == 2


def test_a_check_runs_in_the_root_with_the_projects_tools(projects: Projects) -> None:
    ledger = '[[rule]]\nid = "own"\nrule = "Own"\ncheck = "own-linter"\n'
    project = projects({".claude/rules.toml": ledger})
    project.script(".venv/bin/own-linter", '#!/bin/sh\necho "error: $PWD"; exit 1\n')

    assert project.stop().lines[1] == f'the rule "Own" is broken; `own-linter` says: error: {project.folder}'


def test_a_check_whose_program_is_missing_has_caught_nothing(projects: Projects) -> None:
    ledger = '[[rule]]\nid = "own"\nrule = "Own"\ncheck = "own-linter --all"\n'
    project = projects({".claude/rules.toml": ledger})
    told = project.stop()

    assert told.code == 0
    assert told.lines[0].startswith("not checked: `own-linter --all` cannot be run: ")
    assert project.caught() == []


def test_a_check_has_its_time(tmp_path: Path) -> None:
    outcome = check_rule({"id": "slow", "check": "sleep 60"}, str(tmp_path), Memory(str(tmp_path)), 0.2)

    assert outcome.unchecked == "`sleep 60` took more than 0 s"


@pytest.mark.soak
def test_pytest_as_a_check_leaves_nothing_behind(projects: Projects) -> None:
    """The helper asserts that the tree is as it was."""
    ledger = '[[rule]]\nid = "tested"\nrule = "Tested"\ncheck = "pytest -q"\n'
    project = projects({".claude/rules.toml": ledger, "test_a.py": "def test_a():\n    assert 1 == 2\n"})

    assert project.stop().code == 2
