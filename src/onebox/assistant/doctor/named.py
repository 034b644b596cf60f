"""What CLAUDE.md names: paths that are not there, commands that cannot be run, and a text that has grown too long."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.doctor.loaded import CLAUDE_MD, SUFFIXES, pages_of
from onebox.assistant.rules import read_whole
from onebox.assistant.running import environment, git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from onebox.assistant.doctor.loaded import Page

_LONGEST = 200
_PATH = re.compile(r"[\w.@*/-]+")
_PLACE_IN_FILE = re.compile(r"(?:::[\w\[\]:.-]+|:\d+(?:-\d+)?)$")
_SHELLS = {"sh", "bash", "shell", "console", "zsh"}
_PROGRAMS = set(
    "make just npm npx pnpm yarn bun node deno tsc eslint prettier biome vitest jest python python3 pip uv poetry pytest "
    "ruff mypy pyright black flake8 isort lint-imports tox nox pre-commit go gofmt golangci-lint staticcheck cargo php "
    "composer phpunit phpstan phpcs wp docker kubectl helm terraform gh git onebox alembic gradle mvn bundle rake".split()
)
"""what is a command when it stands in backticks; another word there may be anything"""
_COMMAND_IN_PROSE = re.compile(r"(?:\(checked: |^\s*[-*] [\w ]+: |\b[Rr]un )$")
_SEPARATORS = re.compile(r"\s*(?:&&|\|\||;|\|)\s*")


@dataclass(frozen=True)
class _Named:
    text: str
    line: int
    is_command: bool
    """told as one by what stands around it"""


def claude_md_faults(project: Path) -> Iterator[Fault]:
    """Of the project's CLAUDE.md and of what it imports; none if there is none."""
    pages, nowhere = pages_of(project)
    yield from _too_long(pages)
    yield from nowhere
    there = _Tree(project)
    for page in pages:
        for name in _names(page):
            yield from _fault_of(name, f"{page.name}:{name.line}", page, there)


def _too_long(pages: Sequence[Page]) -> Iterator[Fault]:
    lines = {page.name: len(page.text.splitlines()) for page in pages}
    mend = "delete what no failure taught; move what is for one folder to .claude/rules/*.md with `paths:`"
    own = lines.get(CLAUDE_MD, 0)
    if own > _LONGEST:
        yield Fault("claude_md_long", f"it has {own} lines, and much of what stands beyond {_LONGEST} is overlooked",
                    f"{CLAUDE_MD}:{_LONGEST + 1}", mend)  # fmt: skip
    elif (together := sum(lines.values())) > _LONGEST:
        imported = ", ".join(name for name in lines if name != CLAUDE_MD)
        yield Fault("claude_md_long", f"together with {imported}, loaded with it, it has {together} lines",
                    CLAUDE_MD, mend, is_note=True)  # fmt: skip


def _fault_of(name: _Named, where: str, page: Page, there: _Tree) -> Iterator[Fault]:
    missing = None if name.is_command or " " in name.text else there.missing_path(name.text, page.folder)
    if missing:
        yield Fault("path_missing", f"the path `{missing}` is not there", where, "mend the path, or delete the line")
    elif command := _missing_command(name, there):
        yield Fault("command_missing", command[0], where, command[1])


def _names(page: Page) -> Iterator[_Named]:
    """What stands in backticks and in blocks of the shell."""
    for line in page.lines:
        if line.fence is None:
            for text, before in line.spans:
                yield _Named(text, line.number, is_command=bool(_COMMAND_IN_PROSE.search(before)))
        elif line.fence in _SHELLS:
            command = line.text.strip().removeprefix("$ ").partition(" #")[0]
            if command and not command.startswith("#"):
                yield _Named(command, line.number, is_command=True)


