"""The doctor on a kit that `onebox kit init` made: well, ill in one way after another, and well again by the mend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.assistant.doctor.kits import guard_of, put, write
from tests.assistant.rules.projects import a_project, git, onebox

from onebox.assistant.doctor.drift import drift_faults

if TYPE_CHECKING:
    from pathlib import Path

    from onebox.assistant.doctor.faults import Fault


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = a_project(tmp_path / "shop")
    write(made, "pyproject.toml", '[project]\nname = "shop"\nversion = "1"\n')
    assert onebox(made, "init").returncode == 0
    return made


def drift(project: Path) -> list[Fault]:
    return [*drift_faults(project)]


def test_a_new_kit_is_well_and_the_tree_stays_as_it_is(project: Path) -> None:
    before = git(project, "status", "--porcelain", "--ignored")
    told = json.loads(onebox(project, "doctor", "--json").stdout)

    assert [fault for fault in told["faults"] if fault["kind"] != "claude_too_old"] == []
    assert {(each["secret"], each["verdict"]) for each in told["replays"]} == {(True, "blocked"), (False, "allowed")}
    assert git(project, "status", "--porcelain", "--ignored") == before


def test_a_secret_that_was_added_to_the_list_is_drift(project: Path) -> None:
    assert drift(project) == []
    with (project / ".claude/secrets.txt").open("a") as secrets:
        secrets.write("vault.kdbx\n")

    faults = {fault.where: fault for fault in drift(project)}
    assert faults[".claude/settings.json"].kind == "settings_drift"
    assert "vault.kdbx" in faults[".claude/settings.json"].what
    assert {fault.mend for fault in faults.values()} == {"onebox kit init"}
    onebox(project, "init")
    assert drift(project) == []


def test_a_deny_rule_that_somebody_deleted_is_drift(project: Path) -> None:
    settings = guard_of(project)
    gone = settings["permissions"]["deny"].pop(0)
    put(project, settings)

    (fault,) = drift(project)
    assert fault.what == f"it does not say what .claude/secrets.txt does: it lacks 1: {gone}"


def test_a_hook_that_was_edited_or_lost_its_run_bit_is_drift(project: Path) -> None:
    guard = project / ".claude/hooks/protect_secrets.py"
    guard.chmod(0o644)
    (lost,) = drift(project)
    assert (lost.kind, lost.mend) == ("run_bit_lost", "chmod +x .claude/hooks/protect_secrets.py")
    guard.chmod(0o755)

    guard.write_text(guard.read_text() + "# mine\n")
    (edited,) = drift(project)
    assert (edited.kind, edited.where, edited.mend) == (
        "hook_edited", ".claude/hooks/protect_secrets.py", "onebox kit init --force",
    )  # fmt: skip
    onebox(project, "init", "--force")
    assert drift(project) == []


def test_a_page_of_the_kit_that_is_gone_is_drift(project: Path) -> None:
    (project / ".claude/agents/code-reviewer.md").unlink()

    assert [(fault.kind, fault.where) for fault in drift(project)] == [
        ("file_missing", ".claude/agents/code-reviewer.md")
    ]


def test_faults_are_told_with_their_mend_and_end_with_1(project: Path) -> None:
    (project / ".claude/hooks/protect_secrets.py").unlink()
    told = onebox(project, "doctor")

    assert told.returncode == 1
    assert "  mend: onebox kit init\n" in told.stdout
    assert " faults in " in told.stderr


def test_a_folder_without_a_kit_is_told_so(tmp_path: Path) -> None:
    told = onebox(a_project(tmp_path), "doctor")

    assert (told.returncode, told.stdout) == (1, f"\n{tmp_path}: there is no kit here\n  mend: onebox kit init\n")
