"""How long a call of the guard takes. The machine is busy or slow as it may be: what counts is the guard's own share."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import INIT, Fault
from onebox.assistant.doctor.replay import Call, payload, run_hook
from onebox.assistant.running import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onebox.assistant.doctor.installed import Hook

BUDGET = 60.0
"""milliseconds that a call may take, with the start of Python"""
USUAL_START = 20.0
"""… of which Python takes so many where nothing else is done"""
FAR_OVER = 250.0
"""milliseconds of its own that no load of a machine explains in the best of several calls"""
_TIMES = 5
_CALLS = (
    Call("Read", "read a file", {"file_path": "onebox-doctor.txt"}, secret=False),
    Call("Bash", "look around", {"command": "git status && ls -la"}, secret=False),
)


def slow_faults(guard: Hook, project: Path) -> Iterator[Fault]:
    """A fault only where the guard itself is slow by far; else a note."""
    own, bare = own_share(guard, project)
    python = shutil.which("python3") or ""
    if bare > BUDGET and "/shims/" in python:
        yield Fault("slow_python", f"starting Python takes {bare:.0f} ms of each call: {python} is a shim", guard.where,
                    "put the folder of a Python itself before that of the shims on the PATH", is_note=True)  # fmt: skip
    if own > BUDGET - USUAL_START:
        yield Fault("slow", f"a call takes {own + bare:.0f} ms, {own:.0f} of them for the guard itself; {BUDGET:.0f} in "
                    "all is what it may take on a machine that is not busy", guard.where,
                    "look again when the machine is idle" if own <= FAR_OVER else f"{INIT} --force",
                    is_note=own <= FAR_OVER)  # fmt: skip


def own_share(guard: Hook, project: Path) -> tuple[float, float]:
    """The milliseconds that the guard takes for itself, of the slower kind of call, and those that a bare Python takes:
    the best of several, by turns."""
    bare: list[float] = []
    taken: dict[str, list[float]] = {call.tool: [] for call in _CALLS}
    for _ in range(_TIMES):
        bare.append(run(["sh", "-c", "python3 -I -S -B -c pass"], project, seconds=10).ms)
        for call in _CALLS:
            taken[call.tool].append(run_hook(guard, project, payload(call, project)).ms)
    return max(min(each) for each in taken.values()) - min(bare), min(bare)
