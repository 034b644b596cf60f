"""A project as the assistant works in it, and the hook as it is installed there: one file, run by the machine's Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from onebox.assistant.settings import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOOLS = Path(sys.executable).parent


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.01)


def is_over(process: int) -> bool:
    """Killed; where nobody asks for its end it stays as a zombie."""
    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


class Ended:
    """How the hook ended, and after how many seconds."""

    def __init__(self, done: subprocess.CompletedProcess[str], seconds: float) -> None:
        self.code = done.returncode
        self.lines = done.stderr.splitlines()
        self.out = done.stdout
        self.seconds = seconds

    def quiet(self) -> bool:
        return (self.code, self.lines, self.out) == (0, [], "")


class Project:
    """A git repository with these files, for which the script `hook` is installed.
    Every call of the hook must leave its tree as it was."""

    def __init__(
        self, folder: Path, files: Mapping[str, str], hook: Path, *, path: str | None = None, git: bool = True
    ) -> None:
        self.folder = folder
        self.home = folder.parent / "home"
        self.home.mkdir(exist_ok=True)
        self._hook = hook
        self.path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}" if path is None else path
        self.environment = {
            **os.environ,
            "HOME": str(self.home),
            "PATH": self.path,
            "CLAUDE_PROJECT_DIR": str(folder),
            "XDG_CACHE_HOME": str(hook.parent),  # all share the bytecode
        }
        folder.mkdir(exist_ok=True)
        self.write(files)
        if git:
            self.git("init", "-q")

    def worktree(self, place: Path) -> None:
        """A second checkout of what is there now."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "What is there")
        self.git("worktree", "add", "-q", "--detach", str(place))

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
        return subprocess.run(
            ["git", *identity, *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def script(self, name: str, text: str) -> Path:
        """An executable file."""
        self.write({name: text})
        (self.folder / name).chmod(0o755)
        return self.folder / name

    def edit(self, name: str, text: str, *, folder: Path | None = None, tool: str = "Write") -> Ended:
        """The assistant writes the file; this is what the hook says to it."""
        file = (folder or self.folder) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        key = "notebook_path" if tool == "NotebookEdit" else "file_path"
        return self.call(self.edited(file, tool=tool, key=key), folder=folder)

    def replace(self, name: str, text: str) -> Ended:
        """The assistant replaces a part of the file; Claude Code tells the hook what was there before."""
        file = self.folder / name
        response = {"filePath": str(file), "originalFile": file.read_text(), "structuredPatch": []}
        file.write_text(text)
        return self.call({**self.edited(file, tool="Edit"), "tool_response": response})

    def edited(self, file: Path, *, tool: str = "Write", key: str = "file_path") -> dict[str, Any]:
        return {"hook_event_name": "PostToolUse", "tool_name": tool, "tool_input": {key: str(file)}}

    def stop(self, *, again: bool = False, folder: Path | None = None) -> Ended:
        """The assistant wants to end its turn."""
        return self.call({"hook_event_name": "Stop", "stop_hook_active": again}, folder=folder)

    def call(self, event: dict[str, Any], *, folder: Path | None = None) -> Ended:
        where = folder or self.folder
        before = self.tree(where)
        began = time.perf_counter()
        done = subprocess.run(
            self.command(),
            input=json.dumps({"session_id": "one", "cwd": str(where), **event}),
            cwd=where,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - began
        assert self.tree(where) == before
        assert len(done.stderr.splitlines()) <= 25
        assert "Traceback" not in done.stderr
        return Ended(done, seconds)

    def command(self) -> list[str]:
        """What the settings start after an edit."""
        (after,) = (entry for place, entry in hooks(str(self._hook.parent)) if place == ("hooks", "PostToolUse"))
        (started,) = after["hooks"]
        return [started["command"], *started["args"]]

    def tree(self, folder: Path | None = None) -> dict[str, tuple[int, int]]:
        """Every file and folder but git's own: nothing may come, go or change, tracked, untracked or ignored."""
        found = {}
        for where, folders, files in os.walk(folder or self.folder):
            if ".git" in folders:
                folders.remove(".git")
            for name in [*folders, *files]:
                path = Path(where, name)
                about = path.lstat()
                found[str(path)] = (about.st_size, about.st_mtime_ns)
        return found

    def caught(self) -> list[dict[str, str]]:
        file = self.folder / ".git/onebox-kit/caught.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
