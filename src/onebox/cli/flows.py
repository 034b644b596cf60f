"""`onebox flows`: the flows of a box, and how their runs stand."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onebox.cli.emit import NoSuchFlow
from onebox.cli.options import Box, Json
from onebox.cli.output import failure, local, say, show_json, show_table
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.folder import BoxFolder
    from onebox.app.visit import Visit
    from onebox.cli.flow_story import ShownFlow
    from onebox.flows.plan import Flow
    from onebox.flows.records import FlowStats

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def flows(context: typer.Context, box: Box = None, as_json: Json = False) -> None:
    """List flows and how they stand. What starts them, how many runs are in each state, the last run, the last failure."""
    if context.invoked_subcommand is not None:
        if box is not None or as_json:
            raise typer.BadParameter(f"write options after it: onebox flows {context.invoked_subcommand} … --box DIR")
        return
    from onebox.app.checking import check_box
    from onebox.app.folder import BoxFolder

    folder = BoxFolder.find(box)
    checked = check_box(folder, os.environ)
    asyncio.run(_list(folder, {flow.name: flow for flow in checked.flows}, as_json=as_json))
    if checked.faults:
        count = len(checked.faults)
        say(f"{count} fault{'s' if count > 1 else ''}, and what is faulty is not listed: onebox check --box {folder}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="FLOW", help="The flow's name.")],
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Show one flow: what starts it, its limits, how its runs stand, and how each feed that it follows stands."""
    from onebox.app.checking import check_box
    from onebox.app.folder import BoxFolder

    folder = BoxFolder.find(box)
    known = {flow.name: flow for flow in check_box(folder, os.environ).flows}
    asyncio.run(_show(folder, name, known, as_json=as_json))


async def _show(folder: BoxFolder, name: str, known: Mapping[str, Flow], *, as_json: bool) -> None:
    from onebox.app.visit import visiting
    from onebox.cli.flow_story import feed_as_plain, limits_as_plain, tell_flow

    async with visiting(folder, os.environ) as visit:
        shown = await _look(visit, name, known)
        if as_json:
            limits = limits_as_plain(shown.flow) if shown.flow else None
            told = {**_as_plain(name, shown.flow, shown.stats), "limits": limits}
            feeds = list(map(feed_as_plain, shown.feeds))
            show_json(visit.mask({**told, "feeds": feeds, "throttled": shown.throttled}))
        else:
            tell_flow(shown, visit.zone, visit.mask)


async def _look(visit: Visit, name: str, known: Mapping[str, Flow]) -> ShownFlow:
    from onebox.app.chats import account_of
    from onebox.app.feeds import followed_feeds
    from onebox.cli.flow_story import FollowedFeed, ShownFlow

    stats = await visit.records.flow_stats()
    kept = {feed.url: feed for feed in await visit.feeds.feeds(name)}
    flow = known.get(name)
    if flow is None and name not in stats and not kept:
        names = {*known, *stats}
        hint = f"there are: {', '.join(sorted(names)) or 'none'}"
        raise NoSuchFlow(f"there is no flow {name!r}{did_you_mean(name, names)}", hint=hint)
    counts = await visit.feeds.item_counts(name)
    urls = list(kept) if flow is None else followed_feeds(flow)
    feeds = [FollowedFeed(url, kept.get(url), counts.get(url, 0)) for url in urls]
    accounts = [account for account in map(account_of, flow.triggers if flow else ()) if account is not None]
    throttled = {account: await visit.throttled(account) for account in dict.fromkeys(accounts)}
    return ShownFlow(name, flow, stats.get(name), feeds, throttled)


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
