"""Making a new box: a folder with settings and a first flow, under git."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from onebox.kernel.encoding import to_json
from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TEMPLATES = Path(__file__).with_name("templates")
_BASE = "box"
_ABOUT = "about.txt"
_NEXT = "next.txt"
_NEEDED = "secrets.txt"
_SETTINGS = "settings.yaml"
_SHOWN = 3
_ENTRY = re.compile(r"  ([^\s#:]+):")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class FolderRefused(OneboxError):
    """No box can be made there."""

    code: ClassVar[str] = "folder_refused"


class NoSuchTemplate(OneboxError):
    """A template that is not there."""

    code: ClassVar[str] = "no_such_template"


@dataclass(frozen=True)
class MadeBox:
    """What was made: files by name, whether a git repository was begun, the secrets that must be set before it runs
    (with what each is), and what can be tried next."""

    files: Sequence[str]
    git: bool
    secrets: Mapping[str, str]
    then: Sequence[str]


def templates() -> dict[str, str]:
    """What a box can begin with, and what each is."""
    return {file.parent.name: file.read_text().strip() for file in sorted(_TEMPLATES.glob(f"*/{_ABOUT}"))}


def make_box(folder: Path, names: Sequence[str]) -> MadeBox:
    """Makes a box of these templates. Raises FolderRefused, NoSuchTemplate, OSError; then nothing was made."""
    known = templates()
    for name in names:
        if name not in known:
            hint = f"there are: {', '.join(known)}"
            raise NoSuchTemplate(f"there is no template {name!r}{did_you_mean(name, known)}", hint=hint)
    _check_empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    settings = [(_TEMPLATES / name / _SETTINGS).read_text(encoding="utf-8") for name in names if _has_settings(name)]
    words = {"BOX_NAME": folder.resolve().name, **_sections(settings)}
    files = {file for name in (_BASE, *names) for file in _copy(_TEMPLATES / name, folder, words)}
    then = [line for name in names for line in _lines(_TEMPLATES / name / _NEXT)]
    return MadeBox(sorted(files), _begin_git(folder), _needed(names), then)


def _has_settings(name: str) -> bool:
    return (_TEMPLATES / name / _SETTINGS).exists()


def _sections(settings: Sequence[str]) -> dict[str, str]:
    """What the templates want in box.yaml, by the word that stands for it there. What two of them want stands once."""
    entries: dict[str, dict[str, str]] = {"accounts": {}, "vars": {}}
    for text in settings:
        for section, name, lines in _entries(text):
            entries[section].setdefault(name, lines)
    accounts, variables = ("".join(entries[section].values()) for section in ("accounts", "vars"))
    return {"MORE_ACCOUNTS\n": accounts, "VARIABLES": f"\n{variables.rstrip()}" if variables else " {}"}


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Section, name and text of each entry of a template's settings; the comments before an entry belong to it."""
    section, name, lines = "", "", ""
    for line in text.splitlines(keepends=True):
        begins = _ENTRY.match(line)
        if line[0] not in " #":
            if name:
                yield section, name, lines
            section, name, lines = line.strip().rstrip(":"), "", ""
        elif name and (begins or line.startswith("  #")):
            yield section, name, lines
            name, lines = begins[1] if begins else "", line
        else:
            name, lines = name or (begins[1] if begins else ""), lines + line
    yield section, name, lines


def _needed(names: Sequence[str]) -> dict[str, str]:
    """The secrets that the templates name, with what each is."""
    lines = [line.partition(" ") for name in names for line in _lines(_TEMPLATES / name / _NEEDED)]
    return {name: what.strip() for name, _, what in lines}


def _check_empty(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderRefused(f"{folder} is a file", hint="name a folder that is empty, or not there yet")
    found = sorted(entry.name for entry in folder.iterdir() if entry.name != ".git")
    if found:
        raise FolderRefused(
            f"{folder} is not empty: it holds {', '.join(found[:_SHOWN])}{' and more' if len(found) > _SHOWN else ''}",
            hint="name a folder that is empty, or not there yet",
        )


def _copy(template: Path, folder: Path, words: Mapping[str, str]) -> list[str]:
    copied = []
    for file in sorted(template.rglob("*")):
        if file.is_dir() or file.relative_to(template).as_posix() in {_ABOUT, _NEXT, _NEEDED, _SETTINGS}:
            continue
        # The template's own .gitignore would be one of this project's.
        name = file.relative_to(template).as_posix().replace("gitignore", ".gitignore")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_filled(file, words), encoding="utf-8")
        copied.append(name)
    return copied


def _filled(file: Path, words: Mapping[str, str]) -> str:
    text = file.read_text(encoding="utf-8")
    for word, meant in words.items():
        quoted = word == "BOX_NAME" and file.suffix == ".yaml" and not _PLAIN.fullmatch(meant)
        text = text.replace(word, to_json(meant) if quoted else meant)
    return text


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _begin_git(folder: Path) -> bool:
    """True if a repository was begun: git is there, and the folder does not lie in one already."""
    git = shutil.which("git")
    if git is None or _succeeds(git, "-C", str(folder), "rev-parse", "--is-inside-work-tree"):
        return False
    return _succeeds(git, "init", "--quiet", str(folder))


def _succeeds(*program: str) -> bool:
    return subprocess.run(program, check=False, capture_output=True).returncode == 0  # noqa: S603  git, by us
