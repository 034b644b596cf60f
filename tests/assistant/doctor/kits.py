"""Projects with a kit in them, and a small guard of the same manners for what is planted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.assistant.rules.projects import a_project

if TYPE_CHECKING:
    from pathlib import Path

from onebox.assistant.settings import hooks, merged

GUARD = """#!/usr/bin/env python3
import json, sys
def main():
    try:
        call = json.load(sys.stdin)
        if ".env" in json.dumps(call["tool_input"]):
            print("`.env` is a secret", file=sys.stderr)
            return 2
    except Exception as error:
        print(f"cannot judge: {error}", file=sys.stderr)
        return 2
    return 0
"""
CHECK = "#!/usr/bin/env python3\ndef main():\n    return 0\n"


def a_kit(folder: Path, guard: str = GUARD) -> Path:
    """The kit's hooks with its real entries in the settings; the scripts are stand-ins."""
    project = a_project(folder)
    write(project, ".claude/hooks/protect_secrets.py", guard)
    write(project, ".claude/hooks/check_after_edit.py", CHECK)
    write(project, ".claude/secrets.txt", "# ours\n.env\n.env.*\n!.env.example\n")
    write(project, ".claude/settings.json", merged("", hooks("${CLAUDE_PROJECT_DIR}/.claude/hooks"))[0])
    return project


def write(project: Path, name: str, text: str) -> Path:
    file = project / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    if name.endswith(".py"):
        file.chmod(0o755)
    return file


def guard_of(project: Path) -> dict[str, Any]:
    """The settings, whose guard a test changes and writes back by `put`."""
    told: dict[str, Any] = json.loads((project / ".claude/settings.json").read_text())
    return told


def put(project: Path, settings: dict[str, Any]) -> None:
    write(project, ".claude/settings.json", json.dumps(settings, indent=2))
