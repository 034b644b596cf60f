"""How a case that did not pass is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onebox.flows.testing.judging import Outcome


def title(outcome: Outcome) -> str:
    """`flows/orders.test.yaml:3:3: an order is kept`, as faults begin."""
    return f"{outcome.case.where}: {outcome.case.name}"


def details(outcome: Outcome) -> list[str]:
    """Why it failed, or a unified diff of what is expected and what was seen, line by line."""
    return [*outcome.reason.splitlines(), *diff(outcome)]


def diff(outcome: Outcome) -> list[str]:
    """The diff alone; empty where nothing could be compared."""
    return list(_diff(outcome)) if outcome.differences else []


def _diff(outcome: Outcome) -> Iterator[str]:
    yield "--- expected"
    yield "+++ seen"
    for difference in outcome.differences:
        yield from difference.lines()
