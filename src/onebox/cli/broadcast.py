"""`onebox broadcast`: one message to many, with its progress, and a hand on its brake."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onebox.cli.asking import answered
from onebox.cli.exits import Exit
from onebox.cli.options import Box, Json
from onebox.cli.output import local, say, show, show_json, show_table
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from zoneinfo import ZoneInfo

    from onebox.app.visit import Visit
    from onebox.messaging.broadcast import Broadcast

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Send one message to many; watch, pause, cancel it.",
)

Id = Annotated[str, typer.Argument(metavar="BROADCAST", help="The broadcast's id.")]
_LOOK = 1.0
_BAR = 30
_STATES = ("sent", "failed", "queued", "paused", "cancelled")


class NoSuchBroadcast(OneboxError):
    """There is none of this id."""

    code = "no_such_broadcast"


async def _visited(box: Path | None, work: Callable[[Visit], Awaitable[Exit]]) -> Exit:
    from onebox.app.folder import BoxFolder
    from onebox.app.visit import visiting

    async with visiting(BoxFolder.find(box), os.environ) as visit:
        return await work(visit)


@app.command()
def start(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account, such as telegram/main.")],
    text: Annotated[str | None, typer.Option(help="The text.", show_default=False)] = None,
    markdown: Annotated[str | None, typer.Option(help="The text, in Markdown.", show_default=False)] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Recipients, one in each line; - reads them from stdin.", show_default=False),
    ] = None,
    to_all: Annotated[bool, typer.Option("--all", help="To all who have written and can be reached.")] = False,
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Begin a broadcast. It goes behind all else that the account sends."""
    content = _content(text, markdown)
    recipients = _recipients(to, to_all=to_all)

    async def work(visit: Visit) -> Exit:
        answer = await answered(visit, "broadcast.start", account, {"to": recipients, "content": content}, patience=60)
        if answer is None:
            return Exit.ok
        if as_json:
            show_json({key: answer[key] for key in ("broadcast", "total", "skipped")})
        else:
            show(answer["broadcast"])
            say(
                f"{answer['total']:,} messages wait, {answer['skipped']:,} recipients were left out (gone, or named twice)"
            )
            say(f"watch it: onebox broadcast show {answer['broadcast']} --watch")
        return Exit.ok

    raise typer.Exit(asyncio.run(_visited(box, work)))


def _content(text: str | None, markdown: str | None) -> dict[str, str]:
    if (text is None) == (markdown is None):
        raise typer.BadParameter("give one of --text and --markdown", param_hint="--text")
    return {"text": text} if text is not None else {"markdown": markdown or ""}


def _recipients(to: Path | None, *, to_all: bool) -> list[str] | None:
    if (to is None) != to_all:
        raise typer.BadParameter("give one of --to FILE and --all", param_hint="--to")
    if to is None:
        return None
    try:
        text = sys.stdin.read() if str(to) == "-" else to.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{to} cannot be read: {error}", param_hint="--to") from None
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise typer.BadParameter(f"{to} names nobody", param_hint="--to")
    return found


@app.command("list")
def list_broadcasts(box: Box = None, as_json: Json = False) -> None:
    """List broadcasts, newest first."""

    async def work(visit: Visit) -> Exit:
        found = await visit.broadcasts.broadcasts()
        if as_json:
            show_json(visit.mask([as_plain(one) for one in found]))
        elif found:
            columns = ["broadcast", "account", "state", "began", "through", "failed", "text"]
            show_table(columns, visit.mask([_row(one, visit.zone) for one in found]))
        else:
            say("no broadcasts")
        return Exit.ok

    raise typer.Exit(asyncio.run(_visited(box, work)))


@app.command("show")
def show_broadcast(
    broadcast: Id,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until nothing of it waits.")] = False,
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Show how far a broadcast is."""

    async def work(visit: Visit) -> Exit:
        while True:
            found = await visit.broadcasts.broadcast(broadcast)
            if found is None:
                raise NoSuchBroadcast(
                    f"there is no broadcast {broadcast!r}", hint="onebox broadcast list shows the latest"
                )
            if watch and not found.done and not as_json:
                say(_line(found))
                await asyncio.sleep(_LOOK)
                continue
            if as_json:
                show_json(visit.mask(as_plain(found)))
            else:
                show(visit.mask(_line(found)))
            return Exit.ok

    raise typer.Exit(asyncio.run(_visited(box, work)))


@app.command()
def pause(broadcast: Id, box: Box = None) -> None:
    """Hold what waits of a broadcast. What is just being handed over still goes."""
    _change(broadcast, "pause", box)


@app.command()
def resume(broadcast: Id, box: Box = None) -> None:
    """Go on with a broadcast that was paused."""
    _change(broadcast, "resume", box)


@app.command()
def cancel(broadcast: Id, box: Box = None) -> None:
    """Drop what waits of a broadcast, for good."""
    _change(broadcast, "cancel", box)


def _change(broadcast: str, to: str, box: Path | None) -> None:
    async def work(visit: Visit) -> Exit:
        answer = await answered(visit, "broadcast.state", broadcast, {"to": to})
        if answer is not None:
            say(f"{answer['broadcast']} is {answer['state']}: {answer['left']:,} wait")
        return Exit.ok

    raise typer.Exit(asyncio.run(_visited(box, work)))


def as_plain(one: Broadcast) -> dict[str, Any]:
    """A broadcast as JSON has it."""
    return {
        "id": one.id,
        "account": one.account,
        "state": _state(one),
        "content": dict(one.content),
        "created_at": one.created_at,
        "created_by": one.created_by,
        "total": one.total,
        "skipped": one.skipped,
        "doubtful": one.doubtful,
        "counts": {state: one.counts.get(state, 0) for state in _STATES},
    }


def _state(one: Broadcast) -> str:
    return "done" if one.state == "running" and one.done else one.state.value


def _row(one: Broadcast, zone: ZoneInfo) -> list[str]:
    failed = f"{one.counts.get('failed', 0):,}"
    return [one.id, one.account, _state(one), local(one.created_at, zone), _progress(one), failed, _words(one)]


def _progress(one: Broadcast) -> str:
    return f"{one.total - one.left:,} of {one.total:,}"


def _words(one: Broadcast) -> str:
    text = str(one.content.get("text") or one.content.get("markdown") or "").strip()
    return text.splitlines()[0][:40] if text else ""


def _line(one: Broadcast) -> str:
    """One line: a bar, how far it is, and what became of the rest."""
    share = 1.0 if not one.total else (one.total - one.left) / one.total
    bar = "#" * round(share * _BAR)
    counts = [f"{one.counts[state]:,} {state}" for state in _STATES if one.counts.get(state)]
    counts += [f"{one.skipped:,} left out"] if one.skipped else []
    counts += [f"{one.doubtful:,} in doubt"] if one.doubtful else []
    return f"[{bar:.<{_BAR}}] {share:4.0%}  {_state(one)}  {_progress(one)}  {', '.join(counts)}"
