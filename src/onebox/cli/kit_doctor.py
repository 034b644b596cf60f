"""`onebox kit doctor`: whether a kit works as it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from onebox.cli.exits import Exit
from onebox.cli.long_work import long_work
from onebox.cli.options import Json
from onebox.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from onebox.assistant.doctor.examine import Examination
    from onebox.assistant.doctor.faults import Fault

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Find what is wrong with the kit, by real calls to its hooks. Each fault is told with its mend."""
    from onebox.assistant.doctor.examine import examine
    from onebox.assistant.place import project_root

    project = project_root(Path.cwd())
    with long_work("playing calls to the hooks, as they are installed"):
        found = examine(project)
    if as_json:
        show_json(_plain(found))
    else:
        _show(found)
    if found.faults:
        raise typer.Exit(Exit.fault)


def _show(found: Examination) -> None:
    if found.replays:
        show_table(
            ("tool", "call", "verdict", "ms"),
            [
                (each.call.tool, each.call.about, f"{each.verdict}{' !' if each.fault else ''}", f"{each.ms:.0f}")
                for each in found.replays
            ],
        )
    for fault in found.faults:
        show(f"\n{fault.where}: {fault.what}\n  mend: {fault.mend}")
    for note in found.notes:
        show(f"\nnote: {note.where}: {note.what}\n  {note.mend}")
    with_claude = f", with Claude Code {found.claude}" if found.claude else "; no Claude Code is on the PATH"
    count = len(found.faults)
    well = f"{count} fault{'s' if count > 1 else ''} in" if count else "all is well:"
    say(f"{well} {len(found.checked)} checks{with_claude}")


def _told(fault: Fault) -> dict[str, str]:
    return {"kind": fault.kind, "what": fault.what, "where": fault.where, "mend": fault.mend}


def _plain(found: Examination) -> dict[str, object]:
    return {
        "faults": [_told(fault) for fault in found.faults],
        "notes": [_told(note) for note in found.notes],
        "replays": [
            {"tool": each.call.tool, "call": each.call.about, "secret": each.call.secret, "verdict": each.verdict,
             "ms": round(each.ms, 1), "fault": each.fault}
            for each in found.replays
        ],
        "claude": found.claude,
        "checks": found.checked,
    }  # fmt: skip
