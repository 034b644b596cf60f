"""`onebox diff`: what changed, in the flows' own words, risky first."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onebox.cli.exits import Exit
from onebox.cli.options import Box, Json
from onebox.cli.output import one_line, say, show, show_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onebox.app.comparing import Sides
    from onebox.app.folder import BoxFolder
    from onebox.flows.difference import Finding, Part

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_FIRST, _SECOND = "RISKY", "THE REST"
_ORDER = ("high", "medium", "low")
_MOST_LINES = 12
_WIDTH = 160


@app.command()
def diff(
    revision: Annotated[
        str | None,
        typer.Argument(
            metavar="REV",
            help="A git revision, from which on to compare, or two as A..B; without it, what runs.",
            show_default=False,
        ),
    ] = None,
    risky: Annotated[
        bool, typer.Option("--risky", help="Tell only what is risky; exit code 1 if anything is.")
    ] = False,
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Tell what changed in flows and settings, risky first. Without REV, from what runs to the files."""
    from onebox.app.folder import BoxFolder
    from onebox.app.states import differences

    folder = BoxFolder.find(box)
    sides = _sides(folder, revision)
    parts = differences(sides.before, sides.after)
    if risky:
        parts = [_only_risky(part) for part in parts if any(map(_is_risky, part.findings))]
    if as_json:
        show_json(_as_plain(sides, parts))
    else:
        for line in report(parts):
            show(line)
        if not parts:
            say(f"nothing {'risky ' if risky else ''}changed from {sides.before_name} to {sides.after_name}")
    if risky and parts:
        raise typer.Exit(Exit.fault)


def _sides(folder: BoxFolder, revision: str | None) -> Sides:
    from onebox.app.comparing import HEAD, BoxSilent, by_revision, by_what_runs

    if revision is not None:
        return by_revision(folder, revision)
    try:
        return asyncio.run(by_what_runs(folder, os.environ))
    except BoxSilent as silent:
        say(f"{silent.message}: compared with git's {HEAD} instead")
        return by_revision(folder, HEAD)


def report(parts: Sequence[Part]) -> Iterator[str]:
    """The lines that a person reads: what is risky of all parts, then the rest of each."""
    risky = [(part, [one for one in part.findings if _is_risky(one)]) for part in parts]
    others = [(part, [one for one in part.findings if not _is_risky(one)]) for part in parts]
    for heading, chosen in ((_FIRST, risky), (_SECOND, others)):
        told = [(part, findings) for part, findings in chosen if findings]
        if told:
            yield heading
        for part, findings in told:
            yield f"\n{part.name}{f'  {part.file}' if part.kind == 'flow' else ''}"
            for found in sorted(findings, key=lambda one: _ORDER.index(one.risk.value)):
                yield from _finding(found)
        if told and heading is _FIRST and any(findings for _, findings in others):
            yield ""


def _finding(found: Finding) -> Iterator[str]:
    from onebox.cli.diff_words import WHY, sentence

    yield f"  {sentence(found)}"
    if found.reason is not None:
        yield f"    {WHY[found.reason]}"
    for line in found.lines[:_MOST_LINES]:
        yield f"    {one_line(line, _WIDTH)}"
    if len(found.lines) > _MOST_LINES:
        yield f"    … and {len(found.lines) - _MOST_LINES} more lines"


def _is_risky(found: Finding) -> bool:
    return found.risk.value == "high"


def _only_risky(part: Part) -> Part:
    from onebox.flows.difference import Part

    return Part(part.kind, part.name, part.file, list(filter(_is_risky, part.findings)))


def _as_plain(sides: Sides, parts: Sequence[Part]) -> dict[str, Any]:
    changes = [_plain(part, found) for part in parts for found in part.findings]
    return {"from": sides.before_name, "to": sides.after_name, "changes": changes}


def _plain(part: Part, found: Finding) -> dict[str, Any]:
    from onebox.cli.diff_words import sentence

    return {
        "in": part.kind,
        "name": part.name,
        "file": part.file,
        "risk": found.risk.value,
        "reason": found.reason.value if found.reason else None,
        "change": found.change.value,
        "subject": found.subject,
        "step": found.spot.path if found.spot else None,
        "before": found.before,
        "after": found.after,
        "lines": list(found.lines),
        "told": sentence(found),
    }
