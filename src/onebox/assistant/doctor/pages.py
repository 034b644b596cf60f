"""The agents and the skills: whether Claude Code can read what stands before their text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.rules import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def page_faults(project: Path) -> Iterator[Fault]:
    """Of `.claude/agents/*.md` and `.claude/skills/*/SKILL.md`."""
    for page in sorted((project / ".claude/agents").glob("**/*.md")):
        yield from _faults(page, page.relative_to(project).as_posix(), page.stem, ("name", "description"))
    for page in sorted((project / ".claude/skills").glob("*/SKILL.md")):
        yield from _faults(page, page.relative_to(project).as_posix(), page.parent.name, ("description",))


def _faults(page: Path, where: str, name: str, required: tuple[str, ...]) -> Iterator[Fault]:
    import yaml

    text = read_whole(page).replace("\r\n", "\n").removeprefix("\ufeff")
    head = re.match(r"---[ \t]*\n(.*?)^---[ \t]*$", text, re.DOTALL | re.MULTILINE)
    if head is None:
        yield _fault(f"it does not begin with `---`, keys and `---`, so {required[0]} is not known", f"{where}:1",
                     "\n".join(["---", *(f"{key}: {name if key == 'name' else '…'}" for key in required), "---"]))  # fmt: skip
        return
    try:
        keys = yaml.safe_load(head[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = (mark.line if mark else 0) + 2
        yield _fault(f"what stands before the text is no YAML: {getattr(error, 'problem', error)}", f"{where}:{line}",
                     'put the value in quotes: key: "…"')  # fmt: skip
        return
    if not isinstance(keys, dict):
        yield _fault("what stands before the text is no keys and values", f"{where}:2", f"{required[0]}: {name}")
        return
    yield from _missing(keys, where, name, required)


def _missing(keys: dict[Any, Any], where: str, name: str, required: tuple[str, ...]) -> Iterator[Fault]:
    for key in required:
        if not isinstance(keys.get(key), str) or not keys[key].strip():
            yield _fault(f"`{key}` is missing, and Claude Code leaves the file out", f"{where}:2",
                         f"{key}: {name if key == 'name' else 'when to use it'}")  # fmt: skip
    called = keys.get("name")
    if isinstance(called, str) and called.strip() and not _NAME.fullmatch(called):
        yield _fault(f"`name: {called}` has more than small letters, digits and `-`", f"{where}:2", f"name: {name}")


def _fault(what: str, where: str, mend: str) -> Fault:
    return Fault("page_unread", what, where, mend)
