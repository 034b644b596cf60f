"""What the Claude Code that is installed reads otherwise than the one that the settings are written for."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.doctor.guarding import GUARDED
from onebox.assistant.doctor.matching import matched_before_2_1_195, matches
from onebox.assistant.running import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from onebox.assistant.doctor.installed import Hook

Version = tuple[int, ...]

SINCE: dict[str, tuple[Version, str]] = {
    "args": ((2, 1, 139), "it is left out, so the program is run without its script"),
    "onFailure": ((2, 1, 295), "it is left out: a hook that cannot start, or takes too long, lets the call through"),
}
"""the keys of a hook that are younger than hooks are: since when, and what an older version does with them"""
_EXACT_HYPHENS = (2, 1, 195)
TRIED: Version = (2, 1, 331)
"""the newest with which the kit was tried"""


def version_of_claude(project: Path) -> Version | None:
    """None where there is none, or where it does not say."""
    if shutil.which("claude") is None:
        return None
    told = run(["claude", "--version"], project, seconds=10)
    found = re.match(r"\s*(\d+)\.(\d+)\.(\d+)", told.out)
    return tuple(map(int, found.groups())) if found else None


def version_faults(version: Version | None, hooks: Sequence[Hook]) -> Iterator[Fault]:
    """What this version reads otherwise; None: only what versions differ in whatever is installed."""
    if version is not None and version > TRIED:
        yield Fault("claude_newer", f"Claude Code {_said(version)} is newer than {_said(TRIED)}, with which this kit was "
                    "tried: it may read the settings otherwise", ".", "ask it in a session for a file that "
                    ".claude/secrets.txt names, and see that it is blocked; then look for a newer Onebox",
                    is_note=True)  # fmt: skip
    for hook in hooks:
        for key, (since, older) in SINCE.items():
            if key in hook.handler and version is not None and version < since:
                yield Fault("claude_too_old", f"Claude Code {_said(version)} does not know `{key}` ({_said(since)} does): "
                            f"{older}", hook.where, "claude update")  # fmt: skip
        matcher = hook.matcher if isinstance(hook.matcher, str) else None
        moved = [tool for tool in GUARDED if matches(matcher, tool) != matched_before_2_1_195(matcher, tool)]
        if moved and "-" in (matcher or ""):
            yield Fault("matcher_differs", f"the matcher {matcher!r} is a part of a name before {_said(_EXACT_HYPHENS)}, and "
                        f"an exact name since: {', '.join(moved)} is not matched any more", hook.where,
                        f'"matcher": "{matcher}.*"')  # fmt: skip


def _said(version: Version) -> str:
    return ".".join(map(str, version))
