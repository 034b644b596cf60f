"""The kit's texts for a stack, put together from the files in texts/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onebox.assistant.stack import Stack

_TEXTS = Path(__file__).with_name("texts")
_TITLES = {"python": "Python", "go": "Go", "typescript": "TypeScript", "wordpress": "WordPress", "box": "Flows"}
_UNKNOWN = (
    "<!-- The kit did not recognise the stack: these rules are general. Add the project's own below the kit's part. -->"
)
_BELOW = "Run the commands below"
AGENTS_IMPORT = "@AGENTS.md"


def rules_of(stack: Stack, *, imports_agents: bool) -> str:
    """The kit's part of CLAUDE.md: architecture rules, working agreements, commands."""
    sections = [AGENTS_IMPORT] if imports_agents else []
    sections += ["## Architecture rules", *_architecture(stack)]
    sections += ["## Working agreements", _agreements(stack)]
    if stack.commands:
        commands = "\n".join(f"- {kind}: `{command}`" for kind, command in stack.commands)
        sections += ["## Commands", commands]
    return "\n\n".join(sections) + "\n"


def _architecture(stack: Stack) -> list[str]:
    layout = _layout(stack)
    if not stack.names:
        return [_UNKNOWN, "\n".join((*layout, _text("rules/plain.md")))]
    if len(stack.names) == 1:
        return ["\n".join((*layout, _text(f"rules/{stack.names[0]}.md")))]
    by_stack = [each for name in stack.names for each in (f"### {_TITLES[name]}", _text(f"rules/{name}.md"))]
    return [*layout, *by_stack]


def _layout(stack: Stack) -> list[str]:
    places = [("code", stack.code), ("tests", stack.tests)]
    said = [f"{what} in {', '.join(f'`{folder}`' for folder in folders)}" for what, folders in places if folders]
    line = ", ".join(said)
    return [f"- {line[:1].upper()}{line[1:]}."] if said else []


def _agreements(stack: Stack) -> str:
    text = _text("agreements.box.md" if stack.names == ("box",) else "agreements.md")
    return text if stack.commands else text.replace(_BELOW, "Run what you changed")


def agents_and_skills(stack: Stack) -> dict[str, str]:
    """The reviewer and the checklists, by their names below `.claude/` or a plugin's folder."""
    special = "".join(f"\n{_text(f'review/{name}.md')}\n" for name in stack.names)
    reviewer = _text("code-reviewer.md").replace("SPECIAL\n", special)
    found = {
        "agents/code-reviewer.md": f"{reviewer}\n",
        "skills/add-feature/SKILL.md": _text("add-feature.md").replace("COMMANDS", _commands(stack)) + "\n",
    }
    if "box" in stack.names:
        found["skills/add-flow/SKILL.md"] = _text("add-flow.md") + "\n"
    return found


def _commands(stack: Stack) -> str:
    lines = [f"   - {kind}: `{command}`" for kind, command in stack.commands]
    return "\n".join(lines or ["   - what the project checks itself with; if there is nothing, say so"])


def plugin_readme(stack: Stack) -> str:
    """What a plugin's folder tells of itself."""
    return _text("plugin.md").replace("STACK", stack.name) + "\n"


def hook_scripts(secrets: str) -> dict[str, str]:
    """The two hooks, by their names below `.claude/` or a plugin's folder: each one file that needs Python alone.
    The list of secrets is what the guard goes by where it finds none."""
    from onebox.assistant.bundle import check_script, guard_script

    return {"hooks/protect_secrets.py": guard_script(secrets), "hooks/check_after_edit.py": check_script()}


def secrets_of(stack: Stack) -> str:
    """The list of secrets that a repository begins with."""
    from onebox.assistant.secrets_list import default_list

    return default_list(stack.name)


def denials(secrets: str) -> list[tuple[tuple[str, ...], str]]:
    """What Claude Code itself is to deny, from the list of secrets."""
    from onebox.assistant.secrets_list import deny_rules, sandbox_denials
    from onebox.assistant.settings import RULES

    entries: list[tuple[tuple[str, ...], str]] = [(RULES, rule) for rule in deny_rules(secrets)]
    for key, paths in sandbox_denials(secrets).items():
        entries += [(("sandbox", "filesystem", key), path) for path in paths]
    return entries


def _text(name: str) -> str:
    return (_TEXTS / name).read_text(encoding="utf-8").rstrip("\n")
