"""Small real repositories whose rules are learnt."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def onebox(folder: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onebox", "kit", *arguments],
        cwd=folder,
        input=given,
        check=False,
        capture_output=True,
        text=True,
    )
