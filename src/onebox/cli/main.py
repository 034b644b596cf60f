"""The command line: finds the command's module, and turns failures into words and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from onebox import __version__
from onebox.cli.exits import Exit, exit_of
from onebox.cli.output import complain, show
from onebox.kernel.errors import OneboxError

COMMANDS = (
    "init", "run", "demo", "check", "test", "record", "diff", "emit", "runs", "flows", "broadcast", "booking", "secrets",
    "schema", "migrate", "diagnose", "sandbox", "kit",
)  # fmt: skip
"""in the order of the help; each is the module of its name beside this one, and is loaded when it is used"""


class _Commands(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # names, for suggestions

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if self.commands[cmd_name] is None:
            self.commands[cmd_name] = command(cmd_name)
        return self.commands[cmd_name]


def command(name: str) -> Any:
    """One command with its options, from its module's `app`."""
    made = get_command(import_module(f"onebox.cli.{name}").app)
    made.name = name
    return made


app = typer.Typer(
    cls=_Commands,
    help="Runs the chat bots, bookings and automations of a small business on one box.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        show(f"onebox {__version__}")
        raise typer.Exit


@app.callback()
def _onebox(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> int:
    """Runs one command, and returns its exit code."""
    try:
        app(arguments, prog_name="onebox")
    except SystemExit as ended:
        return _flushed(ended.code if isinstance(ended.code, int) else Exit.ok)
    except OneboxError as error:
        complain(error)
        return exit_of(error)
    except KeyboardInterrupt:
        return Exit.interrupted
    except OSError as error:
        complain(_of_the_system(error))
        return Exit.no_box
    return _flushed(Exit.ok)


def _of_the_system(error: OSError) -> OneboxError:
    """A file that cannot be read or written, and the like."""
    what = (error.strerror or str(error)).lower()
    hint = "the user that runs this must be able to read and write it" if type(error) is PermissionError else None
    return OneboxError(f"{error.filename}: {what}" if error.filename else what, hint=hint)


def _flushed(code: int) -> int:
    """A reader that went away, such as `head`, is no fault; Python would complain of it at exit."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
