"""After an edit: what can be said of this file, soon."""

from __future__ import annotations

import os
import re

from onebox.assistant.hooks.check.box_flows import BOX, check_box
from onebox.assistant.hooks.check.faults import Outcome
from onebox.assistant.hooks.check.go_code import GO, check_go
from onebox.assistant.hooks.check.memory import Memory
from onebox.assistant.hooks.check.php_code import check_php
from onebox.assistant.hooks.check.programs import nearest, read_text
from onebox.assistant.hooks.check.python_code import check_edited_python
from onebox.assistant.hooks.check.report import Answer, answer_for_edit
from onebox.assistant.hooks.check.survey import Kind, is_foreign, survey
from onebox.assistant.hooks.check.syntax import check_config, is_config
from onebox.assistant.hooks.check.typescript_code import TYPESCRIPT, check_typescript

# The assistant waits for it.
EDIT_SECONDS = 30.0
PYTHON = (".py", ".pyi", ".ipynb")
TYPED = (".ts", ".tsx", ".mts", ".cts")
UNTYPED = (".js", ".jsx", ".mjs", ".cjs")
YAML = (".yaml", ".yml")
# What go vet and tsc say of a name that the next edit may use.
UNUSED = re.compile(r"(?:imported|declared) (?:and|but) not used|error TS6(?:133|192|196|198):")


def is_checked(path: str) -> bool:
    """Whether the name alone says that there may be something to check."""
    suffixes = (*PYTHON, *TYPED, *UNTYPED, *YAML, ".go", ".php")
    return path.endswith(suffixes) or is_config(path) or os.path.basename(path) == "tsconfig.json"


def check_edit(path: str, root: str, before: str | None = None) -> Answer:
    """`path` is a file that was written just now, below `root`; `before`: its text before a part of it was replaced."""
    if not os.path.isfile(path) or is_foreign(path, root):
        return Answer()
    outcomes = [_of_file(path, root, before), _of_whole(path, root, before)]
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    return answer_for_edit(path, root, faults, [outcome.unchecked for outcome in outcomes if outcome.unchecked])


def _of_file(path: str, root: str, before: str | None) -> Outcome:
    """What looks at one file alone, and so needs no lock."""
    if is_config(path):
        outcome = check_config(path)
        if outcome.faults or not path.endswith(".ipynb"):
            return outcome
    if path.endswith(PYTHON):
        return check_edited_python(path, root, Memory(root), EDIT_SECONDS, before)
    if path.endswith(".php"):
        return check_php(path, root, EDIT_SECONDS)
    return Outcome()


def _of_whole(path: str, root: str, before: str | None) -> Outcome:
    """What looks at more than the file. Of a burst of edits one runs it; Stop sees to the others."""
    kind: Kind
    if path.endswith(".go"):
        kind, folder = GO, nearest(path, root, ("go.mod",))
    elif _is_typescript(path, root):
        kind, folder = TYPESCRIPT, nearest(path, root, ("tsconfig.json",))
    elif path.endswith(YAML):
        kind, folder = BOX, nearest(path, root, ("box.yaml",))
    else:
        return Outcome()
    if not folder:
        return Outcome()
    memory = Memory(root)
    memory.prepare()
    if not memory.lock():
        return Outcome()
    try:
        outcome = _run(path, root, kind, folder, memory)
        if before is not None:
            outcome.faults = [fault for fault in outcome.faults if fault.file != path or not UNUSED.search(fault.said)]
        return outcome
    finally:
        memory.unlock()


def _is_typescript(path: str, root: str) -> bool:
    if path.endswith(UNTYPED):
        config = os.path.join(nearest(path, root, ("tsconfig.json",)), "tsconfig.json")
        return os.path.isabs(config) and bool(re.search(r'"(?:checkJs|allowJs)"\s*:\s*true', read_text(config)))
    return path.endswith(TYPED) or os.path.basename(path) == "tsconfig.json"


def _run(path: str, root: str, kind: Kind, folder: str, memory: Memory) -> Outcome:
    """A clean pass is remembered, so that Stop need not repeat it; so is one that took too long, until then.

    What was told once of other files is not told again at the next edit: an old fault would be in the way of each."""
    slow = f"slow {kind.name} {folder}"
    if slow in memory.seen():
        return Outcome()
    seen = "" if kind is GO else survey(folder, (kind,)).places.get((kind.name, folder), "")
    if kind is GO:
        outcome = check_go(folder, root, EDIT_SECONDS, package=os.path.dirname(path))
    elif kind is TYPESCRIPT:
        outcome = check_typescript(folder, root, memory, EDIT_SECONDS)
    else:
        outcome = check_box(folder, root, EDIT_SECONDS)
    if outcome.late:
        memory.note(slow, {})
    elif seen and not outcome.faults and not outcome.unchecked:
        memory.note(f"{kind.name} {folder}", {"seen": seen, "left": []})
    told, left = f"told {kind.name} {folder}", [[fault.known_as, fault.text(root)] for fault in outcome.faults]
    known = {identity for key in (told, f"{kind.name} {folder}") for identity, _ in memory.left(key)}
    if left or known:
        memory.note(told, {"left": left})
    if all(fault.file != path and fault.known_as in known for fault in outcome.faults):
        outcome.faults = []
    return outcome
