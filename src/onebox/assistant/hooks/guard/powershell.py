"""Judges a PowerShell command by going through it as PowerShell would, with all that each value may be."""

from __future__ import annotations

import re
import time

from onebox.assistant.hooks.guard.powershell_calls import DEEPEST_POWERSHELL, Caller
from onebox.assistant.hooks.guard.powershell_evaluation import Evaluator
from onebox.assistant.hooks.guard.powershell_lexer import Syntax, Unreadable
from onebox.assistant.hooks.guard.powershell_reader import PowerShellReader
from onebox.assistant.hooks.guard.powershell_table import Call, cmdlet_called
from onebox.assistant.hooks.guard.powershell_values import (
    MOST_ITEMS,
    MOST_VALUES,
    Block,
    Series,
    Table,
    cast,
    operator_value,
)
from onebox.assistant.hooks.guard.shell import MOST_STEPS, PRIVATE, TOO_LARGE, raw_names
from onebox.assistant.hooks.guard.shell_words import ANY, Beyond, Denied, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.assistant.hooks.guard.places import Places
    from onebox.assistant.hooks.guard.powershell_values import Items
    from onebox.assistant.hooks.guard.shell import Shell


def judge_powershell(command: str, places: Places, cwd: str) -> str | None:
    """None when nothing guarded is touched, else why not, with the part of the command that is meant."""
    text = re.sub(PRIVATE, "\ufffd", command).replace("\0", "")
    shell = PowerShell(places, cwd)
    try:
        shell.run_text(text)
    except Denied as denied:
        return str(denied)
    except (Beyond, RecursionError):
        return raw_names(text.replace("`", ""), places, cwd) or TOO_LARGE
    return raw_names(shell.unread.replace("`", ""), places, cwd) if shell.unread else None


def run_in_powershell(shell: Shell, words: list[str], stdin: str) -> str:
    """PowerShell, or what it can start, that is started from another shell."""
    before = shell.state
    shell.state = before.copy()
    inside = PowerShell(shell.places, before.cwds[0])
    inside.shell = shell
    inside.run_words([plain(word) for word in words], [stdin] if stdin else None)
    shell.state = before
    reason = raw_names(inside.unread, shell.places, before.cwds[0]) if inside.unread else None
    if reason:
        shell.deny(reason)
    return ANY


class PowerShell(Caller):
    """`unread`: the text that could not be read."""

    def __init__(self, places: Places, cwd: str) -> None:
        super().__init__(places, cwd)
        self.unread = ""
        self.steps = 0

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
        if self.steps > MOST_STEPS or (self.steps % 32 == 0 and time.process_time() > self.shell.until):
            raise Beyond("too long")
        self.depth += 1
        if self.depth > DEEPEST_POWERSHELL:
            raise Beyond("nested too deep")
        try:
            return self.KINDS[syntax.kind](self, syntax)
        finally:
            self.depth -= 1

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
        self.variables["args"] = Series(item for value in loose for item in value)
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

    KINDS: dict[str, Callable[[PowerShell, Syntax], Items]] = {  # noqa: RUF012
        "if": run_if,
        "loop": run_loop,
        "each": run_each,
        "switch": run_switch,
        "function": run_function,
        "try": run_try,
        "chain": run_chain,
        "assign": run_assign,
        "pipe": Caller.run_pipe,
        "with": Caller.run_with,
        "command": Caller.run_command,
        "parameters": Evaluator.nothing,
        "text": Evaluator.value_of_text,
        "string": Evaluator.value_of_string,
        "word": Evaluator.value_of_string,
        "variable": Evaluator.value_of_variable,
        "group": Evaluator.value_of_group,
        "array": Evaluator.value_of_array,
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
