"""What cmdlets do with files."""

from __future__ import annotations

import os

from onebox.assistant.hooks.guard.powershell_lexer import Syntax
from onebox.assistant.hooks.guard.powershell_values import (
    Block,
    FileItem,
    Listing,
    Table,
    TemplateText,
    as_texts,
    concatenated,
)
from onebox.assistant.hooks.guard.shell_words import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.powershell_calls import Caller
    from onebox.assistant.hooks.guard.powershell_table import Call
    from onebox.assistant.hooks.guard.powershell_values import Item, Items

LITERALS = {"literalpath", "pspath", "lp"}


def role_values(call: Call, roles: str) -> list[tuple[Item, bool]]:
    """(value, whether it is literal) of all parameters with one of these roles."""
    return [
        (item, cmdlet_role.isupper() or name in LITERALS)
        for name, cmdlet_role in call.cmdlet.roles.items()
        if cmdlet_role and cmdlet_role.lower() in roles
        for item in call.given.get(name, [])
    ]


def incoming_files(call: Call) -> Items:
    """What comes in by the pipe, where it counts as a path: as the cmdlet takes it, or since it is a file's object."""
    flow = call.flow or []
    if call.cmdlet.flow in "rwdn":
        return flow
    return [item for item in flow if isinstance(item, (FileItem, Listing))]


def with_filters(shell: Caller, call: Call, item: Item) -> Item:
    r"""`src\*` with -Exclude and the like: as the listing that it is."""
    names = tuple(as_texts(call.values("include", "filter")))
    without = tuple(as_texts(call.values("exclude")))
    if not isinstance(item, str) or not (names or without):
        return item
    folder, _, last = shell.plain_path(item).rpartition("/")
    if any(letter in last for letter in "*?["):
        return Listing(folder or ".", deep=call.has("recurse"), names=names or (last,), without=without, tops=True)
    if shell.is_folder(item):
        return Listing(shell.plain_path(item), deep=call.has("recurse"), names=names or None, without=without)
    return item


def read_files(shell: Caller, call: Call) -> Items:
    sources = role_values(call, "r") + [(item, False) for item in incoming_files(call)]
    for item, literal in sources:
        shell.ask(with_filters(shell, call, item), literal=literal)
    shell.ask_all(call.rest)
    for item, literal in role_values(call, "w"):
        shell.ask(item, writes=True, literal=literal)
    of_template = bool(sources) and all(shell.is_template(item) for item, _ in sources)
    if not sources:
        return call.flow or [ANY]
    return [TemplateText(ANY)] if of_template else [ANY]


def write_values(shell: Caller, call: Call) -> Items:
    """What comes in, or is given, goes into the file."""
    values = [item for item, _ in role_values(call, "v")] or (call.flow or [])
    if call.cmdlet.name in {"expand-archive", "start-bitstransfer"}:
        read_files(shell, call)
    made = bool(values) and all(isinstance(item, TemplateText) for item in values)
    paths = role_values(call, "w") + [(item, False) for item in incoming_files(call) if call.cmdlet.flow == "w"]
    for item, literal in paths:
        shell.write(item, values, literal=literal, asked=made and shell.is_missing(item))
    shell.ask_all(call.rest)
    return values if call.cmdlet.name == "tee-object" or call.has("passthru") else []


def copy_items(shell: Caller, call: Call) -> Items:
    sources = role_values(call, "r") + [(item, False) for item in incoming_files(call)]
    deep = call.has("recurse")
    for item, literal in sources:
        shell.ask(with_filters(shell, call, item), literal=literal, deep=deep)
    place_files(shell, call, sources)
    return []


def place_files(shell: Caller, call: Call, sources: list[tuple[Item, bool]]) -> None:
    """Where it is copied or moved to: a template may make a missing secrets file."""
    made = len(sources) == 1 and shell.is_template(sources[0][0])
    into = call.values("destination") + call.rest
    if call.cmdlet.name == "rename-item" and sources:
        folder = shell.plain_path(sources[0][0]).rpartition("/")[0]
        into = [os.path.join(folder, name) for name in as_texts(call.values("newname"))]
    for target in into:
        if not (made and shell.is_missing(target)):
            shell.ask(target, writes=True, literal=True)
        if shell.is_folder(target):
            for source, _ in sources:
                inside = (
                    shell.plain_path(target).rstrip("/") + "/" + os.path.basename(shell.plain_path(source).rstrip("/"))
                )
                shell.ask(inside, writes=True)


def move_items(shell: Caller, call: Call) -> Items:
    sources = role_values(call, "d") + [(item, False) for item in incoming_files(call)]
    for item, literal in sources:
        shell.ask(with_filters(shell, call, item), writes=True, removes=True, literal=literal, deep=True)
    place_files(shell, call, sources)
    return []


def remove_items(shell: Caller, call: Call) -> Items:
    for item, literal in role_values(call, "d") + [(item, False) for item in incoming_files(call)]:
        shell.ask(with_filters(shell, call, item), writes=True, removes=True, literal=literal, deep=call.has("recurse"))
    shell.ask_all(call.rest)
    return []


