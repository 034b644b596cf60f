"""A failure becomes a rule; its check is believed once it was seen to fail."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.assistant.rules.projects import CHECK, NOW_WRONG, VIOLATION, a_project, git

from onebox.assistant.learn import learn, retire
from onebox.assistant.rules import LEDGER, Ledger, Rule, RuleRefused

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 24)
RULE = "Channel code lives in src/adapters"
FAILURE = "put Telegram code into core"


def learnt(project: Path, check: str | None = CHECK, violation: str | None = VIOLATION, seconds: float = 20) -> Rule:
    return learn(
        project, failure=FAILURE, rule=RULE, check=check, violation=violation, today=TODAY, seconds=seconds
    ).rule


def refusal(project: Path, check: str, violation: str | None = VIOLATION, seconds: float = 20) -> str:
    """What it says, once it is sure that nothing was written."""
    before = git(project, "status", "--porcelain", "--ignored")
    with pytest.raises(RuleRefused) as refused:
        learnt(project, check, violation, seconds)
    assert git(project, "status", "--porcelain", "--ignored") == before
    return str(refused.value)


def test_a_proved_rule_is_written_in_three_places(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    learnt(project)

    kept = ".claude/violations/channel-code-lives-in-src-adapters.patch"
    assert (project / LEDGER).read_text() == (
        "[[rule]]\n"
        'id = "channel-code-lives-in-src-adapters"\n'
        'rule = "Channel code lives in src/adapters"\n'
        'failure = "put Telegram code into core"\n'
        "learnt = 2026-11-24\n"
        'check = "! grep -rq adapters src/core"\n'
        "proved = 2026-11-24\n"
        f'violation = "{kept}"\n'
    )
    assert (project / kept).read_text() == VIOLATION
    claude_md = (project / "CLAUDE.md").read_text()
    assert claude_md.startswith("# The shop\n\nAna's own words.\n")
    assert "- Channel code lives in src/adapters (checked: `! grep -rq adapters src/core`).\n" in claude_md


def test_the_tree_and_the_repository_stay_as_they_are(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "src/core/shop.py").write_text("PRICE = 12\nOPEN = True\n")
    before = git(project, "status", "--porcelain"), git(project, "worktree", "list"), git(project, "for-each-ref")
    refusal(project, "true")

    assert before == (
        git(project, "status", "--porcelain"), git(project, "worktree", "list"), git(project, "for-each-ref")
    )  # fmt: skip
    assert (project / "src/core/shop.py").read_text() == "PRICE = 12\nOPEN = True\n"


def test_uncommitted_and_new_files_are_in_the_copy(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "src/core/shop.py").write_text("PRICE = 13\n")
    (project / "src/adapters/telegram.py").unlink()
    (project / "mine.txt").write_text("new")
    (project / "noise.log").write_text("ignored")
    check = "grep -q 13 src/core/shop.py && test -f mine.txt && ! test -f src/adapters/telegram.py"

    assert "noise.log" not in refusal(project, f"{check} && echo fine")
    assert refusal(project, "test -f noise.log").startswith(
        "the check `test -f noise.log` passes here, but fails (exit code 1) in a copy of the tree"
    )


def test_a_repository_without_a_commit_can_be_copied(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    git(project, "update-ref", "-d", "HEAD")

    assert learnt(project).proved == TODAY


def test_a_project_may_be_a_part_of_its_repository(tmp_path: Path) -> None:
    project = a_project(tmp_path / "shop")
    (project / ".git").rename(tmp_path / ".git")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "Move")

    assert learnt(project).proved == TODAY


def test_ignored_tools_are_linked_and_the_copys_sources_come_first(tmp_path: Path) -> None:
    """An editable install leads to the original's src; a check of imports must not look there."""
    project = a_project(tmp_path)
    tool = project / ".venv/bin/no-adapters"
    tool.parent.mkdir(parents=True)
    tool.write_text(
        "#!/usr/bin/env python3\n"
        f"import sys; sys.path.append({str(project / 'src')!r})\n"
        "import core.shop; sys.exit(hasattr(core.shop, 'telegram'))\n"
    )
    tool.chmod(0o755)

    assert learnt(project, "no-adapters").check == "no-adapters"


def test_a_check_that_fails_now_is_not_believed(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "src/core/shop.py").write_text(NOW_WRONG)

    assert refusal(project, "! grep -rn adapters src/core") == (
        "the check `! grep -rn adapters src/core` fails (exit code 1) on the tree as it is, so it can tell nothing of a "
        "rule:\n  src/core/shop.py:1:from adapters import telegram\n"
        "hint: mend what it says, then try again; nothing was written"
    )


def test_a_command_that_is_not_there_is_named_so(tmp_path: Path) -> None:
    assert "the shell does not find `no-such-linter`" in refusal(a_project(tmp_path), "no-such-linter --strict")


