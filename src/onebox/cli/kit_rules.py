"""`onebox kit learn` and `onebox kit rules`: rules that failures taught, and how they stand."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onebox.cli.exits import Exit
from onebox.cli.long_work import long_work
from onebox.cli.options import Json
from onebox.cli.output import one_line, say, show, show_json, show_table

if TYPE_CHECKING:
    from onebox.assistant.standing import Outcome, Standing

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def learn(
    failure: Annotated[str, typer.Argument(metavar="FAILURE", help="What went wrong, in a few words.")],
    rule: Annotated[str, typer.Option(metavar="TEXT", help="The rule that would have prevented it.")],
    check: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="A command that fails when the rule is broken.")
    ] = None,
    violate: Annotated[
        str | None,
        typer.Option(metavar="PATCH", help="A patch that breaks the rule, to prove the check with; - for stdin."),
    ] = None,
) -> None:
    """Turn a failure into a rule, once its check is believed. It is a line in CLAUDE.md and an entry in the ledger."""
    from onebox.assistant.hooks.check.rules_kept import RULE_SECONDS as AT_STOP_SECONDS
    from onebox.assistant.learn import CLAUDE_MD
    from onebox.assistant.learn import learn as learn_rule
    from onebox.assistant.place import MANIFEST, project_root
    from onebox.assistant.proof import last_lines
    from onebox.assistant.rules import LEDGER, VIOLATIONS

    project = project_root(Path.cwd())
    learnt = learn_rule(
        project,
        failure=failure,
        rule=rule,
        check=check,
        violation=_patch(violate),
        today=datetime.now(UTC).date(),
        watch=long_work,
    )
    known = learnt.rule
    show(f"{'learnt' if learnt.is_new else 'changed'} {known.id}: {CLAUDE_MD}, {LEDGER}:{known.line}")
    if learnt.ended is None:
        say("nothing checks this rule: the assistant is told it, and may forget it")
        return
    if known.proved:
        said = f", saying:\n{last_lines(learnt.ended)}" if learnt.ended.lines else ""
        show(f"proved: `{known.check}` passes, and fails after {known.violation}{said}")
    else:
        say(
            f"not proved: nobody saw `{known.check}` fail. Say the same with --violate PATCH, a patch that breaks the "
            f"rule; or keep one as {VIOLATIONS}/{known.id}.patch, then: onebox kit rules --prove"
        )
    if learnt.ended.ms > AT_STOP_SECONDS * 1000:
        say(
            f"it took {learnt.ended.ms / 1000:.0f} s, and the hook at the end of a turn waits {AT_STOP_SECONDS:g} s: "
            "give a quicker check, or run it by `onebox kit rules --run` alone"
        )
    if not (project / MANIFEST).is_file():
        say("there is no kit here, so no hook runs the check: onebox kit init")


def _patch(given: str | None) -> str | None:
    if given is None:
        return None
    try:
        raw = sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
    except OSError as error:
        from onebox.assistant.rules import RuleRefused

        raise RuleRefused(
            f"the violation {given} cannot be read: {error.strerror}",
            hint="make it with `git diff > broken.patch`; --violate - reads standard input",
        ) from None
    return raw.decode("utf-8", "surrogateescape")


@app.command()
def rules(
    run: Annotated[bool, typer.Option("--run", help="Run every check now; exit code 1 if one fails.")] = False,
    prove: Annotated[
        bool, typer.Option("--prove", help="Prove every check anew with its patch; exit code 1 if one is not proved.")
    ] = False,
    retire: Annotated[
        str | None, typer.Option(metavar="ID", help="Take this rule out of CLAUDE.md, and keep it as retired.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the rules, what their checks caught, and which to retire."""
    from onebox.assistant.learn import retire as retire_rule
    from onebox.assistant.place import project_root
    from onebox.assistant.standing import prove_all, run_all, standings

    project, now = project_root(Path.cwd()), datetime.now(UTC)
    if retire is not None:
        retired = retire_rule(project, retire, today=now.date())
        say(f"retired {retired.id}: {retired.rule}")
    outcomes = [
        *(prove_all(project, now=now, watch=long_work) if prove else ()),
        *(run_all(project, now=now, watch=long_work) if run else ()),
    ]
    found = standings(project, now=now)
    if as_json:
        show_json(
            {"rules": [_plain(each) for each in found], "failed": [_failed(one) for one in outcomes if not one.ok]}
        )
    else:
        _show(found)
        for outcome in outcomes:
            if not outcome.ok:
                show(f"\n{outcome.rule.id}: {outcome.said}")
        if run or prove:
            failed = sum(not outcome.ok for outcome in outcomes)
            say(
                f"{len(outcomes)} check{'s' * (len(outcomes) != 1)} {'run' if run else 'proved'}, {failed or 'none'} failed"
            )
    if not all(outcome.ok for outcome in outcomes):
        raise typer.Exit(Exit.fault)


def _show(found: list[Standing]) -> None:
    if not found:
        say('no rule was learnt yet: onebox kit learn "what went wrong" --rule "what to do instead" --check COMMAND')
        return
    show_table(
        ("rule", "check", "proved", "caught", "last"),
        [
            (
                each.rule.id,
                each.rule.check or "-",
                str(each.rule.proved or ("no" if each.rule.check else "-")),
                str(each.caught) if each.rule.check else "-",
                f"{each.last_caught:%Y-%m-%d}" if each.last_caught else "-",
            )
            for each in found
        ],
    )
    if unchecked := [each for each in found if each.rule.check is None]:
        show("\nNothing checks:")
        for each in unchecked:
            show(f"  {each.rule.id}: {one_line(each.rule.rule)}")
    if leaving := [each for each in found if each.retire]:
        show("\nTo retire (onebox kit rules --retire ID), or to mend:")
        for each in leaving:
            for reason in each.retire:
                show(f"  {each.rule.id}: {reason}")


def _plain(each: Standing) -> dict[str, object]:
    rule = each.rule
    return {
        "id": rule.id,
        "rule": rule.rule,
        "failure": rule.failure,
        "learnt": rule.learnt.isoformat(),
        "check": rule.check,
        "proved": rule.proved.isoformat() if rule.proved else None,
        "violation": rule.violation,
        "line": rule.line,
        "caught": each.caught,
        "last_caught": each.last_caught,
        "retire": list(each.retire),
    }


def _failed(outcome: Outcome) -> dict[str, str]:
    return {"id": outcome.rule.id, "said": outcome.said}
