"""`onebox init`: makes the folder of a new box."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onebox.cli.exits import Exit
from onebox.cli.output import say

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def _list(asked: bool) -> None:
    if not asked:
        return
    from onebox.app.starting import templates as known
    from onebox.cli.output import show_table

    show_table(["name", "what it is"], list(known().items()))
    raise typer.Exit(Exit.ok)


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where; is made if it is not there, and must be empty.")
    ],
    templates: Annotated[
        str,
        typer.Option("--with", metavar="NAME,…", help="What to begin with. `onebox init --list` names what there is."),
    ] = "hello",
    kit: Annotated[
        bool, typer.Option("--kit", help="Put in the kit for Claude Code, too, as `onebox kit init` does.")
    ] = False,
    listed: Annotated[  # noqa: ARG001  its callback does it
        bool, typer.Option("--list", help="List the templates.", is_eager=True, callback=_list)
    ] = False,
) -> None:
    """Make a new box. It is a folder with settings and a first flow, under git."""
    from onebox.app.starting import make_box

    made = make_box(folder, [name.strip() for name in templates.split(",") if name.strip()])
    say(f"made the box {folder}: {', '.join(made.files)}")
    if kit:
        _put_kit(folder.resolve())
    if made.git:
        say("it is a git repository; commit what is there: git add . && git commit -m 'A new box'")
    if made.secrets:
        say("set its secrets; each asks for its value:")
    for name, what in made.secrets.items():
        say(f"  onebox secrets set {name} --box {folder}    # {what}")
    say(f"next:\n  onebox run --box {folder}")
    for line in made.then:
        say(f"  {line}")


def _put_kit(folder: Path) -> None:
    from onebox.assistant.install import plan_init

    _, changes = plan_init(folder, folder, wanted="box")
    changes.carry_out()
    say(f"the kit for Claude Code: {', '.join(change.name for change in changes.changes)}")
