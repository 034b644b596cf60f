"""What is wrong, where, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    kind: str
    """for machines, such as `hook_missing`"""
    what: str
    where: str
    """a file of the project and, where there is one, its line: `.claude/settings.json:12`"""
    mend: str
    """what to do, exactly"""
    is_note: bool = False
    """worth knowing, and no reason to call the kit ill"""


INIT = "onebox kit init"
