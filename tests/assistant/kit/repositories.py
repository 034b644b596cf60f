"""Real repositories, as people have them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING

from onebox.cli.exits import Exit
from onebox.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

FILES: dict[str, dict[str, str]] = {
    "python": {
        "pyproject.toml": '[project]\nname = "shop"\n\n[tool.ruff]\n\n[tool.pytest.ini_options]\n',
        "uv.lock": "",
        "src/shop/__init__.py": "",
        "tests/test_shop.py": "def test_shop(): pass\n",
        "Makefile": "lint:\n\truff check\n\n.PHONY: lint\n",
    },
    "go": {
        "go.mod": "module example.org/shop\n\ngo 1.24\n",
        "cmd/shop/main.go": "package main\n\nfunc main() {}\n",
        "internal/orders/orders.go": "package orders\n",
    },
    "typescript": {
        "package.json": json.dumps({"scripts": {"test": "vitest run", "lint": "eslint .", "dev": "vite"}}),
        "pnpm-lock.yaml": "",
        "tsconfig.json": "{}",
        "src/index.ts": "export {}\n",
    },
    "wordpress": {
        "shop.php": "<?php\n/**\n * Plugin Name: Shop\n */\n",
        "includes/orders.php": "<?php\n",
        "composer.json": json.dumps({"require-dev": {"phpunit/phpunit": "^11"}, "scripts": {"lint": "phpcs"}}),
        "phpunit.xml.dist": "<phpunit/>",
        "package.json": json.dumps({"scripts": {"build": "wp-scripts build"}}),
    },
    "plain": {"notes.txt": "what we know\n"},
}
"""by stack; a box is made by `onebox init`"""


def make(root: Path, stack: str, *, git: bool = True, more: dict[str, bytes] | None = None) -> Path:
    """A repository of this stack with one commit, in a folder that is new; `more` are files beside."""
    if stack == "box":
        assert main(["init", str(root)]) == Exit.ok
    files = {name: text.encode() for name, text in FILES.get(stack, {}).items()} | (more or {})
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    if git:
        run_git(root, "init", "--quiet")
        commit(root)
    return root


def commit(root: Path) -> None:
    run_git(root, "add", "--all")
    run_git(root, "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "commit", "--quiet", "--message", "All")


def run_git(root: Path, *arguments: str) -> str:
    asked = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True)
    return asked.stdout


def status(root: Path) -> str:
    """What differs from the last commit; empty when nothing does."""
    return run_git(root, "status", "--short", "--untracked-files=all")


def tree(root: Path) -> dict[str, str]:
    """Every file (its rights and its hash), link and folder, but those of git."""
    found = {}
    for file in sorted(root.rglob("*")):
        name = file.relative_to(root).as_posix()
        if name == ".git" or name.startswith(".git/"):
            continue
        if file.is_symlink():
            found[name] = f"-> {file.readlink()}"
        elif file.is_dir():
            found[name] = "folder"
        else:
            found[name] = f"{file.stat().st_mode:o} {hashlib.sha256(file.read_bytes()).hexdigest()}"
    return found
