"""`onebox secrets`: set, list and remove."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from onebox.cli.options import Box, Json
from onebox.cli.output import say, show, show_json

if TYPE_CHECKING:
    from pathlib import Path

    from onebox.app.secrets import Vault

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Keep what flows may use and nobody may read.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As in ${secret.NAME}.")]


def _vault(box: Path | None) -> Vault:
    from onebox.app.folder import BoxFolder
    from onebox.app.secrets import Vault

    return Vault(BoxFolder.find(box), os.environ)


@app.command("set")
def set_secret(name: Name, box: Box = None) -> None:
    """Keep a secret. Its value is asked for, or read from a pipe; the command line would end up in histories."""
    vault = _vault(box)
    vault.set(name, _value(name))
    say(f"kept the secret {name}")


def _value(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")
    from getpass import getpass

    return getpass(f"value of {name} (is not shown): ")


@app.command("list")
def list_secrets(box: Box = None, as_json: Json = False) -> None:
    """List the names of the secrets."""
    names = _vault(box).names()
    if as_json:
        show_json(names)
    elif names:
        show("\n".join(names))


@app.command("remove")
def remove_secret(name: Name, box: Box = None) -> None:
    """Forget a secret."""
    _vault(box).remove(name)
    say(f"forgot the secret {name}")
