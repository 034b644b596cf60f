"""`onebox check`: everything that is wrong with a box, before anything runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from onebox.cli.exits import Exit
from onebox.cli.options import Box, Json
from onebox.cli.output import say, show, show_json

if TYPE_CHECKING:
    from onebox.kernel.faults import Fault

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def check(box: Box = None, as_json: Json = False) -> None:
    """Find every fault before anything runs. Settings, secrets, flows, their tests and the salon are checked, each fault with its place."""
    from onebox.app.checking import check_box
    from onebox.app.folder import BoxFolder

    checked = check_box(BoxFolder.find(box), os.environ)
    if as_json:
        show_json([as_plain(fault) for fault in checked.faults])
    else:
        for fault in checked.faults:
            show(str(fault))
    if checked.faults:
        files = len({fault.file for fault in checked.faults})
        say(f"{count(len(checked.faults), 'fault')} in {count(files, 'file')}")
        raise typer.Exit(Exit.fault)
    say(f"all is well: {count(len(checked.flows), 'flow')}{', 1 salon' if checked.salon else ''}")


def as_plain(fault: Fault) -> dict[str, str | int | None]:
    """A fault as JSON has it."""
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "message": fault.message,
        "hint": fault.hint,
    }


def count(number: int, name: str) -> str:
    """
    >>> count(1, "fault"), count(2, "fault")
    ('1 fault', '2 faults')
    """
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
