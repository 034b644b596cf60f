"""The values of PowerShell's variables and expressions."""

from __future__ import annotations

import os
import re

from onebox.assistant.hooks.guard.powershell_lexer import Syntax
from onebox.assistant.hooks.guard.powershell_net import method_call, static_call
from onebox.assistant.hooks.guard.powershell_paths import PathAsker, path_property
from onebox.assistant.hooks.guard.powershell_values import (
    MOST_ITEMS,
    Block,
    FileItem,
    Listing,
    Series,
    Table,
    bounded,
    cast,
    concatenated,
    indexed,
    joined,
    operator_value,
    split_up,
    told,
    truth_of,
)
from onebox.assistant.hooks.guard.shell_words import ANY, Denied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.assistant.hooks.guard.places import Places
    from onebox.assistant.hooks.guard.powershell_values import Item, Items

SCOPES = r"^(?:global|script|local|private|using):"


class Evaluator(PathAsker):
    """`value_of…` give what an expression may be; what runs is left to who extends it."""

    def __init__(self, places: Places, cwd: str) -> None:
        super().__init__(places, cwd)
        self.variables: dict[str, Items] = {}

    def run(self, _syntax: Syntax) -> Items:
        """A statement or an expression."""
        raise NotImplementedError

    def run_all(self, _statements: list[Syntax]) -> Items:
        raise NotImplementedError

    def run_block(self, _block: Block, _flow: Items | None, arguments: list[Items] | None = None) -> Items:
        raise NotImplementedError

    def run_text(self, _text: str) -> Items:
        raise NotImplementedError

    def read_block(self, _text: str) -> list[Syntax]:
        raise NotImplementedError

    def run_command_line(self, _name: str, _lines: list[str]) -> None:
        raise NotImplementedError

    def for_each(self, _block: Block, _items: Items) -> Items:
        raise NotImplementedError

    # ---- variables

    def set_variable(self, name: str, items: Items) -> None:
        name = re.sub(SCOPES, "", name)
        self.variables[name] = items if len(items) <= MOST_ITEMS else items[:MOST_ITEMS]
        if name.startswith("env:"):
            self.shell.set_variable(name[4:].upper(), self.texts(items)[:8])
        elif re.match(r"[a-z]:|[^:]*[\\/]", name):
            # `${C:\x\y} = 'text'` writes the file.
            self.write(name, items)

    def variable(self, name: str) -> Items:
        name = re.sub(SCOPES, "", name)
        name = "_" if name == "psitem" else name
        if name in self.variables:
            return self.variables[name]
        if name in {"null", "args", "input", "error", "false"}:
            return ["False"] if name == "false" else []
        home, cwds = self.places.home, self.shell.state.cwds
        known: dict[str, Items] = {
            "home": [home], "env:userprofile": [home], "env:home": [home], "pwd": [FileItem(cwd) for cwd in cwds],
            "psscriptroot": [*cwds], "true": ["True"], "env:claude_project_dir": [self.places.project],
            "env:homedrive": [""], "env:homepath": [home],
        }  # fmt: skip
        if name in known:
            return [*known[name]]
        if re.match(r"[a-z]:(?!$)|[^:]*[\\/]", name):
            self.ask(name)
        return [ANY]

    def of_environment(self, name: str) -> str:
        return "".join(self.texts(self.variable("env:" + name.lower())))

    # ---- expressions

    def texts(self, items: Items) -> list[str]:
        return [self.text(item) for item in items]

    def text(self, item: Item) -> str:
        if isinstance(item, Listing):
            return self.ask_names_of(item)
        return item if isinstance(item, str) else item.body.text if isinstance(item, Block) else ANY

    def ask_all(self, items: Items) -> None:
        for item in items:
            self.ask(item)

    def value_of_text(self, syntax: Syntax) -> Items:
        return [syntax.text]

    def value_of_string(self, syntax: Syntax) -> Items:
        if len(syntax.parts) == 1 and syntax.kind == "word":
            return self.run(syntax.parts[0])
        return [*concatenated([self.texts(self.run(part)) for part in syntax.parts])]

    def value_of_variable(self, syntax: Syntax) -> Items:
        return self.variable(syntax.text)

    def value_of_group(self, syntax: Syntax) -> Items:
        if len(syntax.parts) == 1 and syntax.parts[0].kind == "assign":
            # In brackets, what is assigned is given out too.
            return self.run(syntax.parts[0]) + self.run(syntax.parts[0].parts[0])
        return self.run_all(syntax.parts)

    def value_of_array(self, syntax: Syntax) -> Items:
        return Series(self.run_all(syntax.parts))

    def value_of_table(self, syntax: Syntax) -> Items:
        given: dict[str, Items] = {}
        for key, value in zip(syntax.parts[::2], syntax.parts[1::2]):
            given["".join(self.texts(self.run(key))).lower()] = self.run(value)
        return [Table(given)]

    def value_of_block(self, syntax: Syntax) -> Items:
        return [Block(syntax)]

    def value_of_list(self, syntax: Syntax) -> Items:
        return [item for part in syntax.parts for item in self.run(part)]

    def value_of_unary(self, syntax: Syntax) -> Items:
        items = self.run(syntax.parts[0])
        if syntax.text in {"not", "!"}:
            truth = truth_of(items)
            return told(None if truth is None else not truth)
        if syntax.text == "join":
            return joined(items, [])
        if syntax.text.endswith("split"):
            return split_up(items, [])
        return ["-" + text if syntax.text == "-" else text for text in self.texts(items)]

    def value_of_binary(self, syntax: Syntax) -> Items:
        left, right = (self.run(part) for part in syntax.parts)
        return operator_value(syntax.text, left, right)

    def value_of_cast(self, syntax: Syntax) -> Items:
        if syntax.text.lower().endswith("scriptblock"):
            return [
                item if isinstance(item, Block) else Block(block)
                for item in self.run(syntax.parts[0])
                for block in self.read_block(self.text(item))
            ]
        items = self.run(syntax.parts[0])
        if re.search(r"(?i)stream(?:reader|writer)?$", syntax.text):
            self.ask_all(items)
        return cast(syntax.text, items)

    def value_of_type(self, syntax: Syntax) -> Items:
        return [syntax.text]

    def value_of_member(self, syntax: Syntax) -> Items:
        if syntax.bare:
            return [syntax.text] if syntax.parts[0].kind == "type" else [ANY]
        name = (syntax.text or "".join(self.texts(self.run(syntax.parts[1])))).lower()
        return [value for item in self.run(syntax.parts[0]) for value in self.property_of(item, name)]

    def property_of(self, item: Item, name: str) -> Items:
        if isinstance(item, Table):
            return item.given.get(name, [ANY])
        if isinstance(item, Listing):
            return [item] if path_property(ANY, name) is not None else [ANY]
        if isinstance(item, Block):
            return [ANY]
        if name == "psiscontainer":
            return [str(self.is_folder(item))] if ANY not in item else [ANY]
        found = path_property(item, name)
        return [ANY] if found is None else [found]

    def value_of_call(self, syntax: Syntax) -> Items:
        target, *arguments = syntax.parts
        name = syntax.text
        if not name:
            name, arguments = "".join(self.texts(self.run(arguments[0]))), arguments[1:]
        items = self.run(target)
        values = [self.run(argument) for argument in arguments]
        self.shell.source = f"[{target.text}]::{name}(…)" if target.kind == "type" else f"….{name}(…)"
        if syntax.bare:
            return [item for kind in self.texts(items)[:3] for item in self.of_net(static_call, kind, name, values)]
        if target.kind == "variable":
            self.changed(target.text, items, name.lower(), values)
        return self.of_net(method_call, items, name, values)

    def of_net(self, call: Callable[..., Items], target: str | Items, name: str, values: list[Items]) -> Items:
        """What .NET would refuse gives nothing that is known."""
        try:
            return bounded(call(self, target, name.lower(), values))
        except (ValueError, IndexError, OverflowError):
            return [ANY]

    def changed(self, variable: str, items: Items, name: str, values: list[Items]) -> None:
        """`$list.Add('x')`, `$text.Append('x')`"""
        given = [item for value in values for item in value]
        known: Items = [item for item in items if item != ANY]
        if name in {"add", "addrange", "push", "enqueue"}:
            tables = [item for item in items if isinstance(item, Table)]
            for table in tables:
                table.given["".join(self.texts(given[:1])).lower()] = given[1:]
            if not tables:
                self.variables[variable] = Series(known + given)
        elif name in {"append", "appendline"}:
            self.variables[variable] = [*concatenated([self.texts(known), self.texts(given)])]

    def of_member(self, items: Items, name: str, values: list[Items]) -> Items:
        """`ForEach-Object FullName`, `ForEach-Object OpenText`"""
        found = [value for item in items for value in self.property_of(item, name)]
        method_call(self, items, name, values)
        return found

    def value_of_index(self, syntax: Syntax) -> Items:
        return indexed(self.run(syntax.parts[0]), self.run(syntax.parts[1]))

    def passes(self, condition: Syntax, path: str) -> bool:
        before = self.variables.get("_")
        self.variables["_"] = [FileItem(path.replace("/", os.sep))]
        try:
            items = self.run_all(condition.parts) if condition.kind == "block" else self.run(condition)
        except Denied:
            return True
        finally:
            self.variables["_"] = before if before is not None else [ANY]
        return truth_of(items) is not False

    def nothing(self, _syntax: Syntax) -> Items:
        return []
