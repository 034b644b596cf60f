"""A small repository with secrets in it, and what the guard says to a command that is run there."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from onebox.assistant.hooks.guard.patterns import SecretList
from onebox.assistant.hooks.guard.places import Places
from onebox.assistant.hooks.guard.shell import judge_shell

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = """\
.env
.env.*
!.env.example
*.pem
secrets/
id_rsa
"""
FILES = {
    ".env": "TOKEN=1\n",
    ".env.example": "TOKEN=\n",
    ".gitignore": ".env\n*.pem\nsecrets/\n",
    ".claude/settings.json": "{}\n",
    ".claude/hooks/protect_secrets.py": "",
    "README.md": "",
    "deploy.pem": "",
    "docker-compose.yml": "",
    "package.json": "{}\n",
    "secrets/bot": "",
    "src/app.py": "",
    "src/deep/part.py": "",
    "tests/test_app.py": "",
}


class Shop:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "shop"
        for name, text in FILES.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        subprocess.run(["git", "init", "-q", str(self.folder)], check=True)
        self.places = Places(str(self.folder), str(folder), SecretList.parse(SECRETS))

    def says(self, command: str) -> str | None:
        return judge_shell(command, self.places, str(self.folder))
