"""What a check found, and how the lines of the tools are read."""

from __future__ import annotations

import os
import re


class Fault:
    """One fault. `file` is absolute, or "" where the tool named none; `line` and `column` are 0 where unknown.

    `known_as` is the same for the same fault though lines above it came or went."""

    __slots__ = ("column", "file", "known_as", "line", "said")

    def __init__(self, file: str, line: int, column: int, said: str, known_as: str = "") -> None:
        self.file = file
        self.line = line
        self.column = column
        self.said = said
        self.known_as = known_as or f"{file}|{said}"

    def text(self, root: str) -> str:
        """One line: `src/a.py:3:5: what is wrong`, the file as seen from `root`."""
        if not self.file:
            return self.said
        place = [shown_path(self.file, root), *(str(number) for number in (self.line, self.column) if number)]
        return f"{':'.join(place)}: {self.said}"


class Outcome:
    """What one check came to. `unchecked` says why it came to nothing: "tsc took more than 30 s"."""

    __slots__ = ("caught", "faults", "late", "unchecked")

    def __init__(self, faults: list[Fault] | None = None, unchecked: str = "") -> None:
        self.faults = faults or []
        self.unchecked = unchecked
        self.late = False
        self.caught: list[tuple[str, str]] = []  # rule id, first line of what its check said


def late_outcome(tool: str, seconds: float) -> Outcome:
    """The tool was killed when its time was up."""
    outcome = Outcome(unchecked=f"{tool} took more than {seconds:.0f} s")
    outcome.late = True
    return outcome


def shown_path(file: str, root: str) -> str:
    """The path from `root`, where the file is below it."""
    below = os.path.relpath(file, root)
    return file if below.startswith(os.pardir) else below


# `src/a.py:3:5: …` of most tools, `src/a.ts(3,5): …` of tsc; `vet: ` stands before what go vet could not compile,
# and ruff numbers the cells of a notebook (`a.ipynb:cell 2:1:8: …`).
_COLONS = re.compile(r"(?:vet: )?([^\s:][^:\n]*?)(?::(cell \d+))?:(\d+)(?::(\d+))?:\s*(\S.*)")
_BRACKETS = re.compile(r"([^\s(][^(\n]*?)\((\d+),(\d+)\):\s*(\S.*)")


def faults_in(text: str, folder: str) -> list[Fault]:
    """The faults in what a tool printed, which names files from `folder`. Other lines are left out."""
    found = []
    for line in text.splitlines():
        colons, brackets = _COLONS.match(line), _BRACKETS.match(line)
        if brackets:
            file, row, column, said = brackets.groups()
        elif colons:
            file, cell, row, column, said = colons.groups()
            said = f"{cell}: {said}" if cell else said
        else:
            continue
        found.append(Fault(os.path.normpath(os.path.join(folder, file)), int(row), int(column or 0), said))
    return found


def first_line(text: str) -> str:
    """The first line with something in it, cut to 200 characters."""
    for line in text.splitlines():
        if line.strip():
            return line.strip()[:200]
    return "it printed nothing"
