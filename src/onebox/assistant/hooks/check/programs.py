"""Finds the nearest config file of a file, and the project's own tools."""

from __future__ import annotations

import os

PYTHON_HOMES = (".venv/bin", "venv/bin")
NODE_HOMES = ("node_modules/.bin",)
PHP_HOMES = ("vendor/bin",)
TOOL_HOMES = (*PYTHON_HOMES, *NODE_HOMES, *PHP_HOMES)
"""where a project keeps its own tools"""


def folders_upwards(path: str, root: str) -> list[str]:
    """The folders from the one of `path` up to `root`, nearest first; empty where `path` is not below `root`."""
    found = []
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    while folder == root or folder.startswith(root.rstrip(os.sep) + os.sep):
        found.append(folder)
        folder = os.path.dirname(folder)
        if folder == found[-1]:
            break
    return found


def nearest(path: str, root: str, names: tuple[str, ...]) -> str:
    """The nearest folder upwards that holds a file of one of these names, or ""."""
    for folder in folders_upwards(path, root):
        if any(os.path.isfile(os.path.join(folder, name)) for name in names):
            return folder
    return ""


def program(name: str, *, near: str, root: str, homes: tuple[str, ...] = ()) -> str:
    """The tool of the project (`homes`: folders such as `.venv/bin`), else of the machine; "" where it is missing."""
    # A relative folder in PATH would be one of the tree.
    machine = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder)]
    return own_program(name, near=near, root=root, homes=homes) or _first_program(name, machine)


def own_program(name: str, *, near: str, root: str, homes: tuple[str, ...]) -> str:
    """The tool of the project alone, the nearest one."""
    return _first_program(
        name, [os.path.join(folder, home) for folder in folders_upwards(near, root) for home in homes]
    )


def _first_program(name: str, folders: list[str]) -> str:
    for folder in folders:
        candidate = os.path.join(folder, name)
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return ""


def read_text(file: str, most: int = 200_000) -> str:
    """The beginning of a text file, or "" where it cannot be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as source:
            return source.read(most)
    except OSError:
        return ""
