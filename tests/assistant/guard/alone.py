"""The guard alone, as a file with its entry in the settings of a small project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.assistant.installed import Answer, InstalledHooks, event_of

from onebox.assistant.bundle import guard_script
from onebox.assistant.settings import hooks, merged

SCRIPT = guard_script("*.baked\n")


class Installed:
    """A project with the guard and its entry in the settings."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "shop"
        self.home = folder / "home"
        self.script = self.root / ".claude/hooks/protect_secrets.py"
        self.script.parent.mkdir(parents=True)
        self.home.mkdir()
        self.script.write_text(SCRIPT)
        self.script.chmod(0o755)
        settings, _ = merged("", hooks("${CLAUDE_PROJECT_DIR}/.claude/hooks"))
        (self.root / ".claude/settings.json").write_text(settings)
        (self.root / ".claude/secrets.txt").write_text(".env\n")

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join((str(Path(sys.executable).parent), os.defpath))
        return {"PATH": path, "HOME": str(self.home), "CLAUDE_PROJECT_DIR": str(self.root)}

    def asked(self, tool: str, given: dict[str, Any], **environment: str) -> Answer:
        installed = InstalledHooks(self.root, self.home)
        (hook,) = installed.of("PreToolUse", tool)
        event = event_of("PreToolUse", self.root, {"tool_name": tool, "tool_input": given})
        return installed.start(hook, event, {**self.environment, **environment})

    def told(self, given: bytes, **environment: str) -> Answer:
        """The answer to what comes on its standard input, whatever that is."""
        (hook,) = InstalledHooks(self.root, self.home).of("PreToolUse")
        words = hook.words
        ended = subprocess.run(
            words, input=given, env={**self.environment, **environment}, capture_output=True, check=False, cwd=self.root
        )
        return Answer(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def bytecode(self) -> list[Path]:
        return [file for file in self.home.rglob("*.pyc") if file.name.startswith("protect_secrets.")]
