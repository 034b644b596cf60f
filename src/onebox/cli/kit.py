"""`onebox kit`: a repository that teaches its assistant, and guards its secrets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onebox.cli import kit_doctor, kit_rules
from onebox.cli.output import say

if TYPE_CHECKING:
    from onebox.assistant.changes import Changes

app = typer.Typer(
    help="Give a repository rules and hooks for Claude Code.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(kit_rules.app)
app.add_typer(kit_doctor.app)

StackName = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="NAME",
        help="python, go, typescript, wordpress or box, or several with + between; auto: what is found.",
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would change, as a diff, and change nothing.")]


@app.command()
def init(
    stack: StackName = None,
    force: Annotated[bool, typer.Option("--force", help="Write anew what was edited of the kit's files.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Put the kit into this repository, or bring it up to date."""
    from onebox.assistant.install import ignored, plan_init
    from onebox.assistant.place import MANIFEST, project_root

    here = Path.cwd()
    root = project_root(here)
    found, changes = plan_init(root, here, wanted=_known(stack), force=force)
    if dry_run:
        _show_diff(changes)
        return
    changes.carry_out()
    told_stack = found.name if found.names else "not recognised, so the rules are general (name it with --stack)"
    say(f"{root}: the stack is {told_stack}")
    _tell(changes)
    if not changes.changes:
        say("nothing to do: the kit is as it should be")
        return
    for name in ignored(root):
        say(f"git ignores {name}: what is not in git guards this machine alone (git add --force {name})")
    say("next:")
    first = any(change.name == MANIFEST and change.before is None for change in changes.changes)
    for line in _next_steps(git=(root / ".git").exists(), first=first):
        say(f"  {line}")


def _next_steps(*, git: bool, first: bool) -> list[str]:
    look = "git add CLAUDE.md .claude && git diff --cached" if git else "read CLAUDE.md and .claude/"
    more = ["edit .claude/secrets.txt   # what else is secret here; then run onebox kit init again"] if first else []
    return [
        f"{look}   # your own rules go around the kit's part of CLAUDE.md",
        *more,
        "onebox kit doctor   # see the hooks work as they are installed",
        f"{'commit it, and ' if git else ''}start Claude Code anew, so that it reads the settings",
    ]


@app.command()
def remove(
    force: Annotated[bool, typer.Option("--force", help="Delete also what was edited since.")] = False,
    keep_rules: Annotated[
        bool, typer.Option("--keep-rules", help="Leave the rules that were learnt, and their ledger.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Take out of the repository what the kit put in, and nothing else."""
    from onebox.assistant.place import project_root
    from onebox.assistant.uninstall import forget_state, plan_remove

    root = project_root(Path.cwd())
    changes = plan_remove(root, force=force, keep_rules=keep_rules)
    if dry_run:
        _show_diff(changes)
        return
    changes.carry_out()
    forget_state(root)
    _tell(changes)
    left = any(note.startswith("left ") for note in changes.notes)
    say(f"{root}: the kit is gone{', but for what was left' if left else ''}")
    say("start Claude Code anew if it runs here: it still asks the hooks that are gone, and is refused")


@app.command()
def plugin(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where; empty, not there yet, or written by this.")],
    stack: StackName = None,
) -> None:
    """Write the kit as a plugin for Claude Code, with its marketplace."""
    from onebox.assistant.place import project_root
    from onebox.assistant.plugin import CANNOT, NAME, plan_plugin
    from onebox.assistant.stack import find_stack

    here = Path.cwd()
    found = find_stack(here, project_root(here), _known(stack) or "auto")
    changes = plan_plugin(folder, found)
    changes.root.mkdir(parents=True, exist_ok=True)
    changes.carry_out()
    say(f"{changes.root}: the plugin {NAME}, for {found.name}")
    _tell(changes)
    say("a plugin cannot carry:")
    for what in CANNOT:
        say(f"  {what}")
    say(f"next, in Claude Code:\n  /plugin marketplace add {changes.root}\n  /plugin install {NAME}@{NAME}")


def _known(stack: str | None) -> str | None:
    """The stack's name, as it was typed; a name that is not known is refused."""
    from onebox.assistant.stack import STACKS
    from onebox.kernel.nearest import did_you_mean

    if stack in {None, "auto", "plain"}:
        return stack
    for name in (stack or "").split("+"):
        if name not in STACKS:
            raise typer.BadParameter(
                f"there is no stack {name!r}{did_you_mean(name, STACKS)}; there are: auto, {', '.join(STACKS)},"
                " and several with + between",
                param_hint="--stack",
            )
    return stack


def _show_diff(changes: Changes) -> None:
    if not changes.changes:
        say("nothing would change")
    sys.stdout.flush()
    sys.stdout.buffer.write(changes.diff())  # as bytes: a file need not be UTF-8, nor the terminal
    sys.stdout.buffer.flush()
    for note in changes.notes:
        say(note)


def _tell(changes: Changes) -> None:
    for change in changes.changes:
        done = "deleted" if change.after is None else "made" if change.before is None else "changed"
        say(f"  {done} {change.name}")
    for note in changes.notes:
        say(note)
