"""Judges a PowerShell command by going through it as PowerShell would, with all that each value may be."""

from __future__ import annotations

import re
import time

from onebox.assistant.hooks.guard.powershell_cmdlets import run_cmdlet
from onebox.assistant.hooks.guard.powershell_evaluation import Evaluator
from onebox.assistant.hooks.guard.powershell_lexer import Syntax, Unreadable
from onebox.assistant.hooks.guard.powershell_paths import native_word
from onebox.assistant.hooks.guard.powershell_programs import run_program
from onebox.assistant.hooks.guard.powershell_reader import PowerShellReader
from onebox.assistant.hooks.guard.powershell_table import Call, cmdlet_called
from onebox.assistant.hooks.guard.powershell_values import (
    MOST_ITEMS,
    MOST_VALUES,
    Block,
    Table,
    TemplateText,
    cast,
    operator_value,
)
from onebox.assistant.hooks.guard.shell import MOST_STEPS, PRIVATE, raw_names
from onebox.assistant.hooks.guard.shell_words import ANY, Beyond, Denied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.assistant.hooks.guard.places import Places
    from onebox.assistant.hooks.guard.powershell_values import Item, Items

DEEPEST_POWERSHELL = 60
PROGRAM_ENDINGS = (".exe", ".cmd", ".bat", ".com")


def judge_powershell(command: str, places: Places, cwd: str) -> str | None:
    """None when nothing guarded is touched, else why not, with the part of the command that is meant."""
    text = re.sub(PRIVATE, "\ufffd", command).replace("\0", "")
    shell = PowerShell(places, cwd)
    try:
        shell.run_text(text)
    except Denied as denied:
        return str(denied)
    except (Beyond, RecursionError):
        return raw_names(text.replace("`", ""), places, cwd)
    return raw_names(shell.unread.replace("`", ""), places, cwd) if shell.unread else None


