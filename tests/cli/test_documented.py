"""Every command, option and exit code stands in the reference, and nothing stands there that is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onebox.cli.exits import Exit
from onebox.cli.main import COMMANDS, command

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs/reference/cli.md").read_text()


def commands() -> Iterator[tuple[str, Any]]:
    for name in COMMANDS:
        made = command(name)
        inner = getattr(made, "commands", None)
        if inner is None:
            yield name, made
        else:
            if made.invoke_without_command:
                yield name, made
            yield from ((f"{name} {each}", one) for each, one in inner.items())


def section(name: str) -> str:
    found = re.search(rf"^## `onebox {name}[^`]*`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def test_every_command_has_its_section() -> None:
    assert [name for name, _ in commands() if not section(name)] == []


def test_every_section_is_of_a_command() -> None:
    known = {name for name, _ in commands()}
    titles = re.findall(r"^## `onebox ([a-z]+(?: [a-z-]+)?)", PAGE, re.MULTILINE)

    assert set(titles) - known == set()


def test_every_option_is_in_its_section() -> None:
    missing = [
        f"{name} {option}"
        for name, one in commands()
        for parameter in one.params
        if parameter.param_type_name == "option"
        for option in parameter.opts
        if option != "--help" and f"`{option}" not in section(name)
    ]

    assert missing == []


def test_every_option_that_is_documented_is_there() -> None:
    known = {name: {option for parameter in one.params for option in parameter.opts} for name, one in commands()}
    wrong = [
        f"{name} {option}"
        for name in known
        for option in re.findall(r"^\| `(--[a-z-]+)", section(name), re.MULTILINE)
        if option not in known[name]
    ]

    assert wrong == []


def test_every_argument_is_in_the_title() -> None:
    missing = [
        f"{name} {parameter.metavar}"
        for name, one in commands()
        for parameter in one.params
        if parameter.param_type_name == "argument"
        and parameter.metavar
        and not re.search(rf"^## `onebox {name} .*{re.escape(parameter.metavar)}", PAGE, re.MULTILINE)
    ]

    assert missing == []


def test_every_exit_code_is_documented() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}

    assert listed == {code.value for code in Exit}
