"""`onebox test`: runs the tests beside the flows, and tells what differs."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onebox.cli.check import as_plain as fault_as_plain
from onebox.cli.check import count
from onebox.cli.exits import Exit
from onebox.cli.options import Box, Json
from onebox.cli.output import coloured, say, show, show_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.app.testing import Suite
    from onebox.app.updating import Updated
    from onebox.flows.testing.judging import Outcome

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLOURS = {"-": "31", "+": "32", "@": "36"}


@app.command("test")
def run_tests(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|FLOW]…", help="Only the tests of these flows, or in these files.", show_default=False
        ),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            "-k", metavar="TEXT", help="Only the cases with this in their name or their file's.", show_default=False
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write what was seen into the expectations that differ.")
    ] = False,
    reached: Annotated[bool, typer.Option("--reached", help="List the steps that no case came to.")] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML, too.", show_default=False)
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="How many processes; one a processor for many cases.", min=1, max=64, show_default=False
        ),
    ] = None,
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Run the tests beside the flows. Without a network, a database or a clock; a difference is shown as a diff."""
    from onebox.app.folder import BoxFolder
    from onebox.app.testing import cases_of, load_suite, run_cases

    began = perf_counter()
    folder = BoxFolder.find(box)
    suite = load_suite(folder, names or ())
    cases = cases_of(suite, words)
    outcomes = list(run_cases(suite, cases, processes=jobs))
    changed = _update(folder, suite, outcomes) if update else None
    seconds = perf_counter() - began
    if junit is not None:
        from onebox.cli.junit import junit_xml

        junit.write_text(junit_xml(outcomes, seconds), encoding="utf-8")
    if as_json:
        show_json(_as_tree(suite, outcomes, changed, seconds))
    else:
        _tell(suite, outcomes, changed)
    if reached:
        _tell_unreached(suite, outcomes)
    raise typer.Exit(_summed_up(suite, outcomes, changed, words, seconds))


def _update(folder: Any, suite: Suite, outcomes: Sequence[Outcome]) -> Updated:
    from onebox.app.updating import update_files

    return update_files(folder, suite, outcomes)


def _failed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.verdict.value != "passed"]


def _tell(suite: Suite, outcomes: Sequence[Outcome], changed: Updated | None) -> None:
    from onebox.flows.testing.reporting import details, title

    for fault in suite.faults:
        show(str(fault))
    updated = changed.names if changed else frozenset()
    for outcome in _failed(outcomes):
        mark = "updated" if (outcome.case.file, outcome.case.name) in updated else "FAILED"
        show(f"{mark}  {title(outcome)}")
        for line in details(outcome):
            show(f"  {_painted(line) if outcome.differences else line}".rstrip())
    for file in changed.kept if changed else ():
        show(file)


def _painted(line: str) -> str:
    """In colours, where a person looks on."""
    return coloured(line, _COLOURS[line[0]]) if line[:1] in _COLOURS and sys.stdout.isatty() else line


def _tell_unreached(suite: Suite, outcomes: Sequence[Outcome]) -> None:
    from onebox.app.testing import unreached

    for file, steps in unreached(suite, outcomes).items():
        say(f"{file}: steps never reached: {', '.join(steps)}" if steps else f"{file}: every step was reached")


def _summed_up(
    suite: Suite, outcomes: Sequence[Outcome], changed: Updated | None, words: str | None, seconds: float
) -> Exit:
    """Says how many of what, and gives the exit code."""
    if suite.untested:
        say(f"no tests: {', '.join(suite.untested)}")
    failed = len(_failed(outcomes)) - (len(changed.names) if changed else 0)
    parts = [f"{len(_passed(outcomes))} passed"]
    parts += [f"{len(changed.names)} updated"] if changed and changed.names else []
    parts += [f"{failed} failed"] if failed else []
    parts += [count(len(suite.faults), "fault")] if suite.faults else []
    say(f"{', '.join(parts)} in {seconds:.2f} s")
    if words is not None and not outcomes:
        say(f"no case has {words!r} in its name")
        return Exit.fault
    return Exit.fault if failed or suite.faults else Exit.ok


def _passed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.verdict.value == "passed"]


def _as_tree(suite: Suite, outcomes: Sequence[Outcome], changed: Updated | None, seconds: float) -> dict[str, Any]:
    updated = changed.names if changed else frozenset()
    return {
        "passed": len(_passed(outcomes)),
        "failed": len(_failed(outcomes)) - len(updated),
        "updated": len(updated),
        "seconds": round(seconds, 3),
        "faults": [fault_as_plain(fault) for fault in suite.faults],
        "untested": suite.untested,
        "cases": [_as_case(outcome, updated) for outcome in outcomes],
    }


def _as_case(outcome: Outcome, updated: frozenset[tuple[str, str]]) -> dict[str, Any]:
    from onebox.flows.testing.reporting import diff

    case = outcome.case
    return {
        "name": case.name,
        "flow": outcome.flow,
        "file": case.file,
        "line": case.line,
        "column": case.column,
        "verdict": "updated" if (case.file, case.name) in updated else outcome.verdict.value,
        "seconds": round(outcome.seconds, 6),
        "reason": outcome.reason or None,
        "diff": "\n".join(diff(outcome)) or None,
    }
