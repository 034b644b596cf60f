"""`onebox migrate`: brings a box's tables to this release's version, and applies the files of tables/."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import typer

from onebox.cli.options import Box
from onebox.cli.output import say, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onebox.app.folder import BoxFolder
    from onebox.app.tables import Todo

app = typer.Typer(add_completion=False, rich_markup_mode=None)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Do nothing, and print what would be done as SQL.")]


@app.command()
def migrate(box: Box = None, dry_run: DryRun = False) -> None:
    """Bring the tables to this release's version, and apply the files of tables/. Nothing is done twice."""
    from onebox.app.folder import BoxFolder
    from onebox.app.tables import migrate_box, todo_of

    folder = BoxFolder.find(box)
    if dry_run:
        _preview(folder, asyncio.run(todo_of(folder, os.environ)))
        return
    done = asyncio.run(migrate_box(folder, os.environ, applied=lambda file: say(f"applied {file.file}")))
    _tell_of_gone(done)
    say(f"the tables of {folder} are at version {done.needed}")


def _preview(folder: BoxFolder, todo: Todo) -> None:
    for line in _as_sql(todo):
        show(line)
    _tell_of_gone(todo)
    if todo.tables_are_current and not todo.standing.waiting:
        say(f"there is nothing to do: the tables of {folder} are at version {todo.needed}")


def _as_sql(todo: Todo) -> Iterator[str]:
    if not todo.tables_are_current:
        what = "are made, at" if todo.version is None else f"go from version {todo.version} to"
        yield f"-- the box's own tables {what} version {todo.needed}"
    for file in todo.standing.waiting:
        yield f"\n-- {file.file}"
        for statement in file.statements():
            yield f"{statement.text};"


def _tell_of_gone(todo: Todo) -> None:
    for name in todo.standing.gone:
        say(f"warning: {name} was applied, and its file in tables/ is gone: a new box would not get it")
