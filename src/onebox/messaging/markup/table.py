"""A table as text, for where there is nothing but text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Rows whose columns stand below each other, a line below the first row. `right`: columns that end together.

    >>> print(columns([["Day", "Time"], ["Mon", "9"]], [False, True]))
    Day  Time
    ---  ----
    Mon     9
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
    head, *others = [_row(row, widths, right) for row in rows]
    return "\n".join([head, "  ".join("-" * width for width in widths), *others])


def _row(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    filled = [
        cell.rjust(width) if ends else cell.ljust(width) for cell, width, ends in zip(row, widths, right, strict=False)
    ]
    return "  ".join(filled).rstrip()
