"""One walk over a project: where its stacks begin, and a fingerprint of the files that each of them reads."""

from __future__ import annotations

import os

from onebox.assistant.hooks.check.checkout import digest

# Not the project's own.
FOREIGN_FOLDERS = frozenset(".git .hg .svn .venv venv node_modules site-packages __pycache__".split())
# Made or fetched, where they lie beside a project's file; elsewhere these are words like others.
MADE_FOLDERS = frozenset("vendor dist build target coverage".split())
PROJECT_FILES = frozenset("pyproject.toml setup.py package.json go.mod composer.json Cargo.toml".split())
# Hidden folders with files that people write.
SEEN_HIDDEN = frozenset((".claude", ".github"))
# They change by themselves while a program runs.
RESTLESS = (".log", ".pyc", ".sqlite", ".sqlite3", ".db", "-wal", "-shm", "-journal", ".pid", ".lock", ".swp", "~")


class Kind:
    """A whole-project check: which folders it begins in, and which files it reads there."""

    __slots__ = ("name", "names", "suffixes")

    def __init__(self, name: str, suffixes: tuple[str, ...], names: tuple[str, ...] = ()) -> None:
        self.name = name
        self.suffixes = suffixes
        self.names = names

    def begins_in(self, folder: str, names: set[str]) -> bool:
        """Whether such a project begins in this folder, which holds files of these names."""
        raise NotImplementedError

    def reads(self, name: str) -> bool:
        return name.endswith(self.suffixes) or name in self.names


class Survey:
    """`places`: (kind's name, folder) to a fingerprint, in the order they were found; `everything`: one of all files."""

    __slots__ = ("everything", "places")

    def __init__(self, places: dict[tuple[str, str], str], everything: str) -> None:
        self.places = places
        self.everything = everything


def survey(root: str, kinds: tuple[Kind, ...]) -> Survey:
    """Walks the tree once. A file counts for every place above it: a root's config may take in nested folders."""
    lines: dict[tuple[str, str], list[str]] = {}
    everything: list[str] = []
    waiting: list[tuple[str, tuple[tuple[Kind, list[str]], ...]]] = [(root, ())]
    while waiting:
        folder, places = waiting.pop()
        files, folders = _listed(folder, outermost=folder == root)
        names = {entry.name for entry in files}
        for kind in kinds:
            if kind.begins_in(folder, names):
                mine = lines[kind.name, folder] = []
                places = (*places, (kind, mine))
        for entry in files:
            line = _stamp(entry)
            everything.append(line)
            for kind, mine in places:
                if kind.reads(entry.name):
                    mine.append(line)
        waiting.extend((path, places) for path in folders)
    return Survey({place: _hashed(mine) for place, mine in lines.items()}, _hashed(everything))


def is_foreign(path: str, root: str) -> bool:
    """Whether a file lies where the walk does not go: what was fetched or made is mended elsewhere."""
    folders = os.path.relpath(path, root).split(os.sep)[:-1]
    if not FOREIGN_FOLDERS.isdisjoint(folders):
        return True
    beside = [os.path.join(root, *folders[:depth]) for depth, name in enumerate(folders) if name in MADE_FOLDERS]
    return any(os.path.isfile(os.path.join(folder, name)) for folder in beside for name in PROJECT_FILES)


def _listed(folder: str, *, outermost: bool) -> tuple[list[os.DirEntry[str]], list[str]]:
    """The files of a folder that count, and the folders to walk next. Links to folders are not followed.

    A checkout within the checkout, such as a worktree, is looked at for itself and not here."""
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name == ".git" and not outermost:
                    return [], []
                if entry.is_dir(follow_symlinks=False):
                    if name not in FOREIGN_FOLDERS and (name[0] != "." or name in SEEN_HIDDEN):
                        folders.append(entry.path)
                elif not name.endswith(RESTLESS) and entry.is_file():
                    files.append(entry)
    except OSError:
        return [], []
    if not PROJECT_FILES.isdisjoint(entry.name for entry in files):
        folders = [path for path in folders if os.path.basename(path) not in MADE_FOLDERS]
    return files, folders


def _stamp(entry: os.DirEntry[str]) -> str:
    """Changes with the file: a second write within a clock's tick still has another size, inode or change time."""
    return stamp_of(entry.path, entry)


def stamp_of(path: str, entry: os.DirEntry[str] | None = None) -> str:
    try:
        about = entry.stat() if entry else os.stat(path)
    except OSError:
        return path
    return f"{path}|{about.st_mtime_ns}|{about.st_ctime_ns}|{about.st_size}|{about.st_ino}"


def _hashed(lines: list[str]) -> str:
    lines.sort()
    return digest("\n".join(lines))[:32]
