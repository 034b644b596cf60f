"""Tools that are not known one by one, those of MCP servers above all: what their fields say."""

from __future__ import annotations

import os
import re

from onebox.assistant.hooks.guard.powershell import judge_powershell
from onebox.assistant.hooks.guard.shell import judge_shell
from onebox.assistant.hooks.guard.shell_files import PATCHED
from onebox.assistant.hooks.guard.shell_table import TOUCHES_FILES
from onebox.assistant.hooks.guard.tokens import live_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from onebox.assistant.hooks.guard.places import Places

_PART = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+"
_QUOTED = r"""(["'`])((?:\\.|(?!\1)[^\\\n])*)\1"""
_LONGEST_PATH = 4096
_LONGEST_QUOTED = 300
_COMMANDS = {"command", "commands", "cmd", "cmds", "shell", "bash", "cmdline"}
_CODE = {"code", "script", "expression", "function", "js", "python", "sql", "snippet"}
_PROSE = {
    *"content contents text body message prompt description title comment note summary query pattern regex question".split(),
    *"old new string search needle value data html markdown instructions reason label replacement replace diff patch".split(),
    *"q keyword keywords term terms topic topics subject tag tags labels thought observation observations".split(),
}
_PLACES = {
    *"path paths file files filename filenames filepath filepaths dir directory directories folder folders uri uris".split(),
    *"source sources destination src dst dest target targets location input output from to root cwd workdir".split(),
    *"attachment attachments upload notebook document include includes".split(),
}
_FOLDERS = (["dir"], ["directory"], ["folder"], ["cwd"], ["root"], ["parent"])
_ADDRESSES = {"url", "urls", "uri", "uris", "href", "link"}
_ONLY_NAMES = {"list", "ls", "tree", "info", "stat", "exists", "metadata"}
_READS = {
    "read",
    "get",
    "view",
    "open",
    "load",
    "fetch",
    "show",
    "cat",
    "head",
    "tail",
    "search",
    "find",
    "grep",
    "query",
}
_REMOVES = {"move", "rename", "delete", "remove", "rm", "mv", "unlink", "trash"}


