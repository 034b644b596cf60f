"""`onebox runs`: what ran, what became of it, and how to go on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onebox.cli.asking import answered
from onebox.cli.exits import Exit
from onebox.cli.options import Box, Json
from onebox.cli.output import complain, failure, local, say, show_json, show_table
from onebox.flows.run import RunState
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.app.visit import Visit
    from onebox.flows.records import RunDetail
    from onebox.flows.run import Run

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="See what ran, and why; take up what failed.",
)

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]


async def _visited(box: Path | None, work: Callable[[Visit], Awaitable[Exit]]) -> Exit:
    from onebox.app.folder import BoxFolder
    from onebox.app.visit import visiting

    async with visiting(BoxFolder.find(box), os.environ) as visit:
        return await work(visit)


@app.command("list")
def list_runs(
    state: Annotated[RunState | None, typer.Option(help="Only runs in this state.", show_default=False)] = None,
    flow: Annotated[
        str | None, typer.Option(metavar="FLOW", help="Only runs of this flow.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=10_000)] = 50,
    before: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Only runs older than this one: the next page.", show_default=False),
    ] = None,
    box: Box = None,
    as_json: Json = False,
) -> None:
    """List runs, newest first."""

    async def work(visit: Visit) -> Exit:
        found = await visit.records.list_runs(state=state, flow=flow, limit=limit, before=before)
        if as_json:
            show_json(visit.mask([as_plain(run) for run in found]))
        elif found:
            rows = [
                [run.id, run.flow, run.state.value, local(run.created_at, visit.zone), _took(run), failure(run.error)]
                for run in found
            ]
            show_table(["run", "flow", "state", "began", "took", "error"], visit.mask(rows))
        else:
            say("no runs" + (" in this state" if state else "") + (f" of {flow}" if flow else ""))
        return Exit.ok

    raise typer.Exit(asyncio.run(_visited(box, work)))


def as_plain(run: Run) -> dict[str, Any]:
    """A run as JSON has it."""
    return {
        "id": run.id,
        "flow": run.flow,
        "state": run.state.value,
        "event": run.event_id,
        "version": run.version,
        "sender": run.sender,
        "parent": run.parent_run_id,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
        "output": run.output,
        "error": run.error,
    }


def _took(run: Run) -> str:
    if run.ended_at is None:
        return ""
    seconds = (run.ended_at - run.created_at).total_seconds()
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


@app.command()
def show(run: RunId, box: Box = None, as_json: Json = False) -> None:
    """Show one run: its event, its journal, what it waits for, what it sent."""
    from onebox.cli.story import as_tree, tell

    async def work(visit: Visit) -> Exit:
        detail = await found_run(visit, run)
        if as_json:
            show_json(visit.mask(as_tree(detail)))
        else:
            tell(detail, visit.zone, visit.mask)
        return Exit.ok

    raise typer.Exit(asyncio.run(_visited(box, work)))


class NoSuchRun(OneboxError):
    """No run has this id, or it is gone: ended runs are kept as long as `keep` says."""

    code = "no_such_run"


async def found_run(visit: Visit, run_id: str) -> RunDetail:
    detail = await visit.records.run_detail(run_id)
    if detail is None:
        raise NoSuchRun(f"there is no run {run_id!r}", hint="onebox runs list shows the latest")
    return detail


Runs = Annotated[list[str] | None, typer.Argument(metavar="RUN", help="The runs' ids.", show_default=False)]
Failed = Annotated[bool, typer.Option("--failed", help="All runs that failed.")]


@app.command()
def retry(
    runs: Runs = None,
    failed: Failed = False,
    flow: Annotated[
        str | None, typer.Option(metavar="FLOW", help="With --failed: of this flow.", show_default=False)
    ] = None,
    box: Box = None,
) -> None:
    """Take failed or cancelled runs up from the step that failed."""
    if bool(runs) == failed:
        raise typer.BadParameter("name runs, or say --failed")

    async def work(visit: Visit) -> Exit:
        ids = runs or [run.id for run in await visit.records.list_runs(state=RunState.failed, flow=flow, limit=10_000)]
        if not ids:
            say("no run failed")
        return await _each(visit, "retry", ids, "goes on")

    raise typer.Exit(asyncio.run(_visited(box, work)))


@app.command()
def replay(run: RunId, box: Box = None) -> None:
    """Start the flow, as it is now, anew on the same event."""

    async def work(visit: Visit) -> Exit:
        await found_run(visit, run)
        answer = await answered(visit, "replay", run)
        if answer is None:
            return Exit.no_answer
        say(f"run {answer['run']} began")
        return Exit.ok

    raise typer.Exit(asyncio.run(_visited(box, work)))


@app.command()
def cancel(runs: Annotated[list[str], typer.Argument(metavar="RUN", help="The runs' ids.")], box: Box = None) -> None:
    """End runs that wait or run."""

    async def work(visit: Visit) -> Exit:
        return await _each(visit, "cancel", runs, "was cancelled")

    raise typer.Exit(asyncio.run(_visited(box, work)))


async def _each(visit: Visit, kind: str, ids: list[str], done: str) -> Exit:
    """Asks for each; the worst outcome counts. A box that does not answer once is not asked again."""
    worst = Exit.ok
    for run_id in ids:
        try:
            await found_run(visit, run_id)
            answer = await answered(visit, kind, run_id)
        except OneboxError as error:
            complain(error)
            worst = Exit.fault
            continue
        if answer is None:
            return Exit.no_answer
        say(f"run {run_id} {done}")
    return worst
