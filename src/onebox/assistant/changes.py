"""Changes of several files of a repository, shown as a diff or carried out: all, or none."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.assistant.place import MANIFEST, KitRefused, real_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCRIPT = 0o755
_WRITABLE = 0o222


@dataclass(frozen=True)
class Change:
    """A file, what is in it (None: it is not there), and what shall be."""

    name: str
    before: bytes | None
    after: bytes | None
    script: bool = False


@dataclass
class Changes:
    """What shall change below a root, in order; `notes` are told to the person beside it. `folders` are taken away
    afterwards where they are empty."""

    root: Path
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)

    def read(self, name: str) -> bytes | None:
        """What is in a file now; None if it is not there. Raises KitRefused, OSError."""
        try:
            return real_place(self.root, name).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, name: str, after: bytes | None, *, script: bool = False) -> None:
        """Adds a change; what is as it shall be is left out. Raises KitRefused for a file that nobody may write."""
        before = self.read(name)
        if before == after and not (script and not os.access(real_place(self.root, name), os.X_OK)):
            return
        if before is not None and not real_place(self.root, name).stat().st_mode & _WRITABLE:
            raise KitRefused(f"{name} is read-only", hint=f"nothing was changed; chmod u+w {name}, then try again")
        self.changes.append(Change(name, before, after, script))

    def diff(self) -> bytes:
        """A unified diff of all of it, as git applies it; what nobody reads is last."""
        root = self.root.resolve()
        lines: list[str] = []
        for change in sorted(self.changes, key=lambda each: (each.script, each.name == MANIFEST)):
            real = real_place(root, change.name)
            name = real.relative_to(root).as_posix()
            lines += _header(name, real, change)
            lines += diff_of(name, change.before, change.after)
        return "".join(lines).encode("utf-8", "surrogateescape")

    def carry_out(self) -> None:
        """Each file in one piece. On a failure what was done is undone, and the failure is raised: OSError."""
        made = self._make_folders()
        ready: list[tuple[Path, Path | None, Change]] = []
        try:
            for change in self.changes:
                real = real_place(self.root, change.name)
                ready.append((real, None if change.after is None else _written(real, change), change))
            self._swap(ready)
        except BaseException:
            for _, fresh, _ in ready:
                if fresh is not None:
                    fresh.unlink(missing_ok=True)
            _take_away(made)
            raise
        _take_away([self.root / name for name in self.folders])

    def new_folders(self) -> list[str]:
        """The folders that must be made, the outer first."""
        found: dict[str, None] = {}
        for change in self.changes:
            parents = [] if change.after is None else list((self.root / change.name).parents)
            for folder in reversed(parents):
                if folder.is_relative_to(self.root) and folder != self.root and not folder.exists():
                    found[folder.relative_to(self.root).as_posix()] = None
        return list(found)

    def _make_folders(self) -> list[Path]:
        made: list[Path] = []
        try:
            for name in self.new_folders():
                (self.root / name).mkdir()
                made.append(self.root / name)
        except OSError:
            _take_away(made)
            raise
        return made

    def _swap(self, ready: list[tuple[Path, Path | None, Change]]) -> None:
        done: list[tuple[Path, Change, int | None]] = []
        try:
            for real, fresh, change in ready:
                mode = real.stat().st_mode if real.exists() else None
                done.append((real, change, mode))
                if fresh is None:
                    real.unlink(missing_ok=True)
                else:
                    fresh.replace(real)
        except BaseException:
            for real, change, mode in reversed(done):
                _put_back(real, change.before, mode)
            raise


def diff_of(name: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    """The lines of a unified diff, with lone surrogates for bytes that are no UTF-8."""
    names = ("/dev/null" if before is None else f"a/{name}", "/dev/null" if after is None else f"b/{name}")
    for line in difflib.unified_diff(_lines(before), _lines(after), *names):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(data: bytes | None) -> list[str]:
    """With their ends. Only a line feed is one: `str.splitlines` would end a line at a form feed, too."""
    lines = (data or b"").decode("utf-8", "surrogateescape").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]


def _header(name: str, real: Path, change: Change) -> Iterator[str]:
    """What git says of a file before its lines: that it is new or goes, and whether it can be run."""
    yield f"diff --git a/{name} b/{name}\n"
    run = 0o100755 if change.script else 0o100644
    now = 0o100755 if os.access(real, os.X_OK) else 0o100644
    if change.before is None:
        yield f"new file mode {run:o}\n"
    elif change.after is None:
        yield f"deleted file mode {now:o}\n"
    elif change.script and run != now:
        yield f"old mode {now:o}\nnew mode {run:o}\n"


def _written(real: Path, change: Change) -> Path:
    """A new file beside the one whose place it will take, with that one's rights."""
    fresh = real.with_name(f".{real.name}.onebox-kit-new")
    mode = _SCRIPT if change.script else real.stat().st_mode & 0o777 if real.exists() else None
    try:
        with fresh.open("wb") as writing:
            writing.write(change.after or b"")
            writing.flush()
            os.fsync(writing.fileno())
        if mode is not None:
            fresh.chmod(mode)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def _put_back(real: Path, before: bytes | None, mode: int | None) -> None:
    if before is None:
        real.unlink(missing_ok=True)
        return
    real.write_bytes(before)
    if mode is not None:
        real.chmod(mode & 0o777)


def _take_away(folders: list[Path]) -> None:
    """The empty ones, the inner first."""
    for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
        try:
            folder.rmdir()
        except OSError:  # something is in it, or it is gone
            continue
