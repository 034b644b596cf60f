"""Data to stdout, talk to stderr; aligned plain text, or rich where a person looks on."""

from __future__ import annotations

import base64
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from onebox.kernel.encoding import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from onebox.kernel.errors import OneboxError


def say(text: str) -> None:
    """A word to the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Data, as text; at once, also where a program reads it through a pipe."""
    print(text, flush=True)


def coloured(text: str, colour: str) -> str:
    """The text in one of the terminal's colours, such as 31."""
    return f"\x1b[{colour}m{text}\x1b[0m"


def show_json(value: Any) -> None:
    """Data, as JSON; instants in UTC, bytes in base64."""
    print(to_json(jsonable(value)))


def jsonable(value: Any) -> Any:
    """The same with instants and bytes as texts."""
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def complain(error: OneboxError) -> None:
    """An anticipated failure: what happened, and what to do."""
    say(f"onebox: {error.message}")
    if error.hint:
        say(f"hint: {error.hint}")


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under headings."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _show_rich(columns, cells)
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in (columns, *cells):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _show_rich(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: what came from outside is no markup
    Console().print(table)


def one_line(text: str, most: int = 200) -> str:
    """Without line breaks and control characters, which would let a stranger's text write over the screen."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def local(at: datetime | None, zone: ZoneInfo) -> str:
    """An instant on the box's clock."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def failure(error: Mapping[str, Any] | None) -> str:
    """A run's error as one line."""
    if not error:
        return ""
    where = f" (step {error['step']})" if error.get("step") else ""
    return one_line(f"{error.get('code', 'error')}: {error.get('message', '')}{where}")
