"""`onebox migrate`: brings a box's tables to this release's version."""

from __future__ import annotations

import asyncio
import os

import typer

from onebox.cli.options import Box
from onebox.cli.output import say

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def migrate(box: Box = None) -> None:
    """Bring the tables to this release's version. They are made if there are none; nothing is done twice."""
    from onebox.app.folder import BoxFolder
    from onebox.app.visit import migrate_box

    folder = BoxFolder.find(box)
    say(f"the tables of {folder} are at version {asyncio.run(migrate_box(folder, os.environ))}")
