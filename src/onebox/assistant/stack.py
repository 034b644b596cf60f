"""What a repository is made of: its stacks by their config files, and the commands and folders that are really there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.assistant.commands import go_commands, node_commands, python_commands, shared_commands, wordpress_commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

STACKS = ("python", "go", "typescript", "wordpress", "box")
_ASIDE = frozenset(
    {"tests", "test", "docs", "examples", "fixtures", "testdata", "node_modules", "vendor", "build", "dist"}
)
_DEEPEST = 2
_MOST_FOLDERS = 400
_HEAD = 4096
_PLUGIN = re.compile(rb"^[ \t/*#@]*Plugin Name:", re.MULTILINE | re.IGNORECASE)
_THEME = re.compile(rb"^[ \t/*#@]*Theme Name:", re.MULTILINE | re.IGNORECASE)

Command = tuple[str, str]
"""what it is for (`Tests`), and the command as it is typed in the repository's root"""


@dataclass(frozen=True)
class Stack:
    """The stacks of a repository (none: unknown), what can be run in it, and where its code and its tests are; folders
    end in `/`."""

    names: tuple[str, ...]
    commands: tuple[Command, ...] = ()
    code: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    places: Mapping[str, Path] = field(default_factory=dict)
    """by stack: the folder of its config file, where one was found"""

    @property
    def name(self) -> str:
        """Such as `python+typescript`; `plain` where none is known."""
        return "+".join(self.names) or "plain"


def find_stack(here: Path, root: Path, wanted: str = "auto") -> Stack:
    """The stacks of the nearest config files, from this folder up to the root; what lies below is looked at where that
    is not enough. With another `wanted` than `auto` these stacks are taken for granted (`python+typescript`)."""
    places = _places(here.resolve(), root.resolve())
    names = tuple(places) if wanted == "auto" else tuple(name for name in STACKS if name in wanted.split("+"))
    shared = shared_commands(root)
    taken = {kind for kind, _ in shared}
    own = [(kind, command) for kind, command in _own_commands(names, places, root) if kind not in taken]
    return Stack(names, (*shared, *own), *_folders(root, names, places), places)


def _places(here: Path, root: Path) -> dict[str, Path]:
    """The folder of each stack's config file, by the stack."""
    found: dict[str, Path] = {}
    for folder in (here, *here.parents):
        for name in _stacks_of(folder):
            found.setdefault(name, folder)
        if folder == root:
            break
    for folder in _below(root):
        for name in _stacks_of(folder):
            if name != "box":  # an example; the box of a repository is its root, or where one stands
                found.setdefault(name, folder)
    return {name: found[name] for name in STACKS if name in found}


def _below(root: Path) -> Iterator[Path]:
    level, seen = [root], 0
    for _ in range(_DEEPEST):
        level = [inner for folder in level for inner in _subfolders(folder)]
        seen += len(level)
        if seen > _MOST_FOLDERS:
            return
        yield from level


def _subfolders(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [
        entry for entry in entries if not entry.name.startswith(".") and entry.name not in _ASIDE and _is_folder(entry)
    ]


def _is_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink()


def _stacks_of(folder: Path) -> list[str]:
    found = [name for name, is_there in _SIGNS.items() if is_there(folder)]
    # The scripts of a WordPress plugin or a Python site do not make it a JavaScript project.
    if not found and (folder / "package.json").is_file():
        return ["typescript"]
    return found


def _any(*names: str) -> Callable[[Path], bool]:
    return lambda folder: any((folder / name).is_file() for name in names)


def _is_wordpress(folder: Path) -> bool:
    if (folder / "wp-config.php").exists() or (folder / "wp-content").is_dir():
        return True
    return _heads(folder.glob("*.php"), _PLUGIN) or _heads([folder / "style.css"], _THEME)


def _heads(files: Iterable[Path], sign: re.Pattern[bytes]) -> bool:
    """Whether one of these files begins with such a header."""
    for file in files:
        try:
            with file.open("rb") as opened:
                if sign.search(opened.read(_HEAD)):
                    return True
        except OSError:
            continue
    return False


_SIGNS: dict[str, Callable[[Path], bool]] = {
    "python": _any("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"),
    "go": _any("go.mod"),
    "typescript": _any("tsconfig.json"),
    "wordpress": _is_wordpress,
    "box": _any("box.yaml"),
}


def _own_commands(names: Iterable[str], places: dict[str, Path], root: Path) -> Iterator[Command]:
    for name in names:
        folder = places.get(name, root)
        inside = folder.relative_to(root).as_posix()
        for kind, command in _COMMANDS[name](folder):
            yield (kind, command) if inside == "." else (f"{kind} of {inside}/", f"cd {inside} && {command}")


_COMMANDS: dict[str, Callable[[Path], list[Command]]] = {
    "python": python_commands,
    "go": go_commands,
    "typescript": node_commands,
    "wordpress": wordpress_commands,
    "box": lambda _: [("Faults", "onebox check"), ("Tests", "onebox test"), ("What changed", "onebox diff")],
}


# ---- folders


_CODE = {
    "python": ("src", "app", "lib"),
    "go": ("cmd", "internal", "pkg"),
    "typescript": ("src", "app", "lib", "packages", "apps"),
    "wordpress": ("includes", "inc", "src", "templates", "blocks"),
    "box": ("flows", "templates", "tables", "code"),
}
_TESTS = ("tests", "test", "spec", "e2e", "__tests__")


def _folders(root: Path, names: Iterable[str], places: dict[str, Path]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    code: dict[str, None] = {}
    tests: dict[str, None] = {}
    for name in names:
        folder = places.get(name, root)
        packages = [inner.name for inner in _subfolders(folder) if (inner / "__init__.py").is_file()]
        for each in (*_CODE[name], *(packages if name == "python" else ())):
            if (folder / each).is_dir():
                code[_shown(folder / each, root)] = None
        for each in _TESTS:
            if (folder / each).is_dir():
                tests[_shown(folder / each, root)] = None
    return tuple(code), tuple(tests)


def _shown(folder: Path, root: Path) -> str:
    return f"{folder.relative_to(root).as_posix()}/"
