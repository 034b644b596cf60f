from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path

from onebox.drop_in.aiogram import Limits, PacedSession, Policy, ThrottleMiddleware, ThrottleRules

PAGE = (Path(__file__).parents[2] / "docs/reference/drop-in.md").read_text()


def documented(heading: str) -> set[str]:
    """The names in the table of a section."""
    section = PAGE.split(f"## `{heading}`")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def arguments(made: type) -> set[str]:
    return {
        name
        for name, parameter in inspect.signature(made).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }


def test_every_setting_is_in_the_reference_and_nothing_else() -> None:
    for made in (ThrottleMiddleware, PacedSession):
        assert documented(made.__name__) == arguments(made)
    for rules in (ThrottleRules, Limits):
        assert documented(rules.__name__) == {field.name for field in dataclasses.fields(rules)}


def test_every_policy_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/aiogram.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)) == set(Policy)


def test_without_aiogram_it_says_how_to_get_it(tmp_path: Path) -> None:
    """In a process whose modules are those of the project and the standard library alone."""
    source = Path(__file__).parents[2] / "src"
    ended = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(source)!r}); import onebox.drop_in.aiogram",
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ended.stderr.splitlines()[-1] == (
        "ImportError: onebox.drop_in.aiogram needs aiogram 3.31 or newer, which is not installed here; "
        "install it beside the bot: pip install 'onebox[aiogram]'"
    )
