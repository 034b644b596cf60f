"""`onebox schema`: what flow files, their tests, box.yaml and booking.yaml may hold, for editors."""

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
    test = "test"
    booking = "booking"


@app.command()
def schema(
    which: Annotated[
        Which, typer.Argument(help="Of a flow file, of box.yaml, of a test file, or of booking.yaml.")
    ] = Which.flow,
) -> None:
    """Print the JSON Schema for editors. They use it for completion."""
    if which is Which.box:
        from onebox.app.settings import settings_schema

        show_json(settings_schema())
        return
    if which is Which.booking:
        from onebox.booking.shapes import salon_schema

        show_json(salon_schema())
        return
    from onebox.app.catalogue import catalogue

    if which is Which.test:
        from onebox.flows.testing.schema import schema_of_tests

        show_json(schema_of_tests(catalogue()))
        return
    from onebox.flows.definition import json_schema

    show_json(json_schema(catalogue()))
