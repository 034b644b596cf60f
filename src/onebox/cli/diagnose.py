"""`onebox diagnose`: the first failure of each cascade in a log, what followed, and what cures it."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from onebox.cli.exits import Exit
from onebox.cli.options import Json
from onebox.cli.output import complain, show, show_json

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def diagnose(
    logs: Annotated[list[str], typer.Argument(metavar="LOG…", help="The logs, of any program; - for standard input.")],
    everything: Annotated[
        bool,
        typer.Option("--all", help="Tell of every cascade and life of the process, not only of what fits a screen."),
    ] = False,
    zone: Annotated[
        str,
        typer.Option("--zone", metavar="ZONE", help="Whose clock times are of that name no zone, and are printed in."),
    ] = "UTC",
    as_json: Json = False,
) -> None:
    """Find the first failure of each cascade in logs, what followed it, and what cures it. Needs no box."""
    from onebox.cli.diagnose_plain import as_plain
    from onebox.cli.diagnose_view import report
    from onebox.operating.log_files import opened

    clock = _zone(zone)
    opened_logs, faults = opened(logs, clock)
    for fault in faults:
        complain(fault)
    if len(faults) < len(set(logs)):
        found = opened_logs.diagnose()
        if as_json:
            show_json(as_plain(found))
        else:
            for line in report(found, clock, everything=everything):
                show(line)
    if faults:
        raise typer.Exit(Exit.no_log)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise typer.BadParameter(
            f"there is no time zone {name!r}; one is Europe/Madrid or UTC", param_hint="--zone"
        ) from None
