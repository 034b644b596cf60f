"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Box = Annotated[
    Path | None,
    typer.Option(
        "--box", metavar="DIR", help="The box's folder; without it, the one that you are in.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
