"""The kit's hooks as they are installed, a call at a time, beside a Python that does nothing."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.assistant.installed import InstalledHooks, event_of
from tests.assistant.shop import make_shop
from tests.assistant.timed import BARE, Cost, calls, cost_of, least

from bench.results import Measure, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.session import Session

_CALLS = 20
_GUARD = Target(most=60, told="< 60")
_CHECK = Target(most=200, told="< 200")


async def measure(session: Session) -> None:
    """Each with several Pythons. Of twenty calls the quickest counts."""
    with tempfile.TemporaryDirectory(dir=session.folder) as folder:
        root, home = Path(folder, "shop"), Path(folder, "home")
        make_shop(root, home)
        for name, python in _pythons().items():
            environment = {
                "PATH": f"{python}{os.pathsep}{os.defpath}",
                "HOME": str(home),
                "CLAUDE_PROJECT_DIR": str(root),
            }
            for _ in range(session.rounds):
                shutil.rmtree(home / ".cache", ignore_errors=True)
                _measure_one(session, name, InstalledHooks(root, home), environment)


def _measure_one(session: Session, python: str, hooks: InstalledHooks, environment: Mapping[str, str]) -> None:
    def tell(
        name: str, words: Sequence[str], event: Mapping[str, object], *, target: Target | None, times: int
    ) -> None:
        costs = [cost_of(words, event, environment) for _ in range(times)]
        _tell(session, f"{python}, {name}", least(costs), bare, target)

    bare = least([cost_of(BARE, {}, environment) for _ in range(_CALLS)])
    root = hooks.root
    for number, (name, (tool, given)) in enumerate(calls(root).items()):
        (hook,) = hooks.of("PreToolUse", tool)
        event = event_of("PreToolUse", root, {"tool_name": tool, "tool_input": given})
        if number == 0:
            tell("the guard's very first call", hook.words, event, target=None, times=1)
        tell(f"guard: {name}", hook.words, event, target=_GUARD, times=_CALLS)
    edit = {"tool_name": "Edit", "tool_input": {"file_path": f"{root}/README.md"}, "tool_response": {}}
    (after,), (stop,) = hooks.of("PostToolUse", "Edit"), hooks.of("Stop")
    tell("check: edit of a page", after.words, event_of("PostToolUse", root, edit), target=_CHECK, times=_CALLS)
    event = event_of("Stop", root, {"stop_hook_active": False})
    tell("check: end of a turn, nothing changed", stop.words, event, target=_CHECK, times=_CALLS)


def _tell(session: Session, name: str, cost: Cost, bare: Cost, target: Target | None) -> None:
    passed, computing = Measure("kit", name, "ms", target), Measure("kit", f"{name}, computing", "ms", target)
    for contender, each in (("onebox", cost), ("hand-written", bare)):
        session.results.add(passed, contender, each.passed)
        session.results.add(computing, contender, each.computing)
    session.say(
        f"kit: {name}: {cost.passed:.1f} ms, computing {cost.computing:.1f};"
        f" bare Python {bare.passed:.1f} ms, computing {bare.computing:.1f}"
    )


def _pythons() -> dict[str, Path]:
    """The folders of the oldest Python that the hooks run on, of the one that runs this, and of the newest, as far as
    pyenv has them."""
    own = Path(sys.executable).resolve().parent
    others = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3"), key=_version)
    there = [(_version(each), each.parent) for each in others if _version(each) >= (3, 9)]
    chosen = {sys.version_info[:2]: own} | {version[:2]: folder for version, folder in [*there[:1], *there[-1:]]}
    return {f"Python {major}.{minor}": folder for (major, minor), folder in sorted(chosen.items())}


def _version(python: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in python.parts[-3].split(".") if part.isdigit())
