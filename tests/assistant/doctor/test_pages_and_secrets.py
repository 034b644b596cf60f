"""Agents and skills that cannot be read, secrets that are in git, rules that open one, versions that read otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.assistant.doctor.kits import a_kit, guard_of, put, write
from tests.assistant.rules.projects import a_project, git

from onebox.assistant.doctor.installed import all_settings, disabled, hooks_of
from onebox.assistant.doctor.ledger import ledger_faults
from onebox.assistant.doctor.pages import page_faults
from onebox.assistant.doctor.secret_files import secret_faults
from onebox.assistant.doctor.tools import tool_faults
from onebox.assistant.doctor.versions import version_faults, version_of_claude

if TYPE_CHECKING:
    from pathlib import Path

AGENT = "---\nname: code-reviewer\ndescription: Reads the diff\n---\nLook.\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (AGENT, []),
        (AGENT.replace("\n", "\r\n"), []),
        ("Look.\n", ["a.md:1 it does not begin with `---`, keys and `---`, so name is not known"]),
        ("---\nname: a\ndescription: [Use\n---\n", ["a.md:4 what stands before the text is no YAML"]),
        (
            "---\nname: a\ndescription: Use when: asked\n---\n",
            ["a.md:3 what stands before the text is no YAML: mapping values are not allowed here; Claude Code guesses"],
        ),
        ("---\nname: a\n---\n", ["a.md:2 `description` is missing, and Claude Code leaves the file out"]),
        (AGENT.replace("code-reviewer", "Code Reviewer"), []),
        ("---\n- a\n---\n", ["a.md:2 what stands before the text is no keys and values"]),
    ],
)
def test_what_stands_before_an_agents_text_is_read(tmp_path: Path, text: str, expected: list[str]) -> None:
    write(tmp_path, ".claude/agents/a.md", "").write_bytes(text.encode())
    found = [f"{fault.where.rsplit('/', 1)[-1]} {fault.what}" for fault in page_faults(tmp_path)]

    assert [len(found), *(one.startswith(wanted) for one, wanted in zip(found, expected, strict=False))] == [
        len(expected), *(True for _ in expected)
    ]  # fmt: skip


def test_two_agents_of_one_name_are_found(tmp_path: Path) -> None:
    write(tmp_path, ".claude/agents/a.md", AGENT)
    write(tmp_path, ".claude/agents/b.md", AGENT)

    assert [(fault.where, fault.mend) for fault in page_faults(tmp_path)] == [(".claude/agents/b.md:2", "name: b")]


def test_a_skill_in_a_file_of_another_name_is_found(tmp_path: Path) -> None:
    write(tmp_path, ".claude/skills/add/skill.md", "---\ndescription: Adds one\n---\nDo.\n")

    assert [fault.mend for fault in page_faults(tmp_path)] == [
        "git mv -f .claude/skills/add/skill.md .claude/skills/add/SKILL.md"
    ]


def test_a_skill_needs_a_description_alone(tmp_path: Path) -> None:
    skill = write(tmp_path, ".claude/skills/add-feature/SKILL.md", "---\ndescription: Adds one\n---\nDo.\n")
    assert [*page_faults(tmp_path)] == []

    skill.write_text("---\nname: add-feature\n---\nDo.\n")
    (fault,) = page_faults(tmp_path)
    assert (fault.where, fault.mend) == (".claude/skills/add-feature/SKILL.md:2", "description: when to use it")


def secrets_of(project: Path) -> dict[str, tuple[str, str]]:
    return {fault.kind: (fault.where, fault.mend) for fault in secret_faults(all_settings(project)[0], project)}


def test_secrets_that_git_tracks_or_would_take_are_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    assert secrets_of(project) == {}

    write(project, ".env", "A=made up\n")
    assert secrets_of(project) == {"secret_not_ignored": (".env", "echo /.env >> .gitignore")}
    git(project, "add", ".env")
    where, mend = secrets_of(project)["secret_in_git"]
    assert (where, mend.partition(",")[0]) == (".env", "git rm --cached .env")

    git(project, "rm", "-q", "--cached", ".env")
    write(project, ".gitignore", "/.env\n")
    write(project, ".env.example", "A=\n")
    assert secrets_of(project) == {}


def test_a_list_that_is_gone_is_found(tmp_path: Path) -> None:
    assert secrets_of(a_project(tmp_path)) == {"list_missing": (".claude/secrets.txt", "onebox kit init")}


@pytest.mark.parametrize(
    "rule", ["Read(.env)", "Read(./.env)", "Read(//srv/shop/.env)", "Bash(cat .env)", "Edit(**/.env)"]
)
def test_a_rule_that_opens_a_secret_is_found(tmp_path: Path, rule: str) -> None:
    project = a_kit(tmp_path)
    settings = guard_of(project)
    settings["permissions"] = {"allow": ["Bash(npm test)", "Read(src/**)", "Read(.env.example)"]}
    put(project, settings)
    assert secrets_of(project) == {}

    settings["permissions"]["allow"].append(rule)
    put(project, settings)
    where, mend = secrets_of(project)["rule_opens_secret"]
    assert where.startswith(".claude/settings.json:")
    assert mend == "delete the rule there"


def test_a_deny_rule_that_opens_a_secret_again_is_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    settings = guard_of(project)
    settings["permissions"] = {"deny": ["Read(.env*)", "Read(!.env.example)"]}
    put(project, settings)
    assert secrets_of(project) == {}

    settings["permissions"]["deny"].append("Read(!.env)")
    put(project, settings)
    assert secrets_of(project)["rule_opens_secret"][1] == "delete the rule there"


def test_a_deny_rule_that_is_never_asked_is_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    settings = guard_of(project)
    settings["permissions"] = {"deny": ["Edit(.env)", "Write(secrets/**)"]}
    put(project, settings)

    assert secrets_of(project)["rule_never_asked"][1] == '"Edit(secrets/**)"'


def claude(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = write(folder, "claude", f"#!/bin/sh\necho '{version} (Claude Code)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("version", "unknown"),
    [
        ("2.1.331", set()),
        ("2.2.0", set()),
        ("2.1.295", set()),
        ("2.1.294", {"onFailure"}),
        ("2.1.100", {"args", "onFailure"}),
    ],
)
def test_what_an_older_claude_code_does_not_know_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, unknown: set[str]
) -> None:
    project = a_kit(tmp_path / "shop")
    claude(tmp_path / "bin", version, monkeypatch)
    found = version_faults(version_of_claude(project), hooks_of(all_settings(project)[0]))

    assert {
        key for fault in found for key in ("args", "onFailure") if f"does not know `{key}`" in fault.what
    } == unknown


def test_a_claude_code_that_nobody_tried_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claude(tmp_path / "bin", "2.2.0", monkeypatch)

    (fault,) = version_faults(version_of_claude(tmp_path), [])
    assert (fault.kind, fault.is_note) == ("claude_newer", True)


def test_a_matcher_that_a_newer_claude_code_reads_otherwise_is_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    settings = guard_of(project)
    settings["hooks"]["PreToolUse"][0]["matcher"] = "mcp__file-system|Read"
    put(project, settings)
    assert [*version_faults(None, hooks_of(all_settings(project)[0]))] == []

    settings["hooks"]["PreToolUse"][0]["matcher"] = "Read|Notebook-|Edit"
    put(project, settings)
    assert [fault.kind for fault in version_faults(None, hooks_of(all_settings(project)[0]))] == ["matcher_differs"]


def test_a_tool_that_the_project_wants_and_that_is_missing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_project(tmp_path / "shop")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    write(project, "pyproject.toml", '[project]\nname = "shop"\nversion = "1"\n')
    assert [*tool_faults(project)] == []

    write(project, "pyproject.toml", '[project]\nname = "shop"\nversion = "1"\n[tool.ruff]\n')
    assert [(fault.where, fault.mend) for fault in tool_faults(project)] == [("pyproject.toml", "pip install ruff")]
    write(project, ".venv/bin/ruff", "").chmod(0o755)
    assert [*tool_faults(project)] == []


def test_a_tool_is_looked_for_where_the_code_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    project = a_project(tmp_path)
    write(project, "packages/web/tsconfig.json", "{}")
    assert [fault.where for fault in tool_faults(project)] == ["packages/web"]

    write(project, "packages/web/node_modules/.bin/tsc", "").chmod(0o755)
    assert [*tool_faults(project)] == []


def test_a_ledger_that_cannot_be_read_and_a_patch_that_is_gone_are_found(tmp_path: Path) -> None:
    rule = '[[rule]]\nid = "a"\nrule = "A"\nfailure = "b"\nlearnt = 2026-11-24\ncheck = "true"\n'
    assert [*ledger_faults(tmp_path)] == []

    ledger = write(tmp_path, ".claude/rules.toml", f'{rule}violation = ".claude/violations/a.patch"\n')
    assert [(fault.kind, fault.where, fault.mend) for fault in ledger_faults(tmp_path)] == [
        ("violation_missing", ".claude/rules.toml:1", "git checkout -- .claude/violations/a.patch")
    ]
    write(tmp_path, ".claude/violations/a.patch", "x\n")
    assert [*ledger_faults(tmp_path)] == []

    for broken in (b"[[rule", b"\xff"):
        ledger.write_bytes(broken)
        assert [(fault.kind, fault.where) for fault in ledger_faults(tmp_path)] == [
            ("ledger_unread", ".claude/rules.toml")
        ]


@pytest.mark.parametrize(
    ("files", "places"),
    [
        ({".claude/settings.local.json": True}, [".claude/settings.local.json:2"]),
        ({"home/settings.json": True}, ["settings.json:2"]),
        ({"home/settings.json": True, ".claude/settings.local.json": False}, []),
        ({"home/settings.json": False, ".claude/settings.local.json": True}, [".claude/settings.local.json:2"]),
    ],
)
def test_hooks_that_are_switched_off_are_found_where_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bool], places: list[str]
) -> None:
    project = a_kit(tmp_path)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(project / "home"))
    for name, value in files.items():
        write(project, name, json.dumps({"disableAllHooks": value}, indent=2))
    found = [*disabled(all_settings(project)[0])]

    assert [fault.where.removeprefix(f"{project}/home/") for fault in found] == places
    assert {fault.mend for fault in found} <= {"delete `disableAllHooks` there"}