def test_a_check_that_passes_after_the_violation_is_not_believed(tmp_path: Path) -> None:
    assert refusal(a_project(tmp_path), "echo all is well") == (
        "the check `echo all is well` still passes after the violation, so it does not check this rule:\n"
        "  all is well\n"
        "hint: give a check that fails when the rule is broken, or a patch that breaks it"
    )


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("grep -L adapters -r src/core | tail -3", "the pipe hides the exit code of `grep -L adapters -r src/core`"),
        (f"{CHECK} || true", "`|| true` hides the exit code"),
        (f"{CHECK}; exit 0", "`; exit 0` hides the exit code"),
    ],
)
def test_what_hides_an_exit_code_is_found_out_and_named(tmp_path: Path, check: str, why: str) -> None:
    said = refusal(a_project(tmp_path), check)

    assert why in said
    assert "still passes after the violation" in said


def test_a_pipe_inside_of_quotes_hides_nothing(tmp_path: Path) -> None:
    assert learnt(a_project(tmp_path), "! grep -rqE 'adapters|channels' src/core").proved == TODAY
    assert "the pipe" not in refusal(a_project(tmp_path / "other"), "grep -qE 'PRICE|OPEN' src/core/shop.py")


def test_a_check_that_never_ends_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    said = refusal(a_project(tmp_path), "sleep 60 & sleep 60", seconds=0.3)

    assert said.startswith("the check `sleep 60 & sleep 60` did not end within 0.3 s on the tree as it is")


def test_a_patch_that_does_not_apply_brings_gits_words(tmp_path: Path) -> None:
    said = refusal(a_project(tmp_path), CHECK, VIOLATION.replace("PRICE = 12", "PRICE = 99"))

    assert "the violation does not apply to the tree as it is; git says:" in said
    assert "error: patch failed: src/core/shop.py:1" in said


def test_a_patch_does_not_reach_out_of_the_copy(tmp_path: Path) -> None:
    outside = "--- /dev/null\n+++ b/../../planted\n@@ -0,0 +1 @@\n+planted\n"

    assert "invalid path" in refusal(a_project(tmp_path / "shop"), CHECK, outside)


def test_a_check_without_a_violation_is_not_proved(tmp_path: Path) -> None:
    rule = learnt(a_project(tmp_path), violation=None)

    assert (rule.check, rule.proved, rule.violation) == (CHECK, None, None)


def test_a_violation_needs_a_check(tmp_path: Path) -> None:
    with pytest.raises(RuleRefused, match="no check that should find it"):
        learnt(a_project(tmp_path), check=None)


def test_the_same_rule_twice_is_refused_with_the_place_of_the_first(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    learnt(project)
    with pytest.raises(RuleRefused, match=r"\.claude/rules\.toml:1: this rule is there already"):
        learn(project, failure="again", rule="channel code  lives in src/adapters.", today=TODAY)

    (project / "CLAUDE.md").write_text("# The shop\n\n- Prices are in cents.\n")
    with pytest.raises(RuleRefused, match=r"CLAUDE\.md:3: this rule is there already"):
        learn(project, failure="a float", rule="Prices are in cents", today=TODAY)


def test_a_persons_comments_and_order_survive(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    learnt(project)
    ledger = project / LEDGER
    mine = "# What we learnt the hard way.\n\n" + ledger.read_text() + "# end of November\n"
    ledger.write_text(mine)
    learn(project, failure='a "float"', rule="Prices are in cents — never a float", today=TODAY)

    assert ledger.read_text() == mine + (
        "\n[[rule]]\n"
        'id = "prices-are-in-cents-never-a-float"\n'
        'rule = "Prices are in cents — never a float"\n'
        'failure = "a \\"float\\""\n'
        "learnt = 2026-11-24\n"
    )


def test_a_retired_rule_leaves_claude_md_and_stays_in_the_ledger(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    learn(project, failure="a float", rule="Prices are in cents", today=TODAY)
    rule = learnt(project)
    learn(project, failure="no zone", rule="Times are aware", today=TODAY)
    retire(project, rule.id, today=date(2027, 3, 1))

    assert [each.id for each in Ledger(project).rules] == ["prices-are-in-cents", "times-are-aware"]
    assert (
        "\n[[retired]]\n"
        f'id = "{rule.id}"\n'
        'rule = "Channel code lives in src/adapters"\n'
        'failure = "put Telegram code into core"\n'
        "learnt = 2026-11-24\n"
        'check = "! grep -rq adapters src/core"\n'
        "proved = 2026-11-24\n"
        "retired = 2027-03-01\n"
        "\n[[rule]]\n"
    ) in (project / LEDGER).read_text()
    assert RULE not in (project / "CLAUDE.md").read_text()
    assert "- Times are aware.\n" in (project / "CLAUDE.md").read_text()
    assert not (project / f".claude/violations/{rule.id}.patch").exists()
    assert learnt(project).id == f"{rule.id}-2"


def test_line_ends_and_links_of_claude_md_stay(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "AGENTS.md").write_bytes(b"# The shop\r\n\r\nOurs.\r\n")
    (project / "CLAUDE.md").unlink()
    (project / "CLAUDE.md").symlink_to("AGENTS.md")
    learn(project, failure="a float", rule="Prices are in cents", today=TODAY)

    assert (project / "CLAUDE.md").is_symlink()
    assert b"\r\n- Prices are in cents.\r\n" in (project / "AGENTS.md").read_bytes()
    assert (project / "AGENTS.md").read_bytes().replace(b"\r\n", b"").count(b"\n") == 0
