"""What the kit has in `.claude/settings.json`: put in without a change to what is there, and taken out again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.assistant.json_text import JsonFault, Node, insertion, read, without
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SETTINGS = ".claude/settings.json"
_SCRIPTS = (".claude/hooks/protect_secrets.py", ".claude/hooks/check_after_edit.py")
_EMPTY = "{}\n"
# A relative one does not count, by the standard: it would put bytecode into the project.
_CACHE = 'cache="${XDG_CACHE_HOME##[!/]*}"; '
_BYTECODE = "${cache:-$HOME/.cache}/onebox-kit/bytecode"

Path = tuple[str, ...]
"""the keys that lead to a list, such as ("permissions", "deny")"""
Entry = tuple[Path, Any]
"""a list, and an item that stands in it"""
RULES: Path = ("permissions", "deny")


class SettingsUnreadable(OneboxError):
    """The settings are no JSON, or have something else where a list must be. Nothing was written."""

    code: ClassVar[str] = "kit_settings"


@dataclass(frozen=True)
class Put:
    """What was put into a text, so that it can be taken out: the entries, the objects and lists that were made for
    them, each insertion (place, length) in its order, and the hash of the text as it was then."""

    entries: Sequence[Entry] = ()
    made: Sequence[Path] = ()
    insertions: Sequence[tuple[int, int]] = ()
    sha256: str = ""


def hooks(folder: str) -> list[Entry]:
    """The entries of the two hooks, whose files lie in this folder (`${CLAUDE_PROJECT_DIR}/.claude/hooks`)."""
    # Fails closed: whatever ends the guard but a quiet yes becomes exit code 2, the one that blocks.
    guard = _hook(
        f"{_CACHE}{_run('protect_secrets')} || exit 2", f"{folder}/protect_secrets.py", timeout=10, onFailure="block"
    )
    check = f"{folder}/check_after_edit.py"
    after = _hook(f"{_CACHE}exec {_run('check_after_edit')}", check, timeout=60)
    at_end = _hook(f"{_CACHE}exec {_run('check_after_edit')}", check, timeout=300)
    return [
        (("hooks", "PreToolUse"), {"matcher": "*", "hooks": [guard]}),
        (("hooks", "PostToolUse"), {"matcher": "Edit|Write|MultiEdit|NotebookEdit", "hooks": [after]}),
        (("hooks", "Stop"), {"hooks": [at_end]}),
    ]


def _run(module: str) -> str:
    """How the shell runs a script whose path is its `$0`: as a module, since Python keeps the bytecode of those, and
    reading the script anew would take most of a call's time. Its folder is the last to be searched: nothing in it can
    stand in for a module of the standard library."""
    start = f"import sys; sys.path.append(sys.argv[1]); from {module} import main; sys.exit(main())"
    return f"""python3 -I -S -X pycache_prefix="{_BYTECODE}" -c '{start}' "${{0%/*}}\""""


def _hook(command: str, script: str, **more: Any) -> dict[str, Any]:
    return {"type": "command", "command": "sh", "args": ["-c", command, script], **more}


def decoded(data: bytes) -> str:
    """The settings' text. Raises SettingsUnreadable for bytes that are no UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsUnreadable(
            f"{SETTINGS}:{line}: byte {data[error.start]:#04x} is no UTF-8",
            hint="nothing was written; save the file as UTF-8, then try again",
        ) from None


def merged(text: str, entries: Sequence[Entry]) -> tuple[str, Put]:
    """The text with these entries, and what was put in; what is there already is not put in again.

    They stand before a person's own: of the rules in `permissions.deny` a later one decides, and no `!` of the kit's may
    open what a person denies. Raises SettingsUnreadable."""
    made: list[Path] = []
    put: list[Entry] = []
    insertions: list[tuple[int, int]] = []
    if _is_blank(text):
        insertions.append((len(text), len(_EMPTY)))
        text += _EMPTY
    for path in dict.fromkeys(path for path, _ in entries):
        root = _read(text)
        there = _items(text, root, path)
        missing = [item for each, item in entries if each == path and not _is_there(path, item, there)]
        if not missing:
            continue
        at, words = _insertion(text, root, path, missing, made)
        text = text[:at] + words + text[at:]
        insertions.append((at, len(words)))
        put += [(path, item) for item in missing]
    return text, Put(put, made, insertions, _sha256(text))


def complete(text: str, entries: Sequence[Entry], put: Put) -> bool:
    """Whether all these entries are there, in their order, and none of the kit's that is not among them. Raises
    SettingsUnreadable."""
    if _is_blank(text):
        return not entries
    root = _read(text)
    missing = [1 for path, item in entries if not _is_there(path, item, _items(text, root, path))]
    stale = [entry for entry in put.entries if entry not in entries and entry[1] in _items(text, root, entry[0])]
    return not missing and not stale and rules_in_order(text, put) and not _strangers(root, entries)


def rules_in_order(text: str, put: Put) -> bool:
    """Whether the kit's rules that are there stand as they were put: of a list that was sorted, other ones decide.
    Raises SettingsUnreadable."""
    there = _items(text, _read(text), RULES)
    ours = [item for path, item in put.entries if path == RULES and item in there]
    return [item for item in there if item in ours] == ours


def found(text: str, entries: Sequence[Entry]) -> Put:
    """Which of these entries are there by a kit that no manifest tells of; nothing, if no hook of the kit is there.
    Raises SettingsUnreadable."""
    root = _read(text or _EMPTY)
    if not _strangers(root, ()):
        return Put()
    there = [(path, item) for path, item in entries if _is_there(path, item, _items(text, root, path))]
    return Put(
        there,
        [path[:length] for path in dict.fromkeys(path for path, _ in there) for length in range(1, len(path) + 1)],
    )


def taken_out(text: str, put: Put) -> str:
    """The text without what was put in. If nobody changed it since, it is byte by byte what it was before; else the
    entries go, and what was made for them if nothing else stands in it. Raises SettingsUnreadable."""
    if _sha256(text) == put.sha256:
        for at, length in reversed(put.insertions):
            text = text[:at] + text[at + length :]
        return text
    if _is_blank(text):
        return text
    text = _without_hooks(text)
    for path, item in put.entries:
        text = _without_item(text, path, item)
    for path in sorted(put.made, key=len, reverse=True):
        text = _without_empty(text, path)
    return text


def _without_hooks(text: str) -> str:
    """The text without the kit's hooks, also where somebody changed them: without their scripts they block every call."""
    while found := _strangers(_read(text), ()):
        node, index = found[0]
        text = without(text, node, index)
    return text


