"""The agents and the skills: whether Claude Code can read what stands before their text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.rules import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PLAIN_VALUE = re.compile(r"^([\w-]+): +([^\s\"'\[{|>&*].*)$", re.MULTILINE)


def page_faults(project: Path) -> Iterator[Fault]:
    """Of `.claude/agents/**/*.md` and `.claude/skills/*/SKILL.md`."""
    called: dict[tuple[Path, str], str] = {}
    for page in sorted((project / ".claude/agents").glob("**/*.md")):
        where = page.relative_to(project).as_posix()
        found = _read(page, where, page.stem, ("name", "description"))
        yield from found.faults
        name = str(found.keys.get("name", "")).strip()
        first = called.setdefault((page.parent, name), where)
        if name and first != where:
            yield _fault(f"`name: {name}` is that of {first}, too, and one of the two is left out", f"{where}:2",
                         f"name: {page.stem}")  # fmt: skip
    for page in sorted((project / ".claude/skills").glob("*/SKILL.md")):
        where = page.relative_to(project).as_posix()
        yield from _read(page, where, page.parent.name, ("description",)).faults
    for page in sorted((project / ".claude/skills").glob("*/*.md")):
        folder = page.parent
        if page.name.lower() == "skill.md" and page.name != "SKILL.md":
            yield _fault("a skill's text is looked for in SKILL.md, in capitals", page.relative_to(project).as_posix(),
                         f"git mv -f {page.relative_to(project)} {(folder / 'SKILL.md').relative_to(project)}")  # fmt: skip


@dataclass(frozen=True)
class _Page:
    keys: dict[Any, Any]
    faults: list[Fault]


def _read(page: Path, where: str, name: str, required: tuple[str, ...]) -> _Page:
    text = read_whole(page).replace("\r\n", "\n").removeprefix("\ufeff")
    head = re.match(r"---[ \t]*\n(.*?)^---[ \t]*$", text, re.DOTALL | re.MULTILINE)
    if head is None:
        mend = "\n".join(["---", *(f"{key}: {name if key == 'name' else '…'}" for key in required), "---"])
        what = f"it does not begin with `---`, keys and `---`, so {required[0]} is not known"
        return _Page({}, [_fault(what, f"{where}:1", mend)])
    keys, faults = _keys(head[1], where)
    if keys is None:
        return _Page({}, faults)
    if not isinstance(keys, dict):
        return _Page({}, [_fault("what stands before the text is no keys and values", f"{where}:2",
                                 f"{required[0]}: {name}")])  # fmt: skip
    return _Page(keys, [*faults, *_missing(keys, where, name, required)])


def _keys(head: str, where: str) -> tuple[Any, list[Fault]]:
    """What stands before the text; None if it cannot be read."""
    import yaml

    try:
        return yaml.safe_load(head), []
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = (mark.line if mark else 0) + 2
        said = f"what stands before the text is no YAML: {getattr(error, 'problem', error)}"
    mend = 'put the value in quotes: key: "…"'
    try:
        # As Claude Code tries again, but not every version and no other program.
        guessed = yaml.safe_load(_PLAIN_VALUE.sub(lambda found: f"{found[1]}: {json.dumps(found[2])}", head))
    except yaml.YAMLError:
        return None, [_fault(said, f"{where}:{line}", mend)]
    return guessed, [Fault("page_guessed", f"{said}; Claude Code guesses what is meant", f"{where}:{line}", mend,
                           is_note=True)]  # fmt: skip


def _missing(keys: dict[Any, Any], where: str, name: str, required: tuple[str, ...]) -> Iterator[Fault]:
    for key in required:
        if not isinstance(keys.get(key), str) or not keys[key].strip():
            yield _fault(f"`{key}` is missing, and Claude Code leaves the file out", f"{where}:2",
                         f"{key}: {name if key == 'name' else 'when to use it'}")  # fmt: skip


def _fault(what: str, where: str, mend: str) -> Fault:
    return Fault("page_unread", what, where, mend)
