"""Config files that the standard library can read: does it read them?"""

from __future__ import annotations

import json
import os

from onebox.assistant.hooks.check.faults import Fault, Outcome

# Plain JSON by their own definition. Many other `.json` files are read by tools that take comments.
STRICT_JSON = frozenset(
    "package.json package-lock.json composer.json composer.lock manifest.json plugin.json marketplace.json block.json "
    "theme.json .mcp.json hooks.json settings.local.json kit.json".split()
)


def is_config(path: str) -> bool:
    name = os.path.basename(path)
    settings = name == "settings.json" and os.path.basename(os.path.dirname(path)) == ".claude"
    return name.endswith((".toml", ".ipynb")) or name in STRICT_JSON or settings


def check_config(path: str) -> Outcome:
    """TOML where this Python knows it (3.11), JSON everywhere; YAML it does not know."""
    with open(path, "rb") as file:
        content = file.read()
    return _toml(path, content) if path.endswith(".toml") else _json(path, content)


def _json(path: str, content: bytes) -> Outcome:
    try:
        json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as wrong:
        return Outcome([Fault(path, wrong.lineno, wrong.colno, f"not JSON: {wrong.msg}")])
    except UnicodeDecodeError as wrong:
        return Outcome([Fault(path, 0, 0, f"not UTF-8: byte {wrong.start}")])
    return Outcome()


def _toml(path: str, content: bytes) -> Outcome:
    try:
        import tomllib
    except ImportError:  # Python 3.9 and 3.10
        return Outcome()
    try:
        tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        return Outcome([Fault(path, *_place(str(wrong)), f"not TOML: {wrong}")])
    return Outcome()


def _place(said: str) -> tuple[int, int]:
    """`… (at line 3, column 5)`."""
    import re

    found = re.search(r"at line (\d+), column (\d+)", said)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)