class PowerShell(Evaluator):
    """`unread`: the text that could not be read."""

    def __init__(self, places: Places, cwd: str) -> None:
        super().__init__(places, cwd)
        self.unread = ""
        self.depth = 0
        self.steps = 0
        self.functions: dict[str, Syntax] = {}
        self.aliases: dict[str, str] = {}
        self.folders: list[tuple[str, ...]] = []

    # ---- texts and statements

    def run_text(self, text: str) -> Items:
        """Reads and runs; answers with what is given out, as far as it is known."""
        return [item for block in self.read_block(text) for item in self.run_all(block.parts)]

    def read_block(self, text: str) -> list[Syntax]:
        reader = PowerShellReader(text)
        statements = []
        begun = 0
        try:
            statement = reader.next_statement()
            while statement is not None:
                statements.append(statement)
                begun = reader.at
                statement = reader.next_statement()
        except Unreadable:
            self.unread += "\n" + text[begun:]
        return [Syntax("block", text, statements)]

    def run_all(self, statements: list[Syntax]) -> Items:
        return [item for statement in statements for item in self.run(statement)][:MOST_ITEMS]

    def run(self, syntax: Syntax) -> Items:
        """A statement or an expression."""
        self.steps += 1
        if self.steps > MOST_STEPS or (self.steps % 32 == 0 and time.monotonic() > self.shell.until):
            raise Beyond("too long")
        self.depth += 1
        if self.depth > DEEPEST_POWERSHELL:
            raise Beyond("nested too deep")
        found = self.KINDS[syntax.kind](self, syntax)
        self.depth -= 1
        return found

    def run_block(self, block: Block, flow: Items | None, arguments: list[Items] | None = None) -> Items:
        return self.run_body(Syntax("parameters"), block.body, [("", value) for value in arguments or []], flow)

    def run_body(
        self, parameters: Syntax, body: Syntax, words: list[tuple[str, Items | None]], flow: Items | None
    ) -> Items:
        """A function or block with what it is given; what it sets is forgotten."""
        before = dict(self.variables)
        names = parameters.parts + [part for each in body.parts if each.kind == "parameters" for part in each.parts]
        loose = []
        waits = ""
        for option, value in words:
            named = next((name.text for name in names if option and name.text.startswith(option.lower())), "")
            if named and value is not None:
                self.variables[named] = value
            elif waits and value is not None and not option:
                self.variables[waits] = value
            elif value is not None:
                loose.append(value)
            waits = named if option and value is None else ""
        given = {waits} | {name for name in self.variables if self.variables[name] is not before.get(name)}
        free = [name.text for name in names if name.text not in given]
        for free_name, value in zip(free, loose):
            self.variables[free_name] = value
        for name in names:
            if name.text not in self.variables:
                self.variables[name.text] = self.run(name.parts[0]) if name.parts else [ANY]
        self.variables["args"] = [item for value in loose for item in value]
        if flow is not None:
            self.variables["input"] = self.variables["_"] = flow
        found = self.run_all(body.parts)
        self.variables = {**before, **{name: value for name, value in self.variables.items() if ":" in name}}
        return found

    def run_perhaps(self, syntax: Syntax) -> Items:
        """It may run, or may not."""
        before = dict(self.variables)
        found = self.run_all(syntax.parts) if syntax.kind == "block" else self.run(syntax)
        for name, value in before.items():
            now = self.variables.get(name, value)
            if now is not value:
                self.variables[name] = (now + [item for item in value if item not in now])[:MOST_ITEMS]
        return found

    def run_if(self, syntax: Syntax) -> Items:
        found: Items = []
        missing: list[str] = []
        parts = syntax.parts
        for at in range(0, len(parts) - 1, 2):
            self.run(parts[at])
            found += self.run_where(parts[at + 1], missing + self.absent(parts[at], holds=True))
            missing += self.absent(parts[at], holds=False)
        return found + (self.run_where(parts[-1], missing) if len(parts) % 2 else [])

    def run_where(self, block: Syntax, missing: list[str]) -> Items:
        """A block that runs where these paths are not there."""
        before = self.shell.state.absent
        self.shell.state.absent = before | frozenset(missing)
        found = self.run_perhaps(block)
        self.shell.state.absent = before
        return found

    def absent(self, condition: Syntax, *, holds: bool) -> list[str]:
        """The paths that are not there when this condition holds, or does not."""
        if condition.kind in {"group", "pipe"} and len(condition.parts) == 1:
            return self.absent(condition.parts[0], holds=holds)
        if condition.kind == "unary" and condition.text in {"not", "!"}:
            return self.absent(condition.parts[0], holds=not holds)
        if condition.kind == "binary" and condition.text == ("and" if holds else "or"):
            return [path for part in condition.parts for path in self.absent(part, holds=holds)]
        if holds or condition.kind not in {"command", "call"}:
            return []
        if condition.kind == "call":
            paths = self.run(condition.parts[-1]) if condition.text.lower() == "exists" else []
        else:
            cmdlet, words = self.words_of(condition)
            call = cmdlet_called(cmdlet.lower())
            paths = Call(call, words, None).paths() if call is not None and call.name == "test-path" else []
        return [self.plain_path(path) for path in paths]

    def run_loop(self, syntax: Syntax) -> Items:
        """Twice, so that what a first turn sets is known in the second."""
        return [item for _turn in range(2) for part in syntax.parts for item in self.run_perhaps(part)][:MOST_ITEMS]

    def run_each(self, syntax: Syntax) -> Items:
        items = self.run(syntax.parts[0])
        return self.over(items, syntax.text, lambda: self.run_perhaps(syntax.parts[1]))

    def for_each(self, block: Block, items: Items) -> Items:
        return self.over(items, "_", lambda: self.run_all(block.body.parts))

    def over(self, items: Items, name: str, run: Callable[[], Items]) -> Items:
        """For each item; where they are many, for all of them at once."""
        before = self.variables.get(name)
        found: Items = []
        turns = [[item] for item in items] if len(items) <= MOST_VALUES else [items]
        for turn in turns:
            self.variables[name] = turn
            found += run()
        if before is not None:
            self.variables[name] = before
        return found[:MOST_ITEMS]

    def run_switch(self, syntax: Syntax) -> Items:
        found: Items = []
        for part in syntax.parts:
            if part.kind == "redirect":
                self.ask_all(self.run(part.parts[0]))
            elif part.kind == "group":
                self.variables["_"] = self.run(part)
            else:
                found += self.run_perhaps(part)
        return found

    def run_function(self, syntax: Syntax) -> Items:
        self.functions[syntax.text] = syntax
        return []

    def run_try(self, syntax: Syntax) -> Items:
        return [item for part in syntax.parts for item in self.run_perhaps(part)]

    def run_chain(self, syntax: Syntax) -> Items:
        return self.run_try(syntax)

    def run_assign(self, syntax: Syntax) -> Items:
        target, value = syntax.parts
        items = self.run(value)
        while target.kind == "cast":
            items = cast(target.text, items)
            target = target.parts[0]
        if target.kind == "variable":
            self.set_variable(
                target.text, items if syntax.text == "=" else operator_value("+", self.variable(target.text), items)
            )
        elif target.kind == "list":
            for at, each in enumerate(target.parts):
                if each.kind == "variable":
                    self.set_variable(each.text, items[at : at + 1] if at + 1 < len(target.parts) else items[at:])
        elif target.kind in {"member", "index"} and target.parts[0].kind == "variable":
            key = target.text or "".join(self.texts(self.run(target.parts[1])))
            for table in self.variables.get(target.parts[0].text, []):
                if isinstance(table, Table):
                    table.given[key.lower()] = items
        return []

    # ---- pipes and commands

    def run_pipe(self, syntax: Syntax) -> Items:
        flow: Items | None = None
        for part in syntax.parts:
            flow = self.run_command(part, flow) if part.kind == "command" else self.run(part)
        return flow or []

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
            return run_cmdlet(self, call)
        return self.program(name, words, flow, bare)

    def program(self, name: str, words: list[tuple[str, Items | None]], flow: Items | None, bare: list[bool]) -> Items:
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
        return self.run_program_of_system(
            [name.replace("\\", "/")[: -len(low) or None] + low if low else name, *words[1:]], flow
        )

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

    KINDS: dict[str, Callable[[PowerShell, Syntax], Items]] = {  # noqa: RUF012
        "if": run_if,
        "loop": run_loop,
        "each": run_each,
        "switch": run_switch,
        "function": run_function,
        "try": run_try,
        "chain": run_chain,
        "assign": run_assign,
        "pipe": run_pipe,
        "with": run_with,
        "command": run_command,
        "parameters": Evaluator.nothing,
        "text": Evaluator.value_of_text,
        "string": Evaluator.value_of_string,
        "word": Evaluator.value_of_string,
        "variable": Evaluator.value_of_variable,
        "group": Evaluator.value_of_group,
        "array": Evaluator.value_of_group,
        "table": Evaluator.value_of_table,
        "block": Evaluator.value_of_block,
        "list": Evaluator.value_of_list,
        "unary": Evaluator.value_of_unary,
        "binary": Evaluator.value_of_binary,
        "cast": Evaluator.value_of_cast,
        "type": Evaluator.value_of_type,
        "member": Evaluator.value_of_member,
        "call": Evaluator.value_of_call,
        "index": Evaluator.value_of_index,
        "splat": Evaluator.value_of_variable,
    }
