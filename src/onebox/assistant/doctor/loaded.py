"""The texts that Claude Code loads for a project: CLAUDE.md, and what it imports by `@`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.rules import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLAUDE_MD = "CLAUDE.md"
SUFFIXES = re.compile(r"\.(?:py|md|toml|json|ya?ml|tsx?|jsx?|mjs|go|php|sh|cfg|ini|sql|html|css|txt|rst)$")
_ALWAYS = (CLAUDE_MD, ".claude/CLAUDE.md", "CLAUDE.local.md")
_IMPORT = re.compile(r"(?:^|\s)@((?:[^\s\\]|\\ )+)")
_BEGINS = re.compile(r"\.{0,2}/.|~/|[A-Za-z0-9._-]")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_FENCE = re.compile(r"\s*(?:[-*+]\s+)?(```+|~~~+)\s*(\w*)")


@dataclass(frozen=True)
class Line:
    """A line of such a text, without what is a comment."""

    number: int
    text: str
    fence: str | None
    """the language of the block of code that it stands in, "" for one without; None outside of blocks"""

    @property
    def spans(self) -> Sequence[tuple[str, str]]:
        """What stands in backticks, each with what stands before it."""
        return [(found[2].strip(), self.text[: found.start()]) for found in _SPAN.finditer(self.text)]

    @property
    def imports(self) -> Sequence[str]:
        """What Claude Code takes for a path to import; nothing in code is."""
        if self.fence is not None:
            return []
        named = (
            found[1].partition("#")[0].replace("\\ ", " ") for found in _IMPORT.finditer(_SPAN.sub(" ` ", self.text))
        )
        return [name for name in named if _BEGINS.match(name)]


@dataclass(frozen=True)
class Page:
    name: str
    """relative to the project"""
    text: str
    folder: Path
    """from which its imports are looked for"""

    @property
    def lines(self) -> Iterator[Line]:
        fence: str | None = None
        ends = ""
        for number, text in enumerate(_without_comments(self.text).splitlines(), 1):
            mark = _FENCE.match(text)
            if mark and fence is None:
                fence, ends = mark[2], mark[1]
            elif mark and fence is not None and mark[1].startswith(ends) and not mark[2]:
                fence = None
            else:
                yield Line(number, text, fence)


def _without_comments(text: str) -> str:
    return re.sub(r"<!--.*?-->", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)


def pages_of(project: Path) -> tuple[list[Page], list[Fault]]:
    """All that is loaded at the start and lies in the project, CLAUDE.md first; the imports that lead nowhere."""
    pages: dict[Path, Page] = {}
    faults: list[Fault] = []
    waiting = [project / name for name in _ALWAYS]
    while waiting:
        file = waiting.pop(0)
        real = file.resolve()
        if real in pages or not file.is_file() or not real.is_relative_to(project.resolve()):
            continue
        name = file.relative_to(project).as_posix() if file.is_relative_to(project) else str(file)
        page = pages[real] = Page(name, read_whole(file), file.parent)
        for line in page.lines:
            for named in line.imports:
                there = Path(named).expanduser() if named.startswith("~/") else page.folder / named
                if there.exists():
                    waiting.append(there)
                elif _is_meant(named, line, page):
                    faults.append(_nowhere(named, f"{name}:{line.number}", page))
    return list(pages.values()), faults


def _is_meant(named: str, line: Line, page: Page) -> bool:
    """Whether a person meant an import: `@types/node`, `@ana` and a decorator are none."""
    first, slash, _ = named.removeprefix("./").partition("/")
    return (
        line.text.strip() == f"@{named}"
        or named.startswith(("./", "../", "~/", "/"))
        or SUFFIXES.search(_bare(named)) is not None
        or bool(slash and (page.folder / first).is_dir())
    )


def _nowhere(named: str, where: str, page: Page) -> Fault:
    bare = _bare(named)
    if bare != named and (page.folder / bare).exists():
        return Fault("import_missing", f"the import `@{named}` leads nowhere: what stands right behind it counts as a part "
                     "of its name", where, f"a blank behind `@{bare}`")  # fmt: skip
    return Fault("import_missing", f"the import `@{named}` leads nowhere", where, "mend the path, or delete it")


def _bare(named: str) -> str:
    return named.rstrip(".,;:!?)\"'*_")
