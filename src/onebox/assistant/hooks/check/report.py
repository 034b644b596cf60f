"""What the assistant is told: 25 lines at most, the edited file first."""

from __future__ import annotations

from onebox.assistant.hooks.check.faults import Fault, shown_path

MOST_LINES = 25
LONGEST_LINE = 300

# A fault was found and the assistant is told; nothing is to be said, or the check itself failed.
HELD = 2
WELL = 0


class Answer:
    """How the hook ends: its exit code, what it says to the assistant, what it says to the person."""

    __slots__ = ("code", "told")

    def __init__(self, code: int = WELL, told: list[str] | None = None) -> None:
        self.code = code
        self.told = told or []


def answer_for_edit(path: str, root: str, faults: list[Fault], unchecked: list[str]) -> Answer:
    """In the middle of a change the rest of a program is broken: that is one line, not a list."""
    here = _ordered([fault for fault in faults if fault.file == path])
    elsewhere = _ordered([fault for fault in faults if fault.file != path])
    notes = _notes(unchecked)
    if not faults:
        return Answer(WELL, notes)
    first = f"{len(elsewhere)} elsewhere, first {elsewhere[0].text(root)}" if elsewhere else ""
    if not here:
        return Answer(HELD, [f"no fault in {shown_path(path, root)}; {first}", *notes])
    tail = ([f"and {first}"] if elsewhere else []) + notes
    return Answer(HELD, [*_cut([fault.text(root) for fault in here], MOST_LINES - len(tail)), *tail])


def answer_for_stop(
    root: str, new: list[Fault], known: list[Fault], unchecked: list[str], *, first: bool, more: int = 0
) -> Answer:
    """The new ones first; `known` were said before and are still there, and so are `more` in files that were not changed.
    `first`: nothing was ever checked here."""
    faults = [*_ordered(new), *_ordered(known)]
    notes = [f"and {more} told before, in files that did not change"] if more else []
    notes += _notes(unchecked)
    head = f"{_counted(len(faults))} in the project"
    # A project with hundreds of old faults would have them mended unasked.
    head += " at its first check (mend what this turn broke, tell the person of the rest):" if first else ":"
    lines = _cut([fault.text(root) for fault in faults], MOST_LINES - 1 - len(notes))
    return Answer(HELD, [head, *lines, *notes])


def reminder(left: list[str], unchecked: list[str]) -> Answer:
    """For the person: the assistant was told, and ends all the same."""
    still = [f"{_counted(len(left))} left, told before, first {left[0]}"] if left else []
    return Answer(WELL, [*still, *_notes(unchecked)])


def not_checked(why: str) -> Answer:
    return Answer(WELL, _notes([why]))


def shown(lines: list[str]) -> str:
    """The lines as they are written out: no control characters, none too long."""
    printable = ("".join(letter if letter.isprintable() else " " for letter in line) for line in lines)
    return "\n".join(line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…" for line in printable)


def _ordered(faults: list[Fault]) -> list[Fault]:
    """By file and line, and each once. What names no file, such as a broken rule, comes first."""
    once = {(fault.file, fault.line, fault.column, fault.said): fault for fault in faults}
    return [once[key] for key in sorted(once)]


def _cut(lines: list[str], most: int) -> list[str]:
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"… and {len(lines) - most + 1} more"]


def _notes(unchecked: list[str]) -> list[str]:
    return [f"not checked: {why}" for why in dict.fromkeys(unchecked)][:5]


def _counted(number: int) -> str:
    return "1 fault" if number == 1 else f"{number} faults"
