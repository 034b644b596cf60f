"""Where a kit lies, and what it may write to."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from onebox.kernel.errors import OneboxError

MANIFEST = ".claude/kit.json"


class KitRefused(OneboxError):
    """The kit cannot be put there, or taken from there, as things are. Nothing was changed."""

    code: ClassVar[str] = "kit_refused"


def project_root(start: Path) -> Path:
    """The folder that the kit of this folder lies in, or would: the nearest around it that has one, else the root of
    the git repository, else this folder itself. Raises KitRefused for a home folder."""
    start = start.resolve()
    within = _up_to_repository(start)
    found = [folder for folder in within if (folder / MANIFEST).is_file()]
    root = found[0] if found else within[-1] if (within[-1] / ".git").exists() else start
    if root == _home():
        raise KitRefused(
            f"{root} is your home folder: its .claude/ holds the settings of all your projects",
            hint="run this in the project's own folder; if that has no repository yet: git init",
        )
    return root


def _up_to_repository(start: Path) -> list[Path]:
    """The folder and those around it, up to the root of the repository; without one, all of them."""
    folders = []
    for folder in (start, *start.parents):
        folders.append(folder)
        if (folder / ".git").exists():
            break
    return folders


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:  # nobody says where it is
        return None


def real_place(root: Path, name: str) -> Path:
    """The file that this name means, links followed. Raises KitRefused if it lies outside of the root, or if
    something that is no folder or no file is in its way."""
    named = root / name
    try:
        real = named.resolve()
    except (OSError, RuntimeError) as error:  # links that lead round in a circle
        raise KitRefused(f"{name} cannot be followed: {error}", hint="mend the link, then try again") from None
    if not real.is_relative_to(root.resolve()):
        raise KitRefused(
            f"{name} leads to {real}, which is outside of {root}",
            hint="the kit writes in its own repository alone; replace the link by a file or a folder of your own",
        )
    for folder in real.parents:
        if folder.exists() and not folder.is_dir():
            raise KitRefused(f"{folder} is no folder, so {name} cannot be in it", hint="move it away, then try again")
    if real.exists() and not real.is_file():
        raise KitRefused(f"{name} is no file", hint="move it away, then try again")
    return real
