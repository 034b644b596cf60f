"""`onebox kit`: a repository that teaches its assistant, and guards its secrets."""

from __future__ import annotations

import typer

from onebox.cli import kit_doctor, kit_rules

app = typer.Typer(
    help="Give a repository a kit for Claude Code: rules, a reviewer, a checklist, and two hooks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(kit_rules.app)
app.add_typer(kit_doctor.app)


@app.callback()
def _kit() -> None:
    pass
