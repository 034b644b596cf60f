"""`onebox emit`: gives a flow an event by hand."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from onebox.cli.asking import answered, until_ended
from onebox.cli.exits import Exit
from onebox.cli.options import Box, Json
from onebox.cli.output import failure, say, show_json
from onebox.kernel.encoding import EncodingError, from_json
from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.folder import BoxFolder
    from onebox.flows.run import Run

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def emit(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="The flow's name.")],
    data: Annotated[
        str,
        typer.Option(metavar="JSON", help="What the flow sees as ${event.…}: a JSON object, @FILE, or - for stdin."),
    ] = "{}",
    sender: Annotated[
        str | None, typer.Option(help="Whose turn it takes under limits.per_sender.", show_default=False)
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end, and print what the flow gave.")] = False,
    timeout: Annotated[float, typer.Option(help="How many seconds to wait at most.", min=0)] = 60.0,
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Start a flow by hand. A box that does not run takes the event when it starts."""
    event = _data(data)
    raise typer.Exit(asyncio.run(_emit(flow, event, sender, box, wait=wait, timeout=timeout, as_json=as_json)))


def _data(given: str) -> dict[str, Any]:
    if given == "-":
        text: str | bytes = sys.stdin.buffer.read()
    elif given.startswith("@"):
        try:
            text = Path(given[1:]).read_bytes()
        except OSError as error:
            raise typer.BadParameter(f"{given[1:]} cannot be read: {error.strerror}", param_hint="--data") from None
    else:
        text = given
    try:
        value = from_json(text)
    except EncodingError as error:
        raise typer.BadParameter(error.message, param_hint="--data") from None
    if not isinstance(value, dict):
        raise typer.BadParameter(f"expected a JSON object, got {given[:60]}", param_hint="--data")
    return value


async def _emit(
    flow: str,
    data: Mapping[str, Any],
    sender: str | None,
    box: Path | None,
    *,
    wait: bool,
    timeout: float,
    as_json: bool,
) -> Exit:
    from onebox.app.folder import BoxFolder
    from onebox.app.visit import visiting

    folder = BoxFolder.find(box)
    _refuse_unknown(folder, flow)
    async with visiting(folder, os.environ) as visit:
        started = await answered(
            visit, "emit", flow, {"data": data, "sender": sender}, patience=timeout if wait else None
        )
        if started is None:
            return Exit.no_answer if wait else Exit.ok
        say(f"run {started['run']} of {flow} began")
        run = await until_ended(visit.records, started["run"], timeout) if wait else None
        if as_json:
            show_json(visit.mask({**_told(run), "event": started["event"], "run": started["run"]}))
        elif run is not None and run.state.value == "done":
            show_json(visit.mask(run.output))
        return _outcome(run, timeout) if wait else Exit.ok


class NoSuchFlow(OneboxError):
    """No flow of the box has this name."""

    code: ClassVar[str] = "no_such_flow"


def _refuse_unknown(folder: BoxFolder, flow: str) -> None:
    """A box that does not run cannot refuse it. Where files are faulty, a box that runs may know more than they say."""
    from onebox.app.checking import check_box

    checked = check_box(folder, os.environ)
    known = {one.name for one in checked.flows}
    if flow not in known and not checked.faults:
        hint = f"there are: {', '.join(sorted(known)) or 'none'}"
        raise NoSuchFlow(f"there is no flow {flow!r}{did_you_mean(flow, known)}", hint=hint)


def _told(run: Run | None) -> dict[str, Any]:
    return {"state": run.state.value, "output": run.output, "error": run.error} if run else {}


def _outcome(run: Run | None, timeout: float) -> Exit:
    if run is None:
        say(f"it did not end within {timeout:g} s, and goes on")
        return Exit.no_answer
    if run.state.value == "done":
        return Exit.ok
    say(f"the run {run.state.value}: {failure(run.error)}" if run.error else f"the run was {run.state.value}")
    return Exit.fault
