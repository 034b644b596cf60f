"""Faults that are planted in an installed guard, found with their place and their mend, and mended."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.assistant.doctor.kits import CHECK, GUARD, a_kit, guard_of, put, write

from onebox.assistant.doctor.guarding import check_hook_faults, crash_faults, entry_faults, guards_of, play
from onebox.assistant.doctor.installed import all_settings, hooks_of
from onebox.assistant.doctor.replay import calls, missing_secret, replay

if TYPE_CHECKING:
    from pathlib import Path

    from onebox.assistant.doctor.faults import Fault
    from onebox.assistant.doctor.installed import Hook

SETTINGS = ".claude/settings.json"


def found(project: Path) -> list[Fault]:
    """Faults of the settings and of how the hooks are installed."""
    settings, unread = all_settings(project)
    hooks = hooks_of(settings)
    return [*unread, *entry_faults(hooks, project), *check_hook_faults(hooks, project)]


def guard(project: Path) -> Hook:
    return guards_of(hooks_of(all_settings(project)[0]))[0]


def kinds(project: Path) -> list[str]:
    return [fault.kind for fault in found(project)]


def changed(project: Path, **values: Any) -> None:
    """Sets keys of the guard's entry."""
    settings = guard_of(project)
    handler = settings["hooks"]["PreToolUse"][0]["hooks"][0]
    for key, value in values.items():
        handler.pop(key) if value is None else handler.__setitem__(key, value)
    put(project, settings)


def test_a_guard_that_is_well_installed_has_no_faults(tmp_path: Path) -> None:
    assert kinds(a_kit(tmp_path)) == []


def test_each_tool_is_tried_and_measured(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    replays, faults = play(guard(project), project)

    assert [fault for fault in faults if fault.kind != "slow"] == []
    assert {each.call.tool for each in replays if each.verdict == "blocked"} == {
        "Read", "Edit", "Write", "MultiEdit", "NotebookEdit", "Grep", "Bash", "PowerShell", "Monitor", "mcp__onebox_doctor__read_file",
    }  # fmt: skip
    assert {each.verdict for each in replays if not each.call.secret} == {"allowed"}
    assert all(each.ms > 1 for each in replays)


def test_a_hook_has_the_time_that_its_entry_gives_it(tmp_path: Path) -> None:
    project = a_kit(tmp_path, "import time\ntime.sleep(60)\n")
    changed(project, timeout=0.1)
    harmless = next(call for call in calls(project, ".env") if not call.secret)

    assert replay(guard(project), harmless, project).fault == "is harmless, and does not pass (no end): nothing"


def test_a_matcher_that_leaves_tools_out_is_found_and_its_mend_mends(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    settings = guard_of(project)
    settings["hooks"]["PreToolUse"][0]["matcher"] = "Edit|Write"
    put(project, settings)

    (fault,) = found(project)
    assert fault.what == (
        "the matcher 'Edit|Write' leaves out Read, MultiEdit, NotebookEdit, Grep, Glob, Bash, PowerShell, Monitor, "
        "mcp__onebox_doctor__read_file: no hook guards these"
    )
    assert fault.where.startswith(f"{SETTINGS}:")
    assert fault.mend.startswith('"matcher": "*" there')
    settings["hooks"]["PreToolUse"][0]["matcher"] = "*"
    put(project, settings)
    assert found(project) == []


def test_a_matcher_that_is_a_list_rejects_the_whole_file(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    settings = guard_of(project)
    settings["hooks"]["PostToolUse"][0]["matcher"] = ["Edit", "Write"]
    put(project, settings)

    faults = found(project)
    assert (faults[0].kind, faults[0].mend) == ("matcher_is_no_text", '"matcher": "Edit|Write"')
    assert "guard_missing" in [fault.kind for fault in faults]


def test_settings_that_are_no_json_are_found_with_the_line(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    write(project, ".claude/settings.local.json", '{\n  "model": "x",\n  // mine\n}\n')

    (fault,) = found(project)
    assert fault.where == ".claude/settings.local.json:3:3"


def test_a_script_that_is_gone_is_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    script = project / ".claude/hooks/protect_secrets.py"
    script.unlink()

    (fault,) = found(project)
    assert (fault.kind, fault.what, fault.mend) == (
        "script_missing", f"the script {script} is not there", "onebox kit init",
    )  # fmt: skip
    shutil.copy(write(tmp_path, "again.py", GUARD), script)
    assert found(project) == []


def test_a_lost_run_bit_is_found_where_the_script_is_run_as_a_program(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    script = project / ".claude/hooks/protect_secrets.py"
    script.chmod(0o644)
    assert kinds(project) == []

    changed(project, command='"$CLAUDE_PROJECT_DIR"/.claude/hooks/protect_secrets.py', args=None)
    (fault,) = found(project)
    assert (fault.kind, fault.mend) == ("run_bit_lost", f"chmod +x {script}")
    script.chmod(0o755)
    assert kinds(project) == []


def test_a_relative_path_is_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    changed(project, command="python3 .claude/hooks/protect_secrets.py || exit 2", args=None)

    assert kinds(project) == ["path_is_relative"]


def test_a_missing_and_an_old_interpreter_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = a_kit(tmp_path / "shop")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "git", "env"):
        (tools / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(tools))
    assert [fault.what for fault in found(project)][:1] == ["python3 is not on the PATH: the hook cannot run"]

    old = tools / "python3"
    old.write_text('#!/bin/sh\necho "3 8"\n')
    old.chmod(0o755)
    assert found(project)[0].what == "python3 is 3.8; the hooks need Python 3.9 or newer"

    old.unlink()
    old.symlink_to(sys.executable)
    assert kinds(project) == []


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"onFailure": None}, "on_failure_missing"),
        ({"async": True}, "entry_opens"),
        ({"if": "Bash(git *)"}, "entry_opens"),
        ({"type": "prompt"}, "no_command"),
    ],
)
def test_an_entry_that_opens_is_found(tmp_path: Path, values: dict[str, Any], kind: str) -> None:
    project = a_kit(tmp_path)
    changed(project, **values)

    assert kinds(project) == [kind]


