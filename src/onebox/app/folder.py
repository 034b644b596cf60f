"""A box is a folder: its settings, flows, templates and code, and what it keeps while it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from onebox.flows.testing.cases import TEST_ENDING
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SETTINGS = "box.yaml"
SECRETS = "secrets.yaml"
BOOKING = "booking.yaml"

Fingerprint = tuple[tuple[str, int, int], ...]
"""path, time of change and size of each file"""


class BoxNotFound(OneboxError):
    """There is no box where one was looked for."""

    code: ClassVar[str] = "box_not_found"


class BoxFolder:
    """The files of a box. Making one of these reads nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = path / SETTINGS
        self.secrets = path / SECRETS
        self.booking = path / BOOKING
        self.flows = path / "flows"
        self.templates = path / "templates"
        self.code = path / "code"
        self.tables = path / "tables"
        self.data = path / ".onebox"
        self.key = self.data / "key"
        self.database = self.data / "box.db"
        self.files = self.data / "files"

    @classmethod
    def find(cls, path: Path | None = None) -> BoxFolder:
        """The box at this path; without one, the box that the working directory lies in. Raises BoxNotFound."""
        if path is not None:
            return cls._at(path)
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / SETTINGS).is_file():
                return cls(folder)
        raise BoxNotFound(
            f"neither {here} nor a folder around it is a box: there is no {SETTINGS}",
            hint="name the box with --box DIR, or make one: onebox init DIR",
        )

    @classmethod
    def _at(cls, path: Path) -> BoxFolder:
        if path.name == SETTINGS and path.is_file():
            path = path.parent
        if (path / SETTINGS).is_file():
            return cls(path)
        missing = f"there is no {SETTINGS} in it" if path.is_dir() else "there is no such folder"
        raise BoxNotFound(f"{path} is no box: {missing}", hint=f"make one: onebox init {path}")

    def prepare(self) -> None:
        """Makes the folder for what the box keeps, out of git's sight. Raises OSError."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        ignore = self.data / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")

    def flow_sources(self) -> dict[str, str | OSError]:
        """The flow files: texts by name (`flows/orders.yaml`), or why one cannot be read. Bytes that are no UTF-8 are
        left as surrogates, which the reader of flows refuses with their place; a file that goes away meanwhile is left
        out."""
        return _sources(file for file in sorted(self.flows.glob("*.yaml")) if not file.name.endswith(TEST_ENDING))

    def test_sources(self) -> dict[str, str | OSError]:
        """The same for the files of tests (`flows/orders.test.yaml`)."""
        return _sources(file for file in sorted(self.flows.glob("*.yaml")) if file.name.endswith(TEST_ENDING))

    def table_sources(self) -> dict[str, str | OSError]:
        """The same for the files of tables/ (`tables/0001-leads.sql`)."""
        return _sources(file for file in sorted(self.tables.glob("*.sql")) if not file.name.startswith("."))

    def text_of(self, name: str) -> str:
        """The text of a file of the box, such as `flows/orders.test.yaml`; empty if there is none. Raises OSError."""
        return _text(self.path / name) or ""

    def write(self, name: str, text: str) -> None:
        """Writes such a file in one piece: a crash leaves the old one or the new one. Raises OSError."""
        replace_file(self.path / name, text)

    def companion(self, name: str) -> str | None:
        """The text of a file that a flow names (`flows/help.md`): beside the flow, else of that name in templates/.
        None if neither has it, or if it lies outside the box."""
        for file in self.path / name, self.templates / name.removeprefix("flows/"):
            if self._is_inside(file) and file.is_file():
                return _text(file)
        return None

    def companions(self) -> list[str]:
        """The names that `companion` knows, for messages that name the nearest."""
        found = {name for folder in (self.flows, self.templates) for name in _names_below(folder)}
        return sorted(f"flows/{name}" for name in found if not name.endswith(".yaml"))

    def _is_inside(self, file: Path) -> bool:
        # Flows are written by people who may write files here; a link may still lead out by mistake.
        return file.resolve().is_relative_to(self.path.resolve())

    def strays(self) -> list[str]:
        """Files that look like flows, or like the salon, and are not read, for they end in .yml."""
        salon = self.booking.with_suffix(".yml")
        return [salon.name] * salon.exists() + sorted(f"flows/{file.name}" for file in self.flows.glob("*.yml"))

    def fingerprint(self) -> Fingerprint:
        """Changes when a file changes that the box reads; cheap enough to be asked each second."""
        found = list(_stats(os.fspath(self.path), only=frozenset({SETTINGS, SECRETS})))
        for folder in (self.flows, self.templates, self.code):
            found += _stats(os.fspath(folder))
        found.sort()
        return tuple(found)

    def __str__(self) -> str:
        return str(self.path)


def replace_file(file: Path, text: str) -> None:
    """In one piece: a crash leaves the old file or the new one."""
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("w", encoding="utf-8", newline="") as writing:
        writing.write(text)
        writing.flush()
        os.fsync(writing.fileno())
    fresh.replace(file)


def _sources(files: Iterable[Path]) -> dict[str, str | OSError]:
    found: dict[str, str | OSError] = {}
    for file in files:
        name = f"{file.parent.name}/{file.name}"
        try:
            text = _text(file)
        except OSError as error:
            found[name] = error
        else:
            found.update({} if text is None else {name: text})
    return found


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8-sig", "surrogateescape")
    except FileNotFoundError:
        return None


def _names_below(folder: Path) -> Iterator[str]:
    prefix = len(os.fspath(folder)) + 1
    return (path[prefix:] for path, _, _ in _stats(os.fspath(folder)))


def _stats(folder: str, only: frozenset[str] | None = None) -> Iterator[tuple[str, int, int]]:
    # os.scandir and not Path: a thousand files must cost a few milliseconds.
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if (entry.name not in only) if only is not None else (entry.name[0] == "." or entry.name == "__pycache__"):
            continue
        if only is None and entry.is_dir():
            yield from _stats(entry.path)
            continue
        try:
            stat = entry.stat()
        except FileNotFoundError:  # taken away meanwhile, or a link to nothing
            continue
        yield entry.path, stat.st_mtime_ns, stat.st_size
