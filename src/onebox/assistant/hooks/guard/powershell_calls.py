"""The commands of PowerShell: their words, their pipes and redirections, and what has such a name."""

from __future__ import annotations

from onebox.assistant.hooks.guard.powershell_cmdlets import run_cmdlet
from onebox.assistant.hooks.guard.powershell_evaluation import Evaluator
from onebox.assistant.hooks.guard.powershell_lexer import Syntax
from onebox.assistant.hooks.guard.powershell_paths import native_word
from onebox.assistant.hooks.guard.powershell_programs import run_program, split_words
from onebox.assistant.hooks.guard.powershell_table import Call, cmdlet_called
from onebox.assistant.hooks.guard.powershell_values import MOST_VALUES, Block, Table, TemplateText
from onebox.assistant.hooks.guard.shell_words import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.places import Places
    from onebox.assistant.hooks.guard.powershell_values import Item, Items

DEEPEST_POWERSHELL = 60
PROGRAM_ENDINGS = (".exe", ".cmd", ".bat", ".com")


class Caller(Evaluator):
    """`functions` and `aliases` are those that the command has made; `folders` those that it may come back to."""

    def __init__(self, places: Places, cwd: str) -> None:
        super().__init__(places, cwd)
        self.depth = 0
        self.functions: dict[str, Syntax] = {}
        self.aliases: dict[str, str] = {}
        self.folders: list[tuple[str, ...]] = []

    def run_body(
        self, _parameters: Syntax, _body: Syntax, _words: list[tuple[str, Items | None]], _flow: Items | None
    ) -> Items:
        """A function or block with what it is given; what it sets is forgotten."""
        raise NotImplementedError

    # ---- pipes and commands

    def run_pipe(self, syntax: Syntax) -> Items:
        flow: Items | None = None
        for part in syntax.parts:
            flow = self.run_command(part, flow) if part.kind == "command" else self.run(part)
        return [] if flow is None else flow

    def run_with(self, syntax: Syntax) -> Items:
        return self.redirected(syntax.parts, self.run(syntax.parts[0]))

    def redirected(self, parts: list[Syntax], found: Items) -> Items:
        for redirect in parts:
            if redirect.kind != "redirect" or not redirect.parts:
                continue
            made = bool(found) and all(isinstance(item, TemplateText) for item in found)
            for target in self.run(redirect.parts[0]):
                if redirect.text == "<":
                    self.ask(target)
                elif str(target).lower() != "nul":
                    self.write(target, found, asked=made and self.is_missing(target))
            found = [] if redirect.text.startswith((">", "1", "*")) else found
        return found

    def run_command(self, syntax: Syntax, flow: Items | None = None) -> Items:
        source = self.shell.source = syntax.text
        first = self.run(syntax.parts[0])
        words = self.arguments(syntax)
        self.shell.source = source
        found: Items = []
        for name in first[:MOST_VALUES]:
            if isinstance(name, Block):
                found += self.run_body(Syntax("parameters"), name.body, words, flow)
            else:
                found += self.called(self.text(name), words, flow, self.bare_of(syntax))
        self.shell.source = source
        return self.redirected(syntax.parts, found)

    def words_of(self, syntax: Syntax) -> tuple[str, list[tuple[str, Items | None]]]:
        return "".join(self.texts(self.run(syntax.parts[0]))[:1]), self.arguments(syntax)

    def arguments(self, syntax: Syntax) -> list[tuple[str, Items | None]]:
        """(name of the option, value), (name, None), or ("", a value)."""
        words: list[tuple[str, Items | None]] = []
        for part in syntax.parts[1:]:
            if part.kind == "option":
                words.append((part.text, self.run(part.parts[0]) if part.parts else None))
            elif part.kind == "splat":
                for item in self.variable(part.text):
                    words += (
                        [(name, value) for name, value in item.given.items()]
                        if isinstance(item, Table)
                        else [("", [item])]
                    )
            elif part.kind != "redirect":
                words.append(("", self.run(part)))
        return words

    def bare_of(self, syntax: Syntax) -> list[bool]:
        """Which of the words stand without quotes; none where they cannot be told apart."""
        parts = [part for part in syntax.parts[1:] if part.kind != "redirect"]
        return [] if any(part.kind == "splat" for part in parts) else [part.kind == "word" for part in parts]

    def called(self, name: str, words: list[tuple[str, Items | None]], flow: Items | None, bare: list[bool]) -> Items:
        low = name.replace("\\", "/").rpartition("/")[2].lower()
        low = self.aliases.get(low, low)
        function = self.functions.get(low)
        if function is not None and self.depth < DEEPEST_POWERSHELL // 2:
            return self.run_body(function.parts[0], function.parts[1], words, flow)
        cmdlet = cmdlet_called(low)
        if cmdlet is not None:
            call = Call(cmdlet, words, flow)
            if call.unknown and low != cmdlet.name:
                # On other systems such a name is a program of theirs.
                self.program(name, words, flow, bare)
            return self.kept_in_variables(call, run_cmdlet(self, call))
        return self.program(name, words, flow, bare)

    def kept_in_variables(self, call: Call, found: Items) -> Items:
        """`-OutVariable x`, `Tee-Object -Variable x`"""
        for name in self.texts(call.values("outvariable", "ov", "pipelinevariable", "pv")):
            self.set_variable(name.lstrip("+").lower(), found)
        if call.cmdlet.name == "tee-object":
            for name in self.texts(call.values("variable")):
                self.set_variable(name.lower(), call.flow or [])
        return found

    def program(self, name: str, words: list[tuple[str, Items | None]], flow: Items | None, bare: list[bool]) -> Items:
        if name.startswith("."):
            self.ask(name)
        for item in [item for _, value in words for item in value or [] if isinstance(item, Block)]:
            self.run_block(item, flow)
        told_words: list[str] = []
        for at, (option, value) in enumerate(words):
            texts = [native_word(self.text(item), bare=at < len(bare) and bare[at]) for item in value or []]
            if not option:
                told_words += texts
            else:
                told_words += ["-" + option] if value is None else [f"-{option}:{text}" for text in texts]
        return self.run_words([name, *told_words], flow)

    def run_words(self, words: list[str], flow: Items | None = None) -> Items:
        """A program, or whatever has this name."""
        name = words[0] if words else ""
        low = name.replace("\\", "/").rpartition("/")[2].lower()
        low = low[: -len(".exe")] if low.endswith(PROGRAM_ENDINGS) else low
        stdin = "".join(self.text(item) + "\n" for item in flow) if flow else ""
        if run_program(self, low, words[1:], stdin):
            return [ANY]
        cmdlet = cmdlet_called(low) if low == name.lower() else None
        if cmdlet is not None and cmdlet.name == low:
            given: list[tuple[str, Items | None]] = [
                (word[1:], None) if word[:1] == "-" and word[1:].isalpha() else ("", [word]) for word in words[1:]
            ]
            return run_cmdlet(self, Call(cmdlet, given, flow))
        if self.is_script(name):
            self.shell.ask(self.plain_path(name))
            return self.run_written(name) + self.run_program_of_system([name, *words[1:]], flow)
        folder, slash, _ = name.replace("\\", "/").rpartition("/")
        return self.run_program_of_system([folder + slash + low, *words[1:]], flow)

    def run_command_line(self, name: str, lines: list[str]) -> None:
        """A program that is started by its file."""
        self.ask(name)
        self.run_words([name, *(word for line in lines for word in split_words(line))])

    def run_program_of_system(self, words: list[str], flow: Items | None = None) -> Items:
        stdin = "".join(self.text(item) + "\n" for item in flow) if flow else ""
        output = self.shell.command(words, stdin)
        lines = output.split("\n") if output else []
        return [line for line in lines if line] if len(lines) <= MOST_VALUES else [ANY]

    def is_script(self, name: str) -> bool:
        return name.lower().endswith((".ps1", ".psm1"))

    def run_written(self, path: Item) -> Items:
        """A script that the command itself has written."""
        text = self.shell.was_written(self.plain_path(path))
        return self.run_text(text) if text else []
