"""`onebox flows`: the flows of a box, and how their runs stand."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import typer

from onebox.cli.options import Box, Json
from onebox.cli.output import failure, local, say, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.folder import BoxFolder
    from onebox.app.visit import Visit
    from onebox.flows.plan import Flow
    from onebox.flows.records import FlowStats

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def flows(box: Box = None, as_json: Json = False) -> None:
    """List flows and how they stand. What starts them, how many runs are in each state, the last run, the last failure."""
    from onebox.app.checking import check_box
    from onebox.app.folder import BoxFolder

    folder = BoxFolder.find(box)
    checked = check_box(folder, os.environ)
    asyncio.run(_list(folder, {flow.name: flow for flow in checked.flows}, as_json=as_json))
    if checked.faults:
        count = len(checked.faults)
        say(f"{count} fault{'s' if count > 1 else ''}, and what is faulty is not listed: onebox check --box {folder}")


async def _list(folder: BoxFolder, known: Mapping[str, Flow], *, as_json: bool) -> None:
    from onebox.app.visit import visiting

    async with visiting(folder, os.environ) as visit:
        stats = await visit.records.flow_stats()
        names = sorted({*known, *stats})
        if as_json:
            show_json(visit.mask([_as_plain(name, known.get(name), stats.get(name)) for name in names]))
        elif names:
            rows = [_row(name, known.get(name), stats.get(name), visit) for name in names]
            show_table(["flow", "starts by", "runs", "last run", "last failure"], visit.mask(rows))
        else:
            say("no flows")


def _starts(flow: Flow | None) -> list[str]:
    return [trigger.topic for trigger in flow.triggers] if flow else []


def _row(name: str, flow: Flow | None, stats: FlowStats | None, visit: Visit) -> list[str]:
    starts = ", ".join(_starts(flow)) if flow else "(its file is gone, or faulty)"
    if stats is None:
        return [name, starts, "", "", ""]
    counts = ", ".join(f"{count} {state}" for state, count in stats.counts.items() if count)
    failed = stats.last_failed
    why = f"{local(failed.ended_at, visit.zone)} {failure(failed.error)}" if failed else ""
    return [name, starts, counts, local(stats.last_run_at, visit.zone), why]


def _as_plain(name: str, flow: Flow | None, stats: FlowStats | None) -> dict[str, Any]:
    failed = stats.last_failed if stats else None
    return {
        "flow": name,
        "file": flow.file if flow else None,
        "version": flow.version if flow else None,
        "triggers": [{"kind": trigger.kind, "topic": trigger.topic} for trigger in flow.triggers] if flow else [],
        "runs": stats.counts if stats else {},
        "last_run_at": stats.last_run_at if stats else None,
        "last_failed": {"run": failed.id, "at": failed.ended_at, "error": failed.error} if failed else None,
    }
