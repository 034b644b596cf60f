"""Finds the nearest config file of a file, and the project's own tools."""

from __future__ import annotations

import os
import shutil


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
    for folder in folders_upwards(near, root):
        for home in homes:
            candidate = os.path.join(folder, home, name)
            if os.access(candidate, os.X_OK) and os.path.isfile(candidate):
                return candidate
    return shutil.which(name) or ""


def read_text(file: str, most: int = 200_000) -> str:
    """The beginning of a text file, or "" where it cannot be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as source:
            return source.read(most)
    except OSError:
        return ""
