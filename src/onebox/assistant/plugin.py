"""The kit as a plugin of Claude Code, in a folder that is a marketplace of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from onebox import __version__
from onebox.assistant.changes import Changes, diff_of
from onebox.assistant.place import KitRefused
from onebox.assistant.settings import hooks
from onebox.assistant.wording import agents_and_skills, hook_scripts, plugin_readme, secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onebox.assistant.stack import Stack

NAME = "onebox-kit"
CANNOT = (
    "CLAUDE.md: a plugin's is not loaded; the rules need onebox kit init in each repository",
    "permissions.deny and the sandbox's denials: what is not a tool call, such as @file, is not stopped",
)
"""what a plugin does not carry"""
_PLUGIN = ".claude-plugin/plugin.json"
_MARKETPLACE = ".claude-plugin/marketplace.json"
_HOOKS = "hooks/hooks.json"
_SECRETS = "hooks/secrets.txt"
_ABOUT = "A reviewer that only reads, a checklist, a guard of the secrets, and a check after each edit."
_SHOWN = 3
_REVIEWER = "`code-reviewer`"
"""in a plugin an agent is called by the plugin's name, too"""


def plan_plugin(folder: Path, stack: Stack) -> Changes:
    """What must be written so that this folder is the plugin. Raises KitRefused if something else is in it."""
    folder = folder.resolve()
    changes = Changes(folder)
    there = set(_names(folder))
    secrets = _secrets(changes, stack)
    files = _files(stack, secrets)
    if there and not _is_own(folder):
        _refuse(folder, there)
    if strays := {name for name in there if name not in files and not _may_be_ours(name)}:
        _refuse(folder, strays)
    for name, text in files.items():
        changes.put(name, text.encode(), script=name.endswith(".py"))
    for name in sorted(there - set(files)):
        changes.put(name, None)
    changes.folders = ["skills/add-flow"]
    return changes


def _secrets(changes: Changes, stack: Stack) -> str:
    """The list that is there is a person's, if it is another."""
    there, default = changes.read(_SECRETS), secrets_of(stack)
    if there is None or there == default.encode():
        return default
    difference = "".join(diff_of(_SECRETS, there, default.encode()))
    changes.notes.append(f"left {_SECRETS}: delete it to get the list of this stack, with this change:\n{difference}")
    return there.decode("utf-8", "replace")


def _files(stack: Stack, secrets: str) -> dict[str, str]:
    return {
        _PLUGIN: _json(
            {
                "name": NAME,
                "version": __version__,
                "description": _ABOUT,
                "author": {"name": "Onebox"},
                "license": "Apache-2.0",
            }
        ),
        _MARKETPLACE: _json(
            {
                "name": NAME,
                "description": _ABOUT,
                "owner": {"name": "Onebox"},
                "plugins": [{"name": NAME, "source": "./", "description": _ABOUT, "version": __version__}],
            }
        ),
        _HOOKS: _json({"description": _ABOUT, "hooks": _events()}),
        _SECRETS: secrets,
        **hook_scripts(secrets),
        **{name: text.replace(_REVIEWER, f"`{NAME}:code-reviewer`") for name, text in agents_and_skills(stack).items()},
        "README.md": plugin_readme(stack),
    }


def _events() -> dict[str, list[Any]]:
    events: dict[str, list[Any]] = {}
    for (_, event), group in hooks("${CLAUDE_PLUGIN_ROOT}/hooks"):
        events.setdefault(event, []).append(group)
    return events


def _json(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"


def _is_own(folder: Path) -> bool:
    try:
        document = json.loads((folder / _PLUGIN).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("name") == NAME


def _may_be_ours(name: str) -> bool:
    """A file of the plugin of another stack."""
    return name == "skills/add-flow/SKILL.md"


def _names(folder: Path) -> Iterator[str]:
    if folder.exists() and not folder.is_dir():
        raise KitRefused(f"{folder} is a file", hint="name a folder that is empty, or not there yet")
    for file in folder.rglob("*"):
        name = file.relative_to(folder)
        if not file.is_dir() and name.parts[0] != ".git":
            yield name.as_posix()


def _refuse(folder: Path, names: set[str]) -> None:
    found = sorted(names)
    raise KitRefused(
        f"{folder} is not empty, and holds what is not of the plugin: "
        f"{', '.join(found[:_SHOWN])}{' and more' if len(found) > _SHOWN else ''}",
        hint="name a folder that is empty or not there yet, or one that this command wrote",
    )