def _strangers(root: Node, entries: Sequence[Entry]) -> list[tuple[Node, int]]:
    """Hooks that run a script of the kit, and are not as they must be: each as its list and its place in it."""
    wanted = [(path[-1], item.get("matcher"), hook) for path, item in entries for hook in _hooks_of(item)]
    found: list[tuple[Node, int]] = []
    events = root.member("hooks") or Node(None, 0)
    for event, groups in zip(events.names, events.parts, strict=True):
        for index, group in enumerate(groups.parts):
            handlers = group.member("hooks") or Node(None, 0)
            alien = [
                place
                for place, handler in enumerate(handlers.parts)
                if _is_the_kits(handler.value) and (event, group.value.get("matcher"), handler.value) not in wanted
            ]
            if alien and len(alien) == len(handlers.parts):
                found.append((groups, index))
            else:
                found += [(handlers, place) for place in alien]
    return found


def _hooks_of(item: Any) -> list[Any]:
    handlers = item.get("hooks") if isinstance(item, dict) else None
    return handlers if isinstance(handlers, list) else []


def _is_the_kits(handler: Any) -> bool:
    if not isinstance(handler, dict):
        return False
    arguments = handler.get("args")
    words = [handler.get("command"), *(arguments if isinstance(arguments, list) else [])]
    return any(script in word for word in words if isinstance(word, str) for script in _SCRIPTS)


def _is_there(path: Path, item: Any, there: Iterable[Any]) -> bool:
    """A hook counts wherever it stands under its event and matcher: a person may have put it to others."""
    if path[0] != "hooks":
        return item in there
    alike = [group for group in there if isinstance(group, dict) and group.get("matcher") == item.get("matcher")]
    return all(any(hook in _hooks_of(group) for group in alike) for hook in _hooks_of(item))


def _items(text: str, root: Node, path: Path) -> list[Any]:
    """What is in the list at this path; nothing where there is none. Raises SettingsUnreadable for something else."""
    node = root
    for depth, name in enumerate(path):
        if not isinstance(node.value, dict):
            raise _wrong(text, node, path[:depth], "an object")
        found = node.member(name)
        if found is None:
            return []
        node = found
    if not isinstance(node.value, list):
        raise _wrong(text, node, path, "a list")
    return node.value


def _insertion(text: str, root: Node, path: Path, items: list[Any], made: list[Path]) -> tuple[int, str]:
    node = root
    for depth, name in enumerate(path):
        found = node.member(name)
        if found is None:
            made += [path[:length] for length in range(depth + 1, len(path) + 1)]
            value: Any = items
            for inner in reversed(path[depth + 1 :]):
                value = {inner: value}
            return insertion(text, node, [(name, value)])
        node = found
    return insertion(text, node, [(None, item) for item in items])


def _without_item(text: str, path: Path, item: Any) -> str:
    node = _at(_read(text), path)
    if node is None or not isinstance(node.value, list) or item not in node.value:
        return text
    return without(text, node, node.value.index(item))


def _without_empty(text: str, path: Path) -> str:
    holder = _at(_read(text), path[:-1])
    node = holder.member(path[-1]) if holder else None
    if holder is None or node is None or node.value not in ([], {}):
        return text
    return without(text, holder, holder.parts.index(node))


def _at(node: Node | None, path: Path) -> Node | None:
    for name in path:
        node = node.member(name) if node else None
    return node


def _is_blank(text: str) -> bool:
    return not text.strip().strip("\ufeff")


def is_empty(text: str) -> bool:
    """Whether nothing is left in it."""
    return _is_blank(text) or not _read(text).value


def _read(text: str) -> Node:
    try:
        root = read(text)
    except JsonFault as fault:
        raise SettingsUnreadable(
            f"{SETTINGS}:{fault.line}:{fault.column}: {fault}",
            hint="nothing was written; mend the file (it must be plain JSON), then try again",
        ) from None
    if not isinstance(root.value, dict):
        raise _wrong(text, root, (), "an object")
    return root


def _wrong(text: str, node: Node, path: Path, wanted: str) -> SettingsUnreadable:
    place = JsonFault("", text, node.start)
    what = f"`{'.'.join(path)}`" if path else "what is in the file"
    return SettingsUnreadable(
        f"{SETTINGS}:{place.line}:{place.column}: {what} must be {wanted}",
        hint="nothing was written; mend the file as Claude Code's settings have it, then try again",
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
