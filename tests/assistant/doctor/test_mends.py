"""Whatever is broken of a kit, the doctor finds it, and what it tells to do makes it well."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.assistant.doctor.kits import guard_of, put, write
from tests.assistant.rules.projects import a_project, onebox

from onebox.assistant.doctor.examine import examine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onebox.assistant.doctor.faults import Fault

GUARD = ".claude/hooks/protect_secrets.py"
OWN_SETTINGS = ".claude/settings.local.json"

Break = "Callable[[Path], object]"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "home"))
    made = a_project(tmp_path / "shop")
    write(made, "Makefile", "test:\n\ttrue\n")
    assert onebox(made, "init").returncode == 0
    return made


def guards(**values: Any) -> Callable[[Path], None]:
    """Sets keys of the guard's entry; None takes one away. `matcher` is that of its group."""

    def change(project: Path) -> None:
        settings = guard_of(project)
        (group,) = settings["hooks"]["PreToolUse"]
        for key, value in values.items():
            of = group if key == "matcher" else group["hooks"][0]
            of.pop(key, None) if value is None else of.__setitem__(key, value)
        put(project, settings)

    return change


def files(**texts: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        for name, text in texts.items():
            write(project, name, text)

    return change


def without(name: str) -> Callable[[Path], None]:
    return lambda project: (project / name).unlink()


def moved(project: Path) -> None:
    (project / ".claude/hooks").rename(project / ".claude/guards")


def no_list_of_rules(project: Path) -> None:
    settings = guard_of(project)
    settings["permissions"]["deny"] = settings["permissions"]["deny"][3:]
    put(project, settings)


def sorted_rules(project: Path) -> None:
    settings = guard_of(project)
    settings["permissions"]["deny"].sort()
    put(project, settings)


def added(name: str, text: str) -> Callable[[Path], object]:
    return lambda project: write(project, name, (project / name).read_text() + text)


SHELL = 'sh -c \'python3 -I "$0"\' "$CLAUDE_PROJECT_DIR"/.claude/hooks/protect_secrets.py'
BROKEN: list[tuple[str, Callable[[Path], object], str]] = [
    ("a matcher that lacks a tool", guards(matcher="Bash|Edit|Write"), "matcher_too_narrow"),
    ("a matcher for one MCP server", guards(matcher="^(?!mcp__)|mcp__filesystem"), "matcher_too_narrow"),
    ("a matcher that is a list", guards(matcher=["Bash", "Edit"]), "matcher_is_no_text"),
    ("a moved folder of hooks", moved, "script_missing"),
    ("a deleted guard", without(GUARD), "script_missing"),
    ("a guard that exits 1", files(**{GUARD: "import sys\nprint('no', file=sys.stderr)\nsys.exit(1)\n"}), "wrong_verdict"),
    ("a guard that allows all", files(**{GUARD: "pass\n"}), "wrong_verdict"),
    ("a guard that talks", added(GUARD, "\nimport atexit; atexit.register(print, 'fine')\n"), "wrong_verdict"),
    ("a guard of broken Python", files(**{GUARD: "def\n"}), "wrong_verdict"),
    ("an entry without onFailure", guards(onFailure=None), "on_failure_missing"),
    ("an entry that waits for nobody", guards(**{"async": True}), "entry_opens"),
    ("an entry that waits for nobody, and wakes", guards(asyncRewake=True), "entry_opens"),
    ("an entry of another type", guards(type="prompt"), "no_command"),
    ("a relative path", guards(command=f"python3 {GUARD} || exit 2", args=None), "path_is_relative"),
    ("a variable nobody sets", guards(args=["-c", 'python3 "$0"', "${CLAUDE_PLUGIN_ROOT}/hooks/protect_secrets.py"]), "path_unknown"),
    ("an entry that is gone", lambda project: put(project, {}), "guard_missing"),
    ("hooks that are off", files(**{OWN_SETTINGS: '{"disableAllHooks": true}'}), "hooks_disabled"),
    ("an own entry that leads nowhere", files(**{OWN_SETTINGS: json.dumps({"hooks": {"PreToolUse": [
        {"hooks": [{"type": "command", "command": SHELL.replace("hooks", "guards"), "onFailure": "block"}]}]}})}), "script_missing"),
    ("a lost run bit", lambda project: (project / GUARD).chmod(0o644), "run_bit_lost"),
    ("a new line in the list of secrets", added(".claude/secrets.txt", "vault.kdbx\n"), "settings_drift"),
    ("deny rules that are gone", no_list_of_rules, "settings_drift"),
    ("a list of secrets that is gone", without(".claude/secrets.txt"), "list_missing"),
    ("a list that says nothing any more", files(**{".claude/secrets.txt": "# all is open\n!.env\n"}), "list_empty"),
    ("deny rules in another order", sorted_rules, "rules_reordered"),
    ("a page that is gone", without(".claude/agents/code-reviewer.md"), "file_missing"),
    ("a secret that git would take", files(**{"prod.env": "A=made up\n"}), "secret_not_ignored"),
    ("a target that is gone", without("Makefile"), "command_missing"),
]  # fmt: skip


def carry_out(fault: Fault, project: Path) -> None:
    """What a person would do: the command that is told, or the edit."""
    mend = fault.mend.rpartition(", or: ")[2]
    if mend.startswith("delete this entry there, then: "):
        write(project, fault.where.partition(":")[0], "{}")
        assert onebox(project, *shlex.split(mend.partition("then: ")[2])[2:]).returncode == 0
    elif mend.startswith("delete `"):
        file = project / fault.where.partition(":")[0]
        key = mend.split("`")[1]
        told = json.loads(file.read_text())
        settings = told["hooks"]["PreToolUse"][0]["hooks"][0] if key in {"async", "asyncRewake", "if"} else told
        del settings[key]
        file.write_text(json.dumps(told))
    elif mend.startswith('"matcher": '):
        guards(**json.loads(f"{{{mend}}}"))(project)
    elif mend.startswith("onebox kit "):
        assert onebox(project, *shlex.split(mend)[2:]).returncode == 0
    else:
        subprocess.run(["sh", "-c", mend], cwd=project, check=True)


@pytest.mark.soak
@pytest.mark.parametrize(("broken", "kind"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_the_mend_that_is_told_mends(project: Path, broken: Callable[[Path], object], kind: str) -> None:
    broken(project)
    found = examine(project).faults
    assert kind in {fault.kind for fault in found}

    for _ in range(3):  # a mend may bring to light what stood behind it
        if not found:
            break
        carry_out(found[0], project)
        found = examine(project).faults
    assert [(fault.kind, fault.what, fault.mend) for fault in found] == []
