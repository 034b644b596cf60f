"""Calls of tools, played to the guard as it is installed: secrets that do not exist, and work that harms nobody."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.assistant.running import Ended, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onebox.assistant.doctor.installed import Hook

_SECONDS = 10.0
"""that a hook is waited for at the most; less, if its entry says so"""
BLOCKED = 2
"""the exit code that keeps a call from being made"""


ANY_MCP = "mcp__onebox_doctor__read_file"
"""of a server that no matcher names"""


@dataclass(frozen=True)
class Call:
    tool: str
    about: str
    """what it does, for the table"""
    input: dict[str, Any]
    secret: bool
    """whether the guard must block it"""


@dataclass(frozen=True)
class Replay:
    call: Call
    verdict: str
    """`blocked`, `allowed`, or what went wrong"""
    ms: float
    fault: str | None
    """what is wrong with it, as a sentence; None: it is as it must be"""


def calls(project: Path, secret: str) -> list[Call]:
    """Real payloads. `secret` is a name of the list that does not exist in the project."""
    hidden, open_ = str(project / secret), str(project / "onebox-doctor.txt")
    return [
        Call("Read", "read a secret", {"file_path": hidden}, secret=True),
        Call("Edit", "edit a secret", {"file_path": hidden, "old_string": "a", "new_string": "b"}, secret=True),
        Call("Write", "write a secret", {"file_path": hidden, "content": "A=1\n"}, secret=True),
        Call("MultiEdit", "edit a secret",
             {"file_path": hidden, "edits": [{"old_string": "a", "new_string": "b"}]}, secret=True),
        Call("NotebookEdit", "edit a secret", {"notebook_path": hidden, "new_source": "1"}, secret=True),
        Call("Grep", "search a secret", {"pattern": "A", "path": hidden, "output_mode": "content"}, secret=True),
        Call("Bash", "print a secret", {"command": f"cat {secret}", "description": "Read"}, secret=True),
        Call("Bash", "write a secret", {"command": f"echo A=1 >> {secret}", "description": "Write"}, secret=True),
        Call("PowerShell", "print a secret", {"command": f"Get-Content {secret}"}, secret=True),
        Call("Monitor", "watch a secret", {"command": f"tail -f {secret}", "description": "Watch"}, secret=True),
        Call(ANY_MCP, "read a secret", {"path": hidden}, secret=True),
        Call("Read", "read a file", {"file_path": open_}, secret=False),
        Call("Edit", "edit a file", {"file_path": open_, "old_string": "a", "new_string": "b"}, secret=False),
        Call("Write", "write a file", {"file_path": open_, "content": "hello\n"}, secret=False),
        Call("Glob", "find files", {"pattern": "**/*.md"}, secret=False),
        Call("Bash", "look around", {"command": "git status && ls -la", "description": "Look"}, secret=False),
        Call("TodoWrite", "plan", {"todos": []}, secret=False),
    ]  # fmt: skip


def replay(hook: Hook, call: Call, project: Path) -> Replay:
    """Plays one call."""
    ended = run_hook(hook, project, payload(call, project))
    verdict, fault = _judged(call, ended)
    return Replay(call, verdict, ended.ms, fault)


def _judged(call: Call, ended: Ended) -> tuple[str, str | None]:
    code = "no end" if ended.code is None else f"exit code {ended.code}"
    if call.secret:
        if ended.code != BLOCKED:
            return "let through", f"is let through ({code}), and must be blocked"
        if ended.out.strip():
            return "blocked", "is blocked, but something is printed on stdout, too"
        return "blocked", None if ended.err.strip() else "is blocked, but the assistant is not told why"
    if ended.code != 0:
        said = ended.lines[-1] if ended.lines else "nothing"
        return "blocked", f"is harmless, and does not pass ({code}): {said}"
    if ended.out or ended.err:
        return "allowed", "passes, but not in silence: what a hook prints may skip the person's own prompt"
    return "allowed", None


def payload(call: Call, project: Path, event: str = "PreToolUse") -> str:
    """What Claude Code writes to a hook's stdin."""
    told = {
        "session_id": "onebox-kit-doctor",
        "transcript_path": "",
        "cwd": str(project),
        "permission_mode": "default",
        "hook_event_name": event,
        "tool_name": call.tool,
        "tool_input": call.input,
        "tool_use_id": "toolu_doctor",
    }
    return json.dumps(told if event == "PreToolUse" else told | {"tool_response": {}, "duration_ms": 1})


def run_hook(hook: Hook, project: Path, given: str) -> Ended:
    """As Claude Code does: the program itself where there are `args`, else a line of the shell."""
    env = {**os.environ, "CLAUDE_PROJECT_DIR": str(project)}
    if hook.root is not None:
        env["CLAUDE_PLUGIN_ROOT"] = str(hook.root)
    words = [hook.braced(word, project) for word in hook.words]
    if not isinstance(hook.handler.get("args"), list):
        words = ["sh", "-c", *words[:1]]
    try:
        return run(words, project, seconds=_seconds_of(hook), env=env, given=given)
    except OSError as error:
        return Ended(127, "", f"{words[0]}: {error.strerror}", 0.0)


def _seconds_of(hook: Hook) -> float:
    told = hook.handler.get("timeout")
    return min(float(told), _SECONDS) if isinstance(told, (int, float)) and told > 0 else _SECONDS


def missing_secret(patterns: Sequence[str], project: Path) -> str | None:
    """A name that the list makes a secret, and that does not exist: nothing real is ever tried."""
    for pattern in patterns:
        if pattern.startswith(("!", "~")) or any(sign in pattern for sign in "?[\\ "):
            continue
        name = pattern.replace("**/", "").replace("/**", "/x").replace("*", "onebox-doctor").lstrip("/")
        name += "onebox-doctor" if name.endswith("/") else ""
        if not os.path.lexists(project / name):
            return name
    return None