def test_a_guard_that_exits_0_when_it_breaks_is_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    assert [*crash_faults(guard(project), project)] == []

    write(project, ".claude/hooks/protect_secrets.py", GUARD.replace("        return 2\n", "        pass\n"))
    (fault,) = crash_faults(guard(project), project)
    assert fault.what == "an input that is no JSON ends with exit code 0: what breaks the hook opens it"


@pytest.mark.parametrize(
    ("tool", "text", "said"),
    [
        ("Read", "import sys\nsys.exit(0)\n", "is let through (exit code 0), and must be blocked"),
        (
            "Glob",
            "import sys\nprint('no', file=sys.stderr)\nsys.exit(2)\n",
            "is harmless, and does not pass (exit code 2): no",
        ),
        ("Read", "import sys\nsys.exit(2)\n", "is blocked, but the assistant is not told why"),
        (
            "Glob",
            GUARD + "print('allow')\n",
            "passes, but not in silence: what a hook prints may skip the person's own prompt",
        ),
        ("Read", "import sys\nprint('no')\nsys.exit(2)\n", "is blocked, but something is printed on stdout, too"),
    ],
)
def test_a_wrong_verdict_is_found(tmp_path: Path, tool: str, text: str, said: str) -> None:
    project = a_kit(tmp_path, text)
    call = next(call for call in calls(project, ".env") if call.tool == tool)

    assert replay(guard(project), call, project).fault == said


def test_another_hook_that_answers_for_the_person_is_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    write(project, "yes.py", 'print(\'{"hookSpecificOutput": {"permissionDecision": "allow"}}\')\n')
    write(project, "change.py", "print('updatedInput')\n")
    settings = guard_of(project)
    settings["hooks"]["PreToolUse"] += [
        {"hooks": [{"type": "command", "command": 'python3 "$CLAUDE_PROJECT_DIR/yes.py"'}]},
        {"hooks": [{"type": "command", "command": "python3", "args": ["${CLAUDE_PROJECT_DIR}/change.py"]}]},
    ]
    put(project, settings)

    assert kinds(project) == ["answers_allow", "changes_the_call"]


def test_a_check_hook_that_is_missing_or_loud_is_found(tmp_path: Path) -> None:
    project = a_kit(tmp_path)
    write(project, ".claude/hooks/check_after_edit.py", CHECK + "print('all is well')\n")
    assert kinds(project) == ["check_not_silent"]

    settings = guard_of(project)
    del settings["hooks"]["Stop"]
    settings["hooks"]["PostToolUse"][0]["matcher"] = "Edit"
    put(project, settings)
    assert kinds(project) == ["check_missing", "matcher_too_narrow", "check_not_silent"]


def test_only_secrets_that_do_not_exist_are_tried(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1")
    (tmp_path / "dangling.key").symlink_to("nowhere")
    patterns = ["!.env.example", "~/.ssh/*", ".env", "dangling.key", "secrets/", "*.pem"]

    assert missing_secret(patterns, tmp_path) == "secrets/onebox-doctor"
    assert missing_secret(["**/*.pem"], tmp_path) == "onebox-doctor.pem"
