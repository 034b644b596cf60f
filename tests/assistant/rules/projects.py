"""Small real repositories whose rules are learnt."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onebox.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW_WRONG = "from adapters import telegram\n"
CHECK = "! grep -rq adapters src/core"
VIOLATION = """diff --git a/src/core/shop.py b/src/core/shop.py
--- a/src/core/shop.py
+++ b/src/core/shop.py
@@ -1 +1,2 @@
 PRICE = 12
+from adapters import telegram
"""


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def a_project(folder: Path) -> Path:
    """A repository with a core and adapters, committed."""
    files = {
        "src/core/shop.py": "PRICE = 12\n",
        "src/adapters/telegram.py": "NAME = 'telegram'\n",
        "CLAUDE.md": "# The shop\n\nAna's own words.\n",
        ".gitignore": ".venv/\n*.log\n",
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "The shop")
    return folder


@dataclass(frozen=True)
class Said:
    """What a command ended with, and printed."""

    returncode: int
    stdout: str
    stderr: str


def onebox(folder: Path, *arguments: str, given: str = "") -> Said:
    """`onebox kit …` in this folder, in this process: to start another takes longer than most of what it does."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with chdir(folder), redirect_stdout(out), redirect_stderr(err), _stdin(given):
        code = main(["kit", *arguments])
    out.seek(0)
    err.seek(0)
    return Said(code, out.read(), err.read())


@contextmanager
def _stdin(given: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(given.encode()), "utf-8")
    try:
        yield
    finally:
        sys.stdin = before