def make_item(shell: Caller, call: Call) -> Items:
    """`New-Item`: to make an empty file is harmless; one with a value or over another is written, and a link reads."""
    kind = "".join(as_texts(call.values("itemtype", "type"))).lower()
    names = call.values("name")
    paths: Items = call.values("path") or ["."]
    if names:
        paths = list(concatenated([as_texts(paths), ["/"], as_texts(names)]))
    for target in call.values("target", *(["value"] if "link" in kind or kind == "junction" else [])):
        shell.ask(target, writes=True)
    for path in paths:
        if kind == "directory" or (not call.values("value") and shell.is_missing(path)):
            continue
        if call.values("value") or call.has("force"):
            shell.write(path, call.values("value"), literal=True)
    return [FileItem(path) for path in as_texts(paths)]


def name_items(shell: Caller, call: Call) -> Items:
    """`Get-Item`, `Resolve-Path`: objects of files that are named."""
    named: Items = []
    for item in call.paths() + (call.flow or []) + call.rest:
        found = with_filters(shell, call, item)
        named.append(FileItem(found) if isinstance(found, str) else found)
    return named


def list_items(shell: Caller, call: Call) -> Items:
    folders: Items = call.paths() + [item for item in (call.flow or []) if isinstance(item, str)] or ["."]
    names = tuple(as_texts(call.values("filter") or call.values("include"))) or None
    without = tuple(as_texts(call.values("exclude")))
    deep = call.has("recurse") or call.has("s") or bool(call.values("depth"))
    # Of folders that were listed, what is in them.
    found: Items = [
        Listing(item.folder, deep=True, names=names, without=without)
        for item in (call.flow or [])
        if isinstance(item, Listing)
    ]
    kept = (
        (Syntax("member", "psiscontainer", [Syntax("variable", "_")]),)
        if call.has("directory") or call.has("ad")
        else ()
    )
    for folder in as_texts(folders + call.rest):
        path = shell.plain_path(folder)
        above, _, last = path.rpartition("/")
        if not path:
            continue
        if any(letter in last for letter in "*?[") and ANY not in path:
            found.append(Listing(above or ".", deep=deep, names=names or (last,), without=without, kept=kept))
        elif ANY in path or shell.is_folder(folder):
            found.append(Listing(path, deep=deep, names=names, without=without, kept=kept))
        else:
            found.append(FileItem(path))
    return found


def name_only(shell: Caller, call: Call) -> Items:
    for item in call.rest:
        if isinstance(item, Block):
            shell.run_block(item, call.flow)
    return [ANY] if call.cmdlet.name.startswith(("get-", "read-", "test-", "new-")) else []


def join_paths(_shell: Caller, call: Call) -> Items:
    parts: list[list[str]] = []
    for name in ("path", "childpath", "additionalchildpath"):
        parts += [["/"], as_texts(call.values(name))] if call.values(name) else []
    if call.flow and not call.values("path"):
        parts = [["/"], as_texts(call.flow), *parts]
    parts += [["/"], as_texts(call.rest)] if call.rest else []
    return [FileItem(path) for path in concatenated(parts[1:])]


def part_paths(_shell: Caller, call: Call) -> Items:
    """`Split-Path`: the folder, or with -Leaf the name."""
    found: Items = []
    for path in as_texts(call.paths() or (call.flow or [])):
        folder, _, last = path.replace("\\", "/").rstrip("/").rpartition("/")
        found.append(FileItem(last if call.has("leaf") or call.has("leafbase") else folder or "."))
    return found


def mark_items(shell: Caller, call: Call) -> Items:
    """As `chmod`: of a secret that is harmless, of the guard's own files it is not."""
    for item, literal in role_values(call, "w") + [(item, False) for item in (call.flow or [])]:
        if not shell.refused(item):
            shell.ask(item, writes=True, removes=True, literal=literal)
    return []


def search_items(shell: Caller, call: Call) -> Items:
    sources = role_values(call, "r") + [(item, False) for item in incoming_files(call)]
    for item, literal in sources:
        shell.ask(with_filters(shell, call, item), literal=literal)
    shell.ask_all(call.rest)
    return [ANY] if sources else call.flow or []


def pack_items(shell: Caller, call: Call) -> Items:
    for item, literal in role_values(call, "r") + [(item, False) for item in incoming_files(call)]:
        shell.ask(item, literal=literal, deep=True)
    for item, _ in role_values(call, "w"):
        shell.ask(item, writes=True)
    return []


def send_items(shell: Caller, call: Call) -> Items:
    """What is sent: files, and the files in a form."""
    for item, literal in role_values(call, "r"):
        shell.ask(item, literal=literal)
    for item, _ in role_values(call, "w"):
        shell.ask(item, writes=True)
    for item in call.values("form", "body") + incoming_files(call):
        values = [value for given in item.given.values() for value in given] if isinstance(item, Table) else [item]
        shell.ask_all([value for value in values if isinstance(value, (FileItem, Listing))])
    for text in as_texts(call.values("uri")):
        if text.lower().startswith("file:"):
            shell.ask(text)
    return [ANY]
