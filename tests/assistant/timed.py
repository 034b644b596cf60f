"""What a call of a hook costs, and the calls that it is measured with."""

from __future__ import annotations

import json
import resource
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

BARE = ("sh", "-c", "exec python3 -I -S -c pass")
"""a Python that does nothing: what no hook in Python can be quicker than"""
_HERE_DOCUMENT = "".join(f"- line {number}: see `src/part{number}/module.py`\n" for number in range(200))
_PROGRAM = "".join(f"def part{number}(orders: list[str]) -> int:\n" for number in range(500))


@dataclass(frozen=True)
class Cost:
    """Milliseconds that passed, and those of them that its processes were computing."""

    passed: float
    computing: float


def calls(root: Path) -> dict[str, tuple[str, dict[str, str]]]:
    """Harmless calls of the tools that are used the most: what they do, the tool, its input."""
    return {
        "Read": ("Read", {"file_path": f"{root}/src/app.py"}),
        "Bash, short": ("Bash", {"command": "git status && ls -la"}),
        "Bash, a here-document of 200 lines": ("Bash", {"command": f"cat > notes.md <<'EOF'\n{_HERE_DOCUMENT}EOF\n"}),
        "Write, 500 lines": ("Write", {"file_path": f"{root}/src/parts.py", "content": _PROGRAM}),
    }


def cost_of(words: Sequence[str], event: Mapping[str, object], environment: Mapping[str, str]) -> Cost:
    """Runs a hook once, which must have nothing to say."""
    given = json.dumps(event)
    computed, started = _computed(), time.perf_counter()
    ended = subprocess.run(words, env=environment, input=given, capture_output=True, text=True, check=False)
    passed = time.perf_counter() - started
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    return Cost(passed * 1000, (_computed() - computed) * 1000)


def least(costs: Sequence[Cost]) -> Cost:
    """What the best of several calls cost: the others tell of what else the machine does."""
    return Cost(min(cost.passed for cost in costs), min(cost.computing for cost in costs))


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
