"""The hooks of a repository as Claude Code starts them: what its settings say, as processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LIST_OF_NAMES = re.compile(r"[\w\- ,|]+")
_PROJECT = "${CLAUDE_PROJECT_DIR}"


@dataclass(frozen=True)
class Answer:
    """What a hook ended with, and said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Hook:
    """One hook of the settings: the words that start it, and its seconds."""

    words: tuple[str, ...]
    timeout: float


class InstalledHooks:
    """The hooks in `.claude/settings.json` of `root`. They get `path` and `home` as PATH and HOME, and nothing else."""

    def __init__(self, root: Path, home: Path, *, path: str | None = None) -> None:
        self.root = root
        self._environment = {"PATH": path or os.environ["PATH"], "HOME": str(home)}

    def of(self, event: str, tool: str = "") -> list[Hook]:
        """Those that are called for this event and tool."""
        settings = json.loads((self.root / ".claude/settings.json").read_text())
        return [
            Hook(
                (entry["command"], *(word.replace(_PROJECT, str(self.root)) for word in entry["args"])),
                entry["timeout"],
            )
            for group in settings.get("hooks", {}).get(event, [])
            if matches(group.get("matcher", "*"), tool)
            for entry in group["hooks"]
        ]

    def before(self, tool: str, given: dict[str, Any], *, cwd: Path | None = None) -> Answer:
        """What the hook says of a call that is about to be made."""
        return self._only("PreToolUse", tool, {"tool_name": tool, "tool_input": given}, cwd)

    def after(self, tool: str, given: dict[str, Any]) -> Answer:
        """What the hook says of a call that was made."""
        done = {"tool_name": tool, "tool_input": given, "tool_response": {}, "duration_ms": 5}
        return self._only("PostToolUse", tool, done, None)

    def stop(self, *, again: bool = False) -> Answer:
        """What the hook says when the assistant thinks that it is done."""
        return self._only("Stop", "", {"stop_hook_active": again}, None)

    def _only(self, event: str, tool: str, payload: dict[str, Any], cwd: Path | None) -> Answer:
        (hook,) = self.of(event, tool)
        return self.start(hook, event_of(event, cwd or self.root, payload))

    def start(self, hook: Hook, event: dict[str, Any], environment: Mapping[str, str] | None = None) -> Answer:
        """Runs a hook on an event, with just this environment if one is given."""
        ended = subprocess.run(
            hook.words, cwd=event["cwd"], env=environment or {**self._environment, "CLAUDE_PROJECT_DIR": str(self.root)},
            input=json.dumps(event), capture_output=True, text=True, timeout=hook.timeout, check=False,
        )  # fmt: skip
        return Answer(ended.returncode, ended.stdout, ended.stderr)


def matches(matcher: str, tool: str) -> bool:
    """Whether a matcher of the settings means this tool: all, a list of names, or a regular expression."""
    if matcher in {"", "*"}:
        return True
    if _LIST_OF_NAMES.fullmatch(matcher):
        return tool in re.split(r"[|,]\s*", matcher)
    return re.search(matcher, tool) is not None


def event_of(name: str, cwd: Path, payload: dict[str, Any]) -> dict[str, Any]:
    """An event with what every event has."""
    return {
        "session_id": "11111111-1111-1111-1111-111111111111",
        "transcript_path": str(cwd / "transcript.jsonl"),
        "cwd": str(cwd),
        "permission_mode": "default",
        "hook_event_name": name,
        "tool_use_id": "toolu_1",
        **payload,
    }
