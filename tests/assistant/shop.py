"""The repository that the cases of the corpus speak of: a shop in several languages, with secrets of many kinds. All values are made up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.install import plan_init

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_IGNORED = """\
.env
.env.*
!.env.example
*.session
*.creds
!sample.creds
.onebox/
.venv/
__pycache__/
backup/
build/
certs/
deploy/id_ed25519
node_modules/
service-account.json
vault/
wp/wp-config.php
"""
_SOURCES = {
    ".env.example": "SHOP_KEY=\n",
    ".gitignore": _IGNORED,
    "CHANGELOG.md": "# Changes\n",
    "README.md": "# Shop\n\nRun `cp .env.example .env`, and fill it in.\n",
    "analysis.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
    "app.js": "console.log('shop')\n",
    "box.yaml": "storage: sqlite\n",
    "compose.yaml": "services:\n  web:\n    image: shop\n    env_file: .env\n",
    "composer.json": '{"name": "ana/shop"}\n',
    "config.yaml": "key: changeme\n",
    "deploy/id_ed25519.pub": "ssh-ed25519 made-up ana@example.org\n",
    "deploy/readme.txt": "How to bring it out.\n",
    "docs/env.md": "# The environment\n\nNever `cat .env`.\n",
    "docs/secrets.md": "# Secrets\n",
    "docs/vault-notes.md": "# The vault\n",
    "flows/hello.yaml": "flow: hello\non: manual\nsteps: []\n",
    "go.mod": "module example.org/shop\n\ngo 1.24\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "package.json": '{"name": "shop", "version": "1.0.0"}\n',
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
    "sample.creds": "user=\n",
    "src/app.py": "x = 1\nz = 2\n",
    "src/config.ts": "export const url = '/';\n",
    "src/env.py": "DEBUG = True\nx = 1\n",
    "src/environment.ts": "export const environment = { production: false };\n",
    "src/keys.ts": "export const x = 1;\n",
    "src/secret_manager.go": "package main\n\nvar x = 1\n",
    "src/settings.py": "BOT = ''\n",
    "tests/test_app.py": "def test_app() -> None:\n    assert 1 + 1 == 2\n",
    "tests/test_env.py": "def test_env() -> None:\n    assert 1 + 1 == 2\n",
    "tsconfig.json": "{}\n",
    "wp/wp-config-sample.php": "<?php define('DB_PASSWORD', 'password_here');\n",
    "wp/wp-content/plugins/shop/shop.php": "<?php\n/* Plugin Name: Shop */\n",
}
_SECRETS = {
    ".env": "SHOP_KEY=made-up-1\n",
    ".env.local": "SHOP_KEY=made-up-2\n",
    ".env.production": "SHOP_KEY=made-up-3\n",
    ".onebox/key": "made-up-4\n",
    "backup/2026/.env": "SHOP_KEY=made-up-5\n",
    "bot.session": "made-up-6\n",
    "certs/server.key": "made-up-7\n",
    "deploy/id_ed25519": "made-up-8\n",
    "prod.creds": "user=made-up-9\n",
    "service-account.json": '{"type": "service_account", "made": "up"}\n',
    "vault/deep/codes.txt": "made-up-10\n",
    "vault/ledger.txt": "made-up-11\n",
    "wp/wp-config.php": "<?php define('DB_PASSWORD', 'made-up-12');\n",
}
_IGNORED_FILES = {"build/shop": "", "node_modules/dotenv/index.js": "", ".venv/bin/activate": ""}
_LINKS = {"notes.txt": ".env", "docs/pem": "../certs", "latest": "src/app.py"}
_AT_HOME = {".ssh/id_rsa": "made-up-13\n", ".claude/settings.json": "{}\n"}
# What the person adds to the kit's list.
_OWN_LIST = "\n# ours\n/vault/\n*.creds\n!sample.creds\n"
_AUTHOR = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")


def make_shop(root: Path, home: Path) -> None:
    """A git repository at `root` with the kit, and the home of the person who works on it."""
    write(root, _SOURCES)
    link(root, _LINKS)
    write(home, _AT_HOME)
    git(root, "init", "-q", "-b", "main")
    commit(root, "A shop")
    write(root, {**_SECRETS, **_IGNORED_FILES})
    plan_init(root, root)[1].carry_out()
    with (root / ".claude/secrets.txt").open("a") as secrets:
        secrets.write(_OWN_LIST)
    plan_init(root, root)[1].carry_out()
    commit(root, "The kit")


@contextmanager
def given(root: Path, more: Mapping[str, Mapping[str, str]]) -> Iterator[None]:
    """For a while the repository has more `files` and `links` (path: text, or target), some of them known to git (`tracked`)."""
    files, links, tracked = (more.get(what, {}) for what in ("files", "links", "tracked"))
    folders = {folder for name in [*files, *links] for folder in (root / name).parents if not folder.exists()}
    write(root, files)
    link(root, links)
    if tracked:
        git(root, "add", "-f", *tracked)
    try:
        yield
    finally:
        if tracked:
            git(root, "rm", "-qr", "--cached", *tracked)
        for name in [*files, *links]:
            (root / name).unlink()
        for folder in sorted(folders, reverse=True):
            folder.rmdir()


def write(root: Path, files: Mapping[str, str]) -> None:
    """Files, with the folders that they need."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def link(root: Path, links: Mapping[str, str]) -> None:
    """Links, by what they point to."""
    for name, target in links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)


def git(root: Path, *words: str) -> str:
    """What git prints."""
    words = ("git", "-C", str(root), *_AUTHOR, *words)
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def commit(root: Path, message: str) -> None:
    """All that git does not leave out."""
    git(root, "add", "-A")
    git(root, "commit", "-qm", message)


def onebox(root: Path, home: Path, *words: str, code: int = 0) -> str:
    """What the command line says, in this folder; it must end with this code."""
    ended = subprocess.run(
        [sys.executable, "-m", "onebox", *words], cwd=root, env={**os.environ, "HOME": str(home)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == code, f"onebox {' '.join(words)} ended with {ended.returncode}:\n{ended.stdout[-2000:]}"
    return ended.stdout


def lane(folder: Path, *programs: str) -> str:
    """A PATH on which these programs are, and no other."""
    folder.mkdir()
    for name in programs:
        found = shutil.which(name)
        assert found, f"{name} is not on PATH"
        (folder / name).symlink_to(Path(found).resolve())
    return str(folder)