def fields_in(given: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(name of the field, text) of every text, at any depth; what stands in a list has the name of the list."""
    waiting = [(name, given)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(str(key), each) for key, each in value.items()]
        elif isinstance(value, (list, tuple)):
            waiting += [(at, each) for each in value]
        elif isinstance(value, str):
            yield at, value


def judge_server(tool: str, given: dict[str, Any], places: Places, cwd: str) -> str | None:
    """A tool of an MCP server, called `mcp__server__what_it_does`."""
    does = set(_parts(tool.rpartition("__")[2]))
    if does & {"powershell", "pwsh"}:
        said = _commands(given, places, cwd, powershell=True)
    else:
        said = _commands(given, places, cwd)
    if said is not None:
        return said
    only_names = bool(does & _ONLY_NAMES) and not does & (_REMOVES | {"read", "write", "create", "edit", "copy"})
    if only_names:
        return None
    writes = not does & _READS or bool(does & (_REMOVES | {"write", "edit", "create", "copy"}))
    return judge_fields(given, places, cwd, writes=writes, removes=bool(does & _REMOVES))


def judge_fields(
    given: dict[str, Any], places: Places, cwd: str, *, writes: bool = False, removes: bool = False
) -> str | None:
    """Every field that names a place, and every `file://` address wherever it stands."""
    texts, targets = [], []
    for name, value in fields_in(given):
        parts, text = _parts(name), value.strip()
        if text[:5].lower() == "file:":
            said = places.reason(text, cwd=cwd, writes=writes, removes=removes)
        elif "://" in text and not _ADDRESSES.isdisjoint(parts):
            said = None
        elif _names_place(parts, text):
            targets.append(text)
            said = _place(text, places, cwd, writes=writes, removes=removes)
        else:
            texts.append(value)
            said = _in_code(value, places, cwd) if _may_open(parts, value) else None
        if said is not None:
            return said
    for text in texts:
        said = _revision(text, places, cwd) or (_patched(text, places, cwd) if writes else None)
        if said is not None:
            return said
    said = _in_folder(given, places, cwd, writes=writes)
    return said or (_token(texts, targets, places, cwd) if writes else None)


def _revision(text: str, places: Places, cwd: str) -> str | None:
    """`HEAD:.env`"""
    if ":" not in text or "//" in text or len(text) > _LONGEST_QUOTED or re.search(r"\s", text):
        return None
    return places.reason(text.rpartition(":")[2], cwd=cwd)


def _patched(text: str, places: Places, cwd: str) -> str | None:
    """The files that a patch changes."""
    if "--- " not in text and "*** " not in text:
        return None
    named = [found for found in re.findall(PATCHED, text) if found != "/dev/null"]
    return next(filter(None, (places.reason(name, cwd=cwd, writes=True) for name in named)), None)


def _in_folder(given: dict[str, Any], places: Places, cwd: str, *, writes: bool) -> str | None:
    """A name in one field, and its folder in another."""
    folders = [value for name, value in given.items() if _parts(name)[-1:] in _FOLDERS and isinstance(value, str)]
    named = [given[name] for name in ("name", "basename", "entry") if isinstance(given.get(name), str)]
    for folder in folders:
        for name in named:
            said = places.reason(os.path.join(folder, name), cwd=cwd, writes=writes)
            if said is not None:
                return said
    return None


def _may_open(parts: list[str], text: str) -> bool:
    """A program may open the files that it names; a query only with words that few have."""
    return not _CODE.isdisjoint(parts) and ("sql" not in parts or re.search(TOUCHES_FILES, text) is not None)


def _parts(name: str) -> list[str]:
    """The words of a name: `inputFile_path` has three."""
    return [part.lower() for part in re.findall(_PART, name)]


def _names_place(parts: list[str], text: str) -> bool:
    """Whether a field's text is a path. The last word of its name says the most: `old_path` is one, `file_text` is not."""
    if "\n" in text or not text or len(text) > _LONGEST_PATH:
        return False
    if parts[-1:] in (["pattern"], ["glob"]) and not {"file", "include", "path"}.isdisjoint(parts):
        return " " not in text
    for words in (parts[-1:], parts):
        if not _PLACES.isdisjoint(words):
            return True
        if not _PROSE.isdisjoint(words):
            return False
    # A field of an unknown name, whose text looks like a path and not like a sentence.
    return " " not in text and (text.startswith((".", "/", "~", "\\")) or "/" in text)


def _place(text: str, places: Places, cwd: str, *, writes: bool, removes: bool) -> str | None:
    said = places.reason(text, cwd=cwd, writes=writes, removes=removes, windows="\\" in text)
    if said is None and any(letter in text for letter in "*?["):
        said = places.glob(text, cwd=cwd, writes=writes, removes=removes, dotglob=True)
    if said is None and removes and os.path.isdir(os.path.join(cwd, text)):
        said = places.tree(text, cwd=cwd, writes=True)
    return said


def _commands(given: Any, places: Places, cwd: str, *, powershell: bool = False) -> str | None:
    judge = judge_powershell if powershell else judge_shell
    said = None
    waiting = [("", given)]
    while waiting and said is None:
        name, value = waiting.pop()
        is_command = not (_COMMANDS | {"script"}).isdisjoint(_parts(name))
        if isinstance(value, dict):
            if isinstance(value.get("command"), str) and isinstance(value.get("args"), list):
                value = {**value, "command": [value["command"], *value["args"]]}
            waiting += [(str(key), each) for key, each in value.items()]
        elif isinstance(value, list) and is_command and all(isinstance(each, str) for each in value):
            said = judge(" ".join(_quoted(each) for each in value), places, cwd)
            # The list may hold whole commands instead of one command's words.
            waiting += [(name, each) for each in value if " " in each]
        elif isinstance(value, list):
            waiting += [(name, each) for each in value]
        elif isinstance(value, str) and is_command:
            said = judge(value, places, cwd)
    return said


def _quoted(word: str) -> str:
    plain = word and all(letter.isalnum() or letter in "-_./=:,@%+~" for letter in word)
    return word if plain else "'" + word.replace("'", "'\\''") + "'"


def _in_code(code: str, places: Places, cwd: str) -> str | None:
    """A secret's name in quotes, in a program of whatever language."""
    for found in re.finditer(_QUOTED, code):
        text = found[2]
        if text and " " not in text and len(text) < _LONGEST_QUOTED:
            said = places.reason(text, cwd=cwd)
            if said is not None:
                return said
    return None


def _token(texts: list[str], targets: list[str], places: Places, cwd: str) -> str | None:
    if not targets:
        return None
    kind = live_token("\n".join(texts))
    if kind is None:
        return None
    kept = next((target for target in targets if places.tracked(target, cwd=cwd)), None)
    return f"what is written has the shape of {kind}, and git keeps `{kept}`" if kept is not None else None
