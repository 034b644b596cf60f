"""What is known while a command is gone through: variables, and what stands in files that it has just written."""

from __future__ import annotations

import os

from onebox.assistant.hooks.guard.prompts import commands_of_prompt, files_of_prompt, is_prompt
from onebox.assistant.hooks.guard.shell_asking import Asker
from onebox.assistant.hooks.guard.shell_words import ANY, BRACKET, Beyond, Pipe, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.places import Places

MOST_ELEMENTS = 2000
MOST_WRITTEN = 500
# Of a variable: so many are known, and so many are gone through.
MOST_KNOWN = 64
MOST_TRIED = 8
MOST_SEPARATORS = 8


class Memory(Asker):
    """`written`: the text of each file that the command has written, by its path."""

    def __init__(self, places: Places, cwd: str) -> None:
        super().__init__(places, cwd)
        self.written: dict[str, str] = {}

    # ---- variables

    def set_array(self, name: str, elements: list[str], *, adds: bool = False) -> None:
        """Elements as they are written: `x`, `[key]=x`."""
        before = self.state.arrays.get(name, []) if adds else []
        values = [element.partition("]=")[2] if has_key(element) else element for element in elements]
        self.state.arrays[name] = (before + values)[:MOST_ELEMENTS]
        self.state.variables.pop(name, None)

    def set_element(self, name: str, key: str, values: list[str]) -> None:
        elements = list(self.state.arrays.get(name, []))
        if key.isdigit() and int(key) < len(elements) and len(values) == 1:
            elements[int(key)] = values[0]
        else:
            elements += values
        self.state.arrays[name] = elements[:MOST_ELEMENTS]

    def lookup(self, name: str) -> list[str] | None:
        """The values that a variable may have; None when that is not known."""
        name = self.state.aliases.get(name, name)
        if name in self.state.variables:
            return self.likely(list(self.state.variables[name]))
        if name.isdigit() and 0 < int(name) <= len(self.state.arguments):
            return [self.state.arguments[int(name) - 1]]
        known = {
            "#": str(len(self.state.arguments)),
            "HOME": self.places.home,
            "PWD": self.state.cwds[0],
            "CLAUDE_PROJECT_DIR": self.places.project,
            "IFS": " ",
        }
        return [known[name]] if name in known else None

    def likely(self, values: list[str]) -> list[str]:
        """As many as are gone through; those that are guarded first, so that others do not hide them."""
        if len(values) <= MOST_TRIED:
            return values
        cwd = self.state.cwds[0]
        return sorted(values, key=lambda value: self.reason(value, cwd, True, False) is None)[:MOST_TRIED]

    def separated(self, text: str) -> list[str]:
        """The fields of a text, parted by what `IFS` may say."""
        told = plain("".join(self.state.variables.get("IFS", ()))).replace(ANY, "")
        for separator in told if len(told) < MOST_SEPARATORS else "":
            text = text.replace(separator, " ")
        return text.split()

    # ---- files

    def note_written(self, target: str, text: str, *, adds: bool = False) -> None:
        """A script that the command itself writes is run by what comes after."""
        self.ask_written(target, text)
        if is_prompt(plain(target)) or any(is_prompt(os.path.join(cwd, plain(target))) for cwd in self.state.cwds):
            self.ask_prompt(text)
        if not text or text == ANY:
            return
        if len(self.written) >= MOST_WRITTEN:
            raise Beyond("too many files")
        path = os.path.normpath(plain(target))
        self.written[path] = together([self.written.get(path, ""), text]) if adds else text

    def ask_prompt(self, text: str) -> None:
        for command in commands_of_prompt(text):
            self.run_apart(command, "")
        for path in files_of_prompt(text):
            self.ask(path)

    def run_apart(self, text: str, stdin: str) -> str:
        """In a shell of its own; run by the one who can."""
        raise NotImplementedError

    def text_of(self, path: str, stdin: str) -> str:
        """What is known of what stands in a file: what was piped there, or written a moment ago."""
        if path in {"-", "/dev/stdin"}:
            return stdin
        pipes = [thing.text for thing in self.referred(path) if isinstance(thing, Pipe)]
        return pipes[0] if pipes else self.was_written(path)

    def text_of_all(self, paths: list[str], stdin: str) -> str:
        """What a command prints that prints its files, or else what comes in."""
        return together([self.text_of(path, stdin) or ANY for path in paths]) if paths else stdin or ANY

    def was_written(self, path: str) -> str:
        return self.written.get(os.path.normpath(plain(path)), "") if self.written else ""

    def is_missing(self, path: str) -> bool:
        return path in self.state.absent or all(self.places.missing(path, cwd=cwd) for cwd in self.state.cwds)

    def is_template(self, path: str) -> bool:
        return all(self.places.template(plain(path), cwd=cwd) for cwd in self.state.cwds)


def together(outputs: list[str]) -> str:
    """What several commands print, one after the other."""
    told = [output for output in outputs if output]
    if len(told) < 2:
        return told[0] if told else ""
    return "".join(output if output.endswith("\n") else output + "\n" for output in told)[:200_000]


def has_key(element: str) -> bool:
    """`[key]=x`, in what an array is made of."""
    return element[:1] in {"[", BRACKET} and "]=" in element
