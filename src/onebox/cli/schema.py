"""`onebox schema`: what flow files and box.yaml may hold, for editors."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from onebox.cli.output import show_json

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Which(StrEnum):
    """What a schema is of."""

    flow = "flow"
    box = "box"


@app.command()
def schema(which: Annotated[Which, typer.Argument(help="Of a flow file, or of box.yaml.")] = Which.flow) -> None:
    """Print the JSON Schema for editors. They use it for completion."""
    if which is Which.box:
        from onebox.app.settings import settings_schema

        show_json(settings_schema())
        return
    from onebox.app.catalogue import catalogue
    from onebox.flows.definition import json_schema

    show_json(json_schema(catalogue()))
