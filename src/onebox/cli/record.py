"""`onebox record`: makes a test of a run that happened."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onebox.cli.exits import Exit
from onebox.cli.options import Box
from onebox.cli.output import say, show
from onebox.cli.runs import found_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.app.folder import BoxFolder
    from onebox.app.recording import Recording

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def record(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the case is called.", show_default=False)
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to, instead of the test file beside the flow; - prints it.",
            show_default=False,
        ),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Run the case at once.")] = True,
    box: Box = None,
) -> None:
    """Make a test of a run that is over. It is added to the test file beside the flow, and run at once."""
    raise typer.Exit(asyncio.run(_record(run, name, into, box, verify=verify)))


async def _record(run: str, name: str | None, into: Path | None, box: Path | None, *, verify: bool) -> Exit:
    from onebox.app.folder import BoxFolder, replace_file
    from onebox.app.recording import record_run
    from onebox.app.visit import visiting

    folder = BoxFolder.find(box)
    async with visiting(folder, os.environ) as visit:
        detail = await found_run(visit, run)
        made = await record_run(visit, detail, name=name, text_of=_place(folder, into))
    if str(into) == "-":
        show(made.text.rstrip("\n"))
    else:
        replace_file(folder.path / made.file, made.text)
        say(f"recorded run {run} as {made.name!r} in {made.file}")
    for note in made.notes:
        say(f"note: {note}")
    say("look at the names, addresses and texts in it before you commit it")
    return _verified(made) if verify else Exit.ok


def _place(folder: BoxFolder, into: Path | None) -> Callable[[str], tuple[str, str]]:
    def text_of(file: str) -> tuple[str, str]:
        if into is None:
            return file, folder.text_of(file)
        if str(into) == "-":
            return file, ""
        place = into.resolve()
        return str(place), folder.text_of(str(place))

    return text_of


def _verified(made: Recording) -> Exit:
    from onebox.flows.testing.reporting import details

    if made.outcome.verdict.value == "passed":
        since = ", though the flow has changed since" if made.flow_changed else ""
        say(f"it passes{since}")
        return Exit.ok
    why = "the flow has changed since the run began" if made.flow_changed else "the run cannot be played again exactly"
    say(f"it does not pass: {why}")
    for line in details(made.outcome):
        show(f"  {line}".rstrip())
    return Exit.fault
