"""What each kind of cmdlet does with its values."""

from __future__ import annotations

import os

from onebox.assistant.hooks.guard.powershell_files import (
    copy_items,
    join_paths,
    list_items,
    make_item,
    mark_items,
    move_items,
    name_items,
    name_only,
    pack_items,
    part_paths,
    read_files,
    remove_items,
    role_values,
    search_items,
    send_items,
    write_values,
)
from onebox.assistant.hooks.guard.powershell_lexer import Syntax
from onebox.assistant.hooks.guard.powershell_net import made_of
from onebox.assistant.hooks.guard.powershell_values import (
    MOST_VALUES,
    Block,
    FileItem,
    Listing,
    Table,
    as_texts,
)
from onebox.assistant.hooks.guard.shell_words import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.assistant.hooks.guard.powershell_calls import Caller
    from onebox.assistant.hooks.guard.powershell_table import Call
    from onebox.assistant.hooks.guard.powershell_values import Items


def run_cmdlet(shell: Caller, call: Call) -> Items:
    """What it gives out."""
    return DOINGS[call.cmdlet.does](shell, call)


def evaluate_texts(shell: Caller, call: Call) -> Items:
    found: Items = []
    for text in as_texts(call.values("command") + (call.flow or []) + call.rest)[:MOST_VALUES]:
        found += shell.run_text(text)
    return found


def run_blocks(shell: Caller, call: Call) -> Items:
    found: Items = []
    for item, literal in role_values(call, "r"):
        shell.ask(item, literal=literal)
        found += shell.run_written(item)
    for item, _ in role_values(call, "b"):
        if isinstance(item, Block):
            found += shell.run_block(item, call.flow, arguments=[call.values("argumentlist")])
        else:
            shell.ask(item)
    shell.ask_all(call.rest)
    return found


def for_each_item(shell: Caller, call: Call) -> Items:
    items = call.values("inputobject") or (call.flow or [])
    found: Items = []
    for item in [item for item, _ in role_values(call, "b")] + call.rest:
        if isinstance(item, Block):
            found += shell.for_each(item, items)
        else:
            found += shell.of_member(items, as_texts([item])[0].lower(), [call.values("argumentlist")])
    for name in as_texts(call.values("membername")):
        found += shell.of_member(items, name.lower(), [call.values("argumentlist")])
    return found


def sift_items(shell: Caller, call: Call) -> Items:
    """`Where-Object { … }`, `Where-Object Name -like '*.py'`"""
    items = call.values("inputobject") or (call.flow or [])
    conditions: list[Syntax] = []
    for item in call.values("property", "filterscript") + call.rest:
        if isinstance(item, Block):
            shell.for_each(item, items)
            conditions.append(item.body)
    operator = next((name for name in call.cmdlet.takes if call.has(name)), "")
    if call.values("property") and not conditions and operator:
        member = Syntax("member", as_texts(call.values("property"))[0].lower(), [Syntax("variable", "_")])
        values = [Syntax("text", text) for text in as_texts(call.values("value") + call.rest)]
        conditions.append(Syntax("binary", operator, [member, Syntax("list", parts=values)]))
    found: Items = []
    for item in items:
        if isinstance(item, Listing):
            kept = (*item.kept, *conditions)
            found.append(Listing(item.folder, deep=item.deep, names=item.names, without=item.without, kept=kept))
        elif not isinstance(item, FileItem) or all(shell.passes(condition, item) for condition in conditions):
            found.append(item)
    return found


def start_process(shell: Caller, call: Call) -> Items:
    for item, literal in role_values(call, "r"):
        shell.ask(item, literal=literal)
    for item, literal in role_values(call, "w"):
        shell.ask(item, writes=True, literal=literal)
    for name in as_texts(call.values("filepath")):
        shell.run_command_line(name, as_texts(call.values("argumentlist") + call.rest))
    return []


def go_to_folder(shell: Caller, call: Call) -> Items:
    shell.folders.append(shell.shell.state.cwds)
    paths = call.paths() or ["~"]
    if call.cmdlet.name == "push-location" and not call.paths():
        return []
    found = []
    for path in as_texts(paths):
        place = shell.shell.home(shell.plain_path(path))
        if place and ANY not in place and place != "-":
            found += [os.path.normpath(os.path.join(cwd, place)) for cwd in shell.shell.state.cwds]
    if found:
        shell.shell.state.cwds = tuple(dict.fromkeys(found))[:4]
    return []


def move_back(shell: Caller, _call: Call) -> Items:
    if shell.folders:
        shell.shell.state.cwds = shell.folders.pop()
    return []


def tell_place(shell: Caller, _call: Call) -> Items:
    return [FileItem(cwd) for cwd in shell.shell.state.cwds]


def add_drive(shell: Caller, call: Call) -> Items:
    for name, root in zip(as_texts(call.values("name")), as_texts(call.values("root"))):
        shell.drives[name.lower()] = shell.plain_path(root)
    return []


def set_variables(shell: Caller, call: Call) -> Items:
    for name in as_texts(call.values("name")):
        shell.set_variable(name.lower(), call.values("value") or (call.flow or []))
    return []


def get_variables(shell: Caller, call: Call) -> Items:
    found = [item for name in as_texts(call.values("name")) for item in shell.variable(name.lower())]
    return found if call.has("valueonly") else [Table({"value": found})]


def call_otherwise(shell: Caller, call: Call) -> Items:
    for name, value in zip(as_texts(call.values("name")), as_texts(call.values("value"))):
        shell.aliases[name.lower()] = value.lower()
    return []


def give_out(_shell: Caller, call: Call) -> Items:
    return call.values("inputobject", "name") + call.rest + (call.flow or [])


def hand_on(_shell: Caller, call: Call) -> Items:
    return call.flow or call.values("inputobject") or [ANY]


def select_items(shell: Caller, call: Call) -> Items:
    items = call.flow or call.values("inputobject")
    names = as_texts(call.values("expandproperty"))
    if names:
        return [value for item in items for value in shell.property_of(item, names[0].lower())]
    return items


def make_object(shell: Caller, call: Call) -> Items:
    if call.values("property"):
        return call.values("property")
    kind = "".join(as_texts(call.values("typename")))
    given: list[Items] = [[value] for value in call.values("argumentlist") + call.rest]
    return made_of(shell, kind, given) if kind else [ANY]


def compile_code(shell: Caller, call: Call) -> Items:
    from onebox.assistant.hooks.guard.shell_code import ask_code

    for item in call.values("path", "literalpath"):
        shell.ask(item)
    for text in as_texts(call.values("typedefinition", "memberdefinition")):
        ask_code(shell.shell, "", text)
    return []


DOINGS: dict[str, Callable[[Caller, Call], Items]] = {
    "reads": read_files,
    "writes": write_values,
    "copies": copy_items,
    "moves": move_items,
    "removes": remove_items,
    "makes": make_item,
    "names": name_items,
    "lists": list_items,
    "tells": name_only,
    "joins": join_paths,
    "parts": part_paths,
    "marks": mark_items,
    "searches": search_items,
    "packs": pack_items,
    "sends": send_items,
    "evaluates": evaluate_texts,
    "runs": run_blocks,
    "each": for_each_item,
    "sifts": sift_items,
    "starts": start_process,
    "moves_to": go_to_folder,
    "moves_back": move_back,
    "where_it_is": tell_place,
    "has_drive": add_drive,
    "remembers": set_variables,
    "recalls": get_variables,
    "calls": call_otherwise,
    "echoes": give_out,
    "passes": hand_on,
    "selects": select_items,
    "news": make_object,
    "compiles": compile_code,
}
