"""`onebox kit plugin`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from tests.assistant.kit.repositories import make, tree

from onebox.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.assistant.kit.conftest import Kit


def test_it_is_a_plugin_and_a_marketplace(tmp_path: Path, kit: Kit) -> None:
    folder = tmp_path / "plugin"
    said = kit(make(tmp_path / "shop", "python"), "plugin", str(folder))

    assert said.code == Exit.ok
    plugin = json.loads((folder / ".claude-plugin/plugin.json").read_text())
    offered = json.loads((folder / ".claude-plugin/marketplace.json").read_text())["plugins"]
    assert [(plugin["name"], "./")] == [(each["name"], each["source"]) for each in offered]
    assert "CLAUDE.md: a plugin's is not loaded" in said.err
    assert "permissions.deny" in (folder / "README.md").read_text()
    assert {"agents/code-reviewer.md", "skills/add-feature/SKILL.md", "hooks/secrets.txt"} <= set(tree(folder))


def test_its_hooks_are_there_and_can_be_run(tmp_path: Path, kit: Kit) -> None:
    folder = tmp_path / "plugin"
    kit(make(tmp_path / "shop", "python"), "plugin", str(folder))
    events = json.loads((folder / "hooks/hooks.json").read_text())["hooks"]

    assert set(events) == {"PreToolUse", "PostToolUse", "Stop"}
    for group in (each for groups in events.values() for each in groups):
        script = group["hooks"][0]["args"][2]
        assert script.startswith("${CLAUDE_PLUGIN_ROOT}/")
        assert os.access(script.replace("${CLAUDE_PLUGIN_ROOT}", str(folder)), os.X_OK)


def test_its_checklists_name_the_reviewer_as_claude_code_does(tmp_path: Path, kit: Kit) -> None:
    folder = tmp_path / "plugin"
    kit(make(tmp_path / "box", "box"), "plugin", str(folder))

    for name in ("add-feature", "add-flow"):
        assert "Let the agent `onebox-kit:code-reviewer` look" in (folder / f"skills/{name}/SKILL.md").read_text()
    assert "\nname: code-reviewer\n" in (folder / "agents/code-reviewer.md").read_text()


def test_its_own_folder_is_written_anew(tmp_path: Path, kit: Kit) -> None:
    folder = tmp_path / "plugin"
    shop, box = make(tmp_path / "shop", "python"), make(tmp_path / "box", "box")
    kit(shop, "plugin", str(folder))
    of_shop = tree(folder)
    kit(box, "plugin", str(folder))
    assert "skills/add-flow/SKILL.md" in tree(folder)

    assert kit(shop, "plugin", str(folder)).code == Exit.ok
    assert of_shop == tree(folder)


def test_a_folder_of_something_else_is_refused(tmp_path: Path, kit: Kit) -> None:
    shop = make(tmp_path / "shop", "plain")
    refused = kit(shop, "plugin", str(shop))

    assert (refused.code, refused.err) == (
        Exit.fault,
        (
            f"onebox: {shop} is not empty, and holds what is not of the plugin: notes.txt\n"
            "hint: name a folder that is empty or not there yet, or one that this command wrote\n"
        ),
    )


def test_a_stray_in_its_own_folder_is_refused(tmp_path: Path, kit: Kit) -> None:
    folder = tmp_path / "plugin"
    shop = make(tmp_path / "shop", "python")
    kit(shop, "plugin", str(folder))
    (folder / "notes.txt").write_text("mine\n")

    assert "what is not of the plugin: notes.txt" in kit(shop, "plugin", str(folder)).err


def test_its_list_of_secrets_is_the_persons(tmp_path: Path, kit: Kit) -> None:
    folder = tmp_path / "plugin"
    shop = make(tmp_path / "shop", "python")
    kit(shop, "plugin", str(folder))
    (folder / "hooks/secrets.txt").write_text("ledger-of-ana.txt\n")
    again = kit(shop, "plugin", str(folder))

    assert "left hooks/secrets.txt" in again.err
    assert "-ledger-of-ana.txt" in again.err
    assert (folder / "hooks/secrets.txt").read_text() == "ledger-of-ana.txt\n"
    assert "ledger-of-ana.txt" in (folder / "hooks/protect_secrets.py").read_text()
