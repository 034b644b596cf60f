"""`onebox run`: serves a box until it is told to stop."""

from __future__ import annotations

from typing import Annotated

import typer

from onebox.cli.options import Box

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def run(
    box: Box = None,
    host: Annotated[
        str | None, typer.Option(help="Where to listen, instead of server.host.", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="The port, instead of server.port; 0: any free one.", min=0, max=65535, show_default=False),
    ] = None,
) -> None:
    """Serve a box. It takes events in, runs flows, sends messages, and ends well on Ctrl-C or SIGTERM."""
    from onebox.app.folder import BoxFolder

    folder = BoxFolder.find(box)
    from onebox.app.serve import run as serve  # heavy: after what may be wrong at once

    raise typer.Exit(serve(folder, host=host, port=port))
