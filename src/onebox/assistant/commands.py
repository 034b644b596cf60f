"""The commands that a repository's own files name: nothing is said that is not there."""

from __future__ import annotations

import json
import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_TARGETS = {
    "test": "Tests",
    "tests": "Tests",
    "check": "All checks",
    "lint": "Lint",
    "typecheck": "Types",
    "type-check": "Types",
    "format": "Format",
    "fmt": "Format",
    "build": "Build",
}
"""what a target or script of this name is for"""
_RULE = re.compile(r"^([A-Za-z][\w-]*)[^\S\n]*:(?!=)", re.MULTILINE)
_NO_TEST = "no test specified"

Commands = list[tuple[str, str]]


def shared_commands(folder: Path) -> Commands:
    """Of the script `dev`, the Makefile, the justfile."""
    found: Commands = []
    script = folder / "dev"
    if script.is_file() and os.access(script, os.X_OK):
        words = set(re.findall(r"[\w-]+", _text(script)))
        found += [(kind, f"./dev {name}") for name, kind in _TARGETS.items() if name in words]
    for file, program in (("Makefile", "make"), ("makefile", "make"), ("justfile", "just"), ("Justfile", "just")):
        targets = set(_RULE.findall(_text(folder / file)))
        found += [(kind, f"{program} {name}") for name, kind in _TARGETS.items() if name in targets]
    return _first_of_each_kind(found)


def python_commands(folder: Path) -> Commands:
    project = _toml(folder / "pyproject.toml")
    tools = project.get("tool") if isinstance(project.get("tool"), dict) else {}
    assert isinstance(tools, dict)
    words = _python_words(folder)
    run = "uv run " if (folder / "uv.lock").exists() else "poetry run " if (folder / "poetry.lock").exists() else ""
    setup = _text(folder / "setup.cfg")
    found: Commands = []
    if "pytest" in tools or "pytest" in words or _is(folder, "pytest.ini", "conftest.py", "tests/conftest.py"):
        found.append(("Tests", f"{run}pytest"))
    elif any("unittest" in _text(file) for file in sorted(folder.glob("tests/test*.py"))[:20]):
        found.append(("Tests", f"{run}python3 -m unittest discover -s tests"))
    if "ruff" in tools or _is(folder, "ruff.toml", ".ruff.toml"):
        found.append(("Lint", f"{run}ruff check"))
    elif _is(folder, ".flake8") or "[flake8]" in setup:
        found.append(("Lint", f"{run}flake8"))
    if "mypy" in tools or _is(folder, "mypy.ini", ".mypy.ini") or "[mypy]" in setup:
        found.append(("Types", f"{run}mypy" if "files" in tools.get("mypy", {}) else f"{run}mypy ."))
    elif "pyright" in tools or _is(folder, "pyrightconfig.json"):
        found.append(("Types", f"{run}pyright"))
    if "importlinter" in tools or _is(folder, ".importlinter"):
        found.append(("Imports", f"{run}lint-imports"))
    return found


def _python_words(folder: Path) -> set[str]:
    files = (
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "tox.ini",
        *(file.name for file in folder.glob("*require*.txt")),
    )
    return {word for name in files for word in re.findall(r"[A-Za-z][\w.-]*", _text(folder / name))}


def go_commands(folder: Path) -> Commands:
    found = [("Tests", "go test ./..."), ("Vet", "go vet ./...")]
    if _is(folder, *(f".golangci.{ending}" for ending in ("yml", "yaml", "toml", "json"))):
        found.append(("Lint", "golangci-lint run"))
    return found


def node_commands(folder: Path) -> Commands:
    scripts = _table(_json(folder / "package.json"), "scripts")
    runner = _runner(folder)
    found: Commands = []
    for name, kind in _TARGETS.items():
        if isinstance(scripts.get(name), str) and _NO_TEST not in scripts[name]:
            found.append((kind, f"{runner} test" if name == "test" and runner != "bun" else f"{runner} run {name}"))
    if "Types" not in {kind for kind, _ in found} and _is(folder, "tsconfig.json"):
        found.append(("Types", "npx tsc --noEmit"))
    return _first_of_each_kind(found)


def _runner(folder: Path) -> str:
    locks = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
    return next((runner for lock, runner in locks.items() if (folder / lock).is_file()), "npm")


def wordpress_commands(folder: Path) -> Commands:
    composer = _json(folder / "composer.json")
    scripts = _table(composer, "scripts")
    wanted = _table(composer, "require-dev")
    found = [(kind, f"composer {name}") for name, kind in _TARGETS.items() if name in scripts]
    tools = (
        ("Tests", "phpunit/phpunit", "phpunit", ("phpunit.xml", "phpunit.xml.dist")),
        ("Types", "phpstan/phpstan", "phpstan analyse", ("phpstan.neon", "phpstan.neon.dist")),
        (
            "Lint",
            "squizlabs/php_codesniffer",
            "phpcs",
            ("phpcs.xml", "phpcs.xml.dist", ".phpcs.xml", ".phpcs.xml.dist"),
        ),
    )
    for kind, package, command, configs in tools:
        program = f"vendor/bin/{command.partition(' ')[0]}"
        if _is(folder, *configs) and (package in wanted or _is(folder, program)):
            found.append((kind, f"vendor/bin/{command}"))
    return _first_of_each_kind(found)


def _first_of_each_kind(found: Commands) -> Commands:
    kinds: dict[str, str] = {}
    for kind, command in found:
        kinds.setdefault(kind, command)
    return list(kinds.items())


def _is(folder: Path, *names: str) -> bool:
    return any((folder / name).is_file() for name in names)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError:
        return {}


def _json(file: Path) -> Any:
    try:
        return json.loads(_text(file))
    except ValueError:
        return {}


def _table(document: Any, name: str) -> dict[str, Any]:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}
