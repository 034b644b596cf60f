"""The kit as a plugin is examined where Claude Code keeps it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.assistant.doctor.kits import CHECK, GUARD, a_kit, write
from tests.assistant.rules.projects import a_project

from onebox.assistant.doctor.examine import examine
from onebox.assistant.settings import hooks, merged

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "onebox-kit@onebox-kit"


def installed(home: Path, guard: str = GUARD) -> Path:
    """The plugin's folder, as Claude Code 2.1.331 installs it for a person."""
    folder = home / "plugins/cache/onebox-kit/onebox-kit/0.1.0"
    write(folder, "hooks/protect_secrets.py", guard)
    write(folder, "hooks/check_after_edit.py", CHECK)
    write(folder, "hooks/secrets.txt", ".env\n")
    write(folder, "hooks/hooks.json", merged("", hooks("${CLAUDE_PLUGIN_ROOT}/hooks"))[0])
    places = [{"scope": "user", "installPath": str(folder), "version": "0.1.0"}]
    write(home, "plugins/installed_plugins.json", json.dumps({"version": 2, "plugins": {PLUGIN: places}}))
    write(home, "settings.json", json.dumps({"enabledPlugins": {PLUGIN: True}}))
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.soak
def test_a_plugin_alone_is_a_kit(home: Path, tmp_path: Path) -> None:
    installed(home)
    told = examine(a_project(tmp_path / "shop"))

    assert told.faults == []
    assert {each.verdict for each in told.replays if each.call.secret} == {"blocked"}


def test_a_plugin_that_lost_its_script_is_found_with_a_mend_of_its_own(home: Path, tmp_path: Path) -> None:
    folder = installed(home)
    (folder / "hooks/protect_secrets.py").unlink()
    told = examine(a_project(tmp_path / "shop"))

    assert [(fault.kind, fault.where.startswith(str(folder))) for fault in told.faults] == [("script_missing", True)]
    assert told.faults[0].mend == (
        "write the plugin anew (onebox kit plugin DIR), then in Claude Code: /plugin marketplace update"
    )


def test_a_plugin_that_is_switched_off_for_the_project_is_none(home: Path, tmp_path: Path) -> None:
    installed(home)
    project = a_project(tmp_path / "shop")
    write(project, ".claude/settings.json", json.dumps({"enabledPlugins": {PLUGIN: False}}))

    assert [fault.kind for fault in examine(project).faults] == ["no_kit"]


@pytest.mark.soak
def test_a_plugin_beside_a_kit_runs_twice(home: Path, tmp_path: Path) -> None:
    installed(home)

    assert "runs_twice" in [note.kind for note in examine(a_kit(tmp_path / "shop")).notes]
