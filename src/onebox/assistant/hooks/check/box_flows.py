"""A box: `onebox check` of the nearest one."""

from __future__ import annotations

import json
import os
import re

from onebox.assistant.hooks.check.faults import Fault, Outcome, first_line, late_outcome
from onebox.assistant.hooks.check.processes import run_tool
from onebox.assistant.hooks.check.programs import PYTHON_HOMES, program
from onebox.assistant.hooks.check.survey import Kind


class BoxKind(Kind):
    """Begins where a box.yaml is."""

    def begins_in(self, folder: str, names: set[str]) -> bool:
        return "box.yaml" in names


BOX = BoxKind("onebox check", (".yaml", ".yml", ".sql", ".py", ".j2", ".html", ".txt", ".json"))


def check_box(folder: str, root: str, seconds: float) -> Outcome:
    onebox = program("onebox", near=folder, root=root, homes=PYTHON_HOMES)
    if not onebox:
        return Outcome()
    ran = run_tool([onebox, "check", "--box", folder, "--json"], folder=folder, seconds=seconds)
    if ran.code is None:
        return late_outcome("onebox check", seconds)
    if ran.code == 0:
        return Outcome()
    listed = _printed_list(ran.text)
    if listed is None:
        return Outcome(unchecked=f"onebox check ended with {ran.code}: {first_line(ran.text)}")
    return Outcome([_fault(one, folder) for one in listed if not _for_the_person(one)])


def _printed_list(text: str) -> list[dict[str, object]] | None:
    """What `--json` prints is one line among what is said for people."""
    for line in text.splitlines():
        if line.startswith("["):
            try:
                return [one for one in json.loads(line) if isinstance(one, dict)]
            except ValueError:
                continue
    return None


def _for_the_person(one: dict[str, object]) -> bool:
    """A secret that is not set here: the assistant neither has it nor may. A misspelt one comes with the right name."""
    missing = re.fullmatch(r"there is no secret '[^']*'(?:; set it: .*)?", str(one.get("message")))
    hint = one.get("hint")
    return missing is not None and (not hint or "onebox secrets set" in str(hint))


def _fault(one: dict[str, object], folder: str) -> Fault:
    file, line, column, hint = one.get("file"), one.get("line"), one.get("column"), one.get("hint")
    said = str(one.get("message", "a fault"))
    return Fault(
        os.path.join(folder, file) if isinstance(file, str) and file else "",
        line if isinstance(line, int) else 0,
        column if isinstance(column, int) else 0,
        f"{said} ({hint})" if hint else said,
    )
