"""`onebox migrate`: brings a box's tables to this release's version, and applies the files of its tables/."""

from __future__ import annotations

import asyncio
import os

import typer

from onebox.cli.options import Box
from onebox.cli.output import say

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def migrate(box: Box = None) -> None:
    """Bring the tables to this release's version, and apply the SQL files of tables/. Nothing is done twice."""
    from onebox.app.folder import BoxFolder
    from onebox.app.visit import migrate_box

    folder = BoxFolder.find(box)
    migrated = asyncio.run(migrate_box(folder, os.environ))
    for name in migrated.applied:
        say(f"applied tables/{name}")
    for name in migrated.gone:
        say(f"tables/{name} was applied before, and is gone: bring it back, so that a new box gets the same tables")
    say(f"the tables of {folder} are at version {migrated.version}")
