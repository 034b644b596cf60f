"""How rules stand: what checks catch, what still proves itself, and what is to be retired."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.assistant.rules.projects import CHECK, NOW_WRONG, VIOLATION, a_project, git, onebox

from onebox.assistant.caught import catches, note_catch, state_folder
from onebox.assistant.learn import learn
from onebox.assistant.rules import LEDGER, Ledger, LedgerInvalid
from onebox.assistant.standing import prove_all, run_all, standings

if TYPE_CHECKING:
    from pathlib import Path

LEARNT = date(2026, 8, 1)
SOON = datetime(2026, 8, 20, tzinfo=UTC)
LATE = datetime(2026, 11, 24, tzinfo=UTC)
PROVED = "channel-code-lives-in-src-adapters"


def with_rules(folder: Path) -> Path:
    project = a_project(folder)
    learn(
        project,
        failure="put Telegram code into core",
        rule="Channel code lives in src/adapters",
        check=CHECK,
        violation=VIOLATION,
        today=LEARNT,
    )
    learn(project, failure="a float", rule="Prices are in cents", today=LEARNT)
    return project


def reasons(project: Path, now: datetime) -> dict[str, list[str]]:
    return {each.rule.id: list(each.retire) for each in standings(project, now=now)}


def test_nothing_is_to_be_retired_at_first(tmp_path: Path) -> None:
    assert reasons(with_rules(tmp_path), SOON) == {PROVED: [], "prices-are-in-cents": []}


def test_after_90_days_what_caught_nothing_and_what_nothing_checks_is_named(tmp_path: Path) -> None:
    assert reasons(with_rules(tmp_path), LATE) == {
        PROVED: ["its check has caught nothing in 90 days, or longer (ever): nobody breaks it any more"],
        "prices-are-in-cents": ["nothing has checked it for 90 days: give it a check, or let it go"],
    }


def test_a_check_that_caught_something_stays(tmp_path: Path) -> None:
    project = with_rules(tmp_path)
    note_catch(project, PROVED, ["src/core/shop.py:1: no"], at=LATE - timedelta(days=3))
    with (state_folder(project) / "caught.jsonl").open("a") as file:
        file.write('{"rule": "half a li')

    told = standings(project, now=LATE)[0]
    assert (told.caught, told.last_caught, list(told.retire)) == (1, LATE - timedelta(days=3), [])


def test_a_line_that_a_person_deleted_is_named(tmp_path: Path) -> None:
    project = with_rules(tmp_path)
    claude_md = project / "CLAUDE.md"
    claude_md.write_text(claude_md.read_text().replace("- Prices are in cents.\n", ""))

    assert reasons(project, SOON)["prices-are-in-cents"] == [
        "its line is not in CLAUDE.md any more: Prices are in cents."
    ]


def test_a_check_whose_command_or_path_is_gone_is_named(tmp_path: Path) -> None:
    project = with_rules(tmp_path)
    (project / "tools").mkdir()
    (project / "tools/look.sh").write_text("exit 0\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "Look")
    learn(project, failure="one", rule="One", check="sh tools/look.sh", today=LEARNT)
    git(project, "mv", "tools/look.sh", "look.sh")
    ledger = project / LEDGER
    ledger.write_text(ledger.read_text().replace(f'"{CHECK}"', '"no-such-linter src/core"'))

    told = reasons(project, SOON)
    assert told["one"] == ["its check needs `tools/look.sh`, which is not there any more"]
    assert told[PROVED][0] == "its check needs the command `no-such-linter`, which is not there any more"


def test_a_second_rule_with_the_same_check_is_named(tmp_path: Path) -> None:
    project = with_rules(tmp_path)
    learn(project, failure="again", rule="Core knows no channel", check=CHECK, today=LEARNT)

    assert reasons(project, SOON)["core-knows-no-channel"] == [f"its check is that of {PROVED}: one rule may say both"]
    assert reasons(project, SOON)[PROVED] == []


def test_running_writes_down_what_was_caught(tmp_path: Path) -> None:
    project = with_rules(tmp_path)

    assert [outcome.ok for outcome in run_all(project, now=LATE)] == [True]
    assert catches(project) == []

    (project / "src/core/shop.py").write_text(NOW_WRONG)
    assert [outcome.ok for outcome in run_all(project, now=LATE)] == [False]
    assert [(catch.rule, catch.at, catch.by) for catch in catches(project)] == [
        (PROVED, "2026-11-24T00:00:00Z", "rules")
    ]
    assert (project / ".git/onebox-kit/caught.jsonl").is_file()


def test_proving_again_says_that_a_patch_no_longer_applies(tmp_path: Path) -> None:
    project = with_rules(tmp_path)
    assert [outcome.ok for outcome in prove_all(project, now=LATE)] == [True]
    assert Ledger(project).rules[0].proved == LATE.date()

    (project / "src/core/shop.py").write_text("PRICE = 99\n")
    told = prove_all(project, now=LATE)
    assert [outcome.ok for outcome in told] == [False]
    assert "the violation does not apply to the tree as it is; git says:" in told[0].said


def test_a_check_is_proved_later_by_a_patch_that_is_put_there(tmp_path: Path) -> None:
    project = with_rules(tmp_path)
    rule = learn(project, failure="again", rule="Core knows no channel", check=CHECK, today=LEARNT).rule
    (project / f".claude/violations/{rule.id}.patch").write_text(VIOLATION)
    prove_all(project, now=LATE)

    proved = Ledger(project).rule(rule.id)
    assert (proved.proved, proved.violation) == (LATE.date(), f".claude/violations/{rule.id}.patch")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]\n", r"\.claude/rules\.toml: .*line 1"),
        ('\n[[rule]]\nid = "a"\n', r"\.claude/rules\.toml:2: the rule lacks rule, failure, learnt"),
        (
            '[[rule]]\nid = "a"\nrule = "a"\nfailure = "a"\nlearnt = "yesterday"\n',
            r"\.claude/rules\.toml:1: the rule has a learnt that is no date",
        ),
        ('rule = ["a"]\n', r"the rules are not `\[\[rule\]\]` entries"),
    ],
)
def test_a_ledger_that_is_none_says_where(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / ".claude").mkdir()
    (tmp_path / LEDGER).write_text(text)
    with pytest.raises(LedgerInvalid, match=said):
        Ledger(tmp_path)


def test_the_commands_learn_list_run_and_retire(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    given = ["learn", "put Telegram code into core", "--rule", "Channel code lives in src/adapters", "--check", CHECK]
    taught = onebox(project / "src", *given, "--violate", "-", given=VIOLATION)
    onebox(project, "learn", "a float", "--rule", "Prices are in cents")
    listed = onebox(project, "rules")

    assert (taught.returncode, taught.stdout) == (
        0,
        (
            f"learnt {PROVED}: CLAUDE.md, .claude/rules.toml:1\n"
            f"proved: `{CHECK}` passes, and fails after .claude/violations/{PROVED}.patch\n"
        ),
    )
    assert listed.stdout.splitlines()[1].split("  ")[:2] == [PROVED, CHECK]
    assert "\nNothing checks:\n  prices-are-in-cents: Prices are in cents\n" in listed.stdout

    (project / "src/core/shop.py").write_text(NOW_WRONG)
    run = onebox(project, "rules", "--run", "--json")
    told = json.loads(run.stdout)
    assert (run.returncode, [each["id"] for each in told["failed"]]) == (1, [PROVED])
    assert told["rules"][0]["caught"] == 1

    assert onebox(project, "rules", "--retire", PROVED).returncode == 0
    wrong = onebox(project, "rules", "--retire", "price-are-in-cents")
    assert (wrong.returncode, wrong.stderr) == (
        1,
        (
            "onebox: .claude/rules.toml has no rule 'price-are-in-cents'; did you mean 'prices-are-in-cents'?\n"
            "hint: `onebox kit rules` lists them with their ids\n"
        ),
    )
