"""The table that a person reads, and the JSON that a program does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.results import Results

_COLUMNS = ("hand-written", "onebox", "ratio", "target", "n8n 2.41")


def print_table(results: Results, machine: Mapping[str, str]) -> None:
    """To stdout: medians, the ratio, what was to be reached and if it was."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    table = Table(title="Onebox beside a hand-written program: medians", title_justify="left")
    table.add_column("scenario", no_wrap=True)
    table.add_column("measure")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    before = ""
    for line in results.as_json():
        if before and line["scenario"] != before:
            table.add_section()
        table.add_row(line["scenario"] if line["scenario"] != before else "", *_cells(line))
        before = line["scenario"]
    console.print(table)
    for name, fact in machine.items():
        console.print(f"[dim]{name}:[/] {fact}", highlight=False, soft_wrap=True)
    for note in results.notes:
        console.print(f"[yellow]note:[/] {note}", highlight=False, soft_wrap=True)


def as_json(results: Results, machine: Mapping[str, str]) -> str:
    """All of it, with the raw runs."""
    whole = {"machine": dict(machine), "measures": results.as_json(), "notes": results.notes}
    return json.dumps(whole, indent=2) + "\n"


def _cells(line: Mapping[str, Any]) -> list[str]:
    unit = line["unit"]
    ratio = "" if line["ratio"] is None else f"{line['ratio']:.2f}"
    mark = {None: "", True: " [green]met[/]", False: " [red]missed[/]"}[line["met"]]
    name = f"{line['measure']} [dim]{unit}[/]"
    return [
        name,
        _number(line["hand-written"]),
        f"[bold]{_number(line['onebox'])}[/]",
        ratio,
        f"{line['target'] or ''}{mark}",
        line["n8n"] or "",
    ]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