class _Tree:
    """What is in the project, and what its files name."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.path = environment(project)["PATH"]
        try:
            listed = git(project, "ls-files", "-z", "--cached", "--others", "--exclude-standard").out.split("\0")
        except FileNotFoundError:
            listed = []
        self.names = {name.rsplit("/", 1)[-1] for name in listed}

    def has(self, path: str) -> bool:
        return bool(path.strip("/")) and (
            next(self.project.glob(path.strip("/")), None) is not None
            if "*" in path
            else (self.project / path).exists()
        )

    def missing_path(self, text: str, beside: Path | None = None) -> str | None:
        """The path, if the text is one and it is not there, nor in the folder `beside`. What only looks like one
        (`origin/main`) is none."""
        path = _PLACE_IN_FILE.sub("", text).rstrip("/")
        if not _PATH.fullmatch(path) or path.startswith(("/", "~", "-", "@")) or ".." in path.split("/"):
            return None
        first, slash, _ = path.removeprefix("./").partition("/")
        is_file = SUFFIXES.search(path) is not None
        if self.has(path) or not (is_file or (slash and (self.project / first).is_dir())):
            return None
        if not slash and (path in self.names or "*" in path):
            return None
        if beside is not None and "*" not in path and (beside / path).exists():
            return None
        return None if self._is_made(path) else path

    def _is_made(self, path: str) -> bool:
        """Whether git ignores it: what a build makes is not there before."""
        try:
            return git(self.project, "check-ignore", "-q", path).code == 0
        except FileNotFoundError:
            return False

    def has_program(self, word: str) -> bool:
        if "/" in word:
            return (self.project / word).exists()
        if word == "onebox":
            return True  # it is what looks here
        return shutil.which(word, path=self.path) is not None

    def scripts(self) -> dict[str, Any] | None:
        """Of package.json; None where they cannot be told."""
        try:
            told = json.loads(read_whole(self.project / "package.json") or "{}")
        except ValueError:
            return None
        found = told.get("scripts", {}) if isinstance(told, dict) else None
        return found if isinstance(found, dict) else None

    def targets(self) -> set[str] | None:
        """Of the Makefile; None where they cannot be told."""
        names = ("GNUmakefile", "makefile", "Makefile")
        text = next(filter(None, (read_whole(self.project / name) for name in names)), "")
        if re.search(r"^\s*-?include\b|^[^#\t\n]*%[^:\n]*:|^\$\(", text, re.MULTILINE):
            return None
        rules = re.findall(r"^([^#\t\n:=]+?)\s*::?(?!=)", text, re.MULTILINE)
        return {name for rule in rules for name in rule.split()}

    def tasks(self) -> set[str]:
        """The programs that the project itself installs."""
        try:
            told = tomllib.loads(read_whole(self.project / "pyproject.toml"))
        except tomllib.TOMLDecodeError:
            return set()
        scripts = told.get("project", {}).get("scripts", {})
        return set(scripts) if isinstance(scripts, dict) else set()


def _missing_command(name: _Named, there: _Tree) -> tuple[str, str] | None:
    """(what is wrong, its mend) of the first part of a command that cannot be run."""
    for part in _SEPARATORS.split(name.text):
        try:
            words = [word for word in shlex.split(part) if not re.match(r"\w+=", word)]
        except ValueError:
            return None
        if words[:1] == ["cd"] or (words and words[0].startswith(("<", "$", "(", "{"))):
            return None  # it goes on in another folder, or is not plain
        while words and words[0] in {"!", "sudo", "time", "exec"}:
            words = words[1:]
        if words and (wrong := _missing_in(words, there, told=name.is_command)):
            return wrong
    return None


def _missing_in(words: list[str], there: _Tree, *, told: bool) -> tuple[str, str] | None:
    program = words[0]
    is_script = program.startswith("./")
    if not (is_script or program in _PROGRAMS or (told and re.fullmatch(r"[a-z][\w.-]*", program))):
        return None
    if len(words) == 1 and not (told or is_script):
        return None  # a name in prose
    if not there.has_program(program) and program not in there.tasks():
        what = (
            f"`{program}` is not there"
            if is_script
            else f"the command `{program}` is on no PATH and in no tools folder"
        )
        return what, "mend the path, or delete the line" if is_script else f"install {program}, or mend the line"
    return _missing_task(words, there)


def _missing_task(words: list[str], there: _Tree) -> tuple[str, str] | None:
    program, *rest = words
    if program in {"npm", "pnpm", "yarn", "bun"} and rest[:1] == ["run"] and len(rest) > 1:
        scripts = there.scripts()
        if scripts is not None and rest[1] not in scripts and not rest[1].startswith("-"):
            return f"package.json has no script `{rest[1]}`", f'add "{rest[1]}" to its scripts, or mend the line'
    if program == "make" and rest and not rest[0].startswith("-") and "=" not in rest[0]:
        targets = there.targets()
        if targets is not None and rest[0] not in targets:
            return f"the Makefile has no target `{rest[0]}`", f"add the target {rest[0]}, or mend the line"
    for word in rest:
        if SUFFIXES.search(word) and not word.startswith("-") and (path := there.missing_path(word)):
            return f"`{path}`, which the command names, is not there", "mend the path, or delete the line"
    return None
