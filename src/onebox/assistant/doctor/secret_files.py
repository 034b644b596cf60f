"""Secrets that git tracks or would take, and permission rules that open one."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.hooks.guard.patterns import SecretList
from onebox.assistant.rules import read_whole
from onebox.assistant.running import git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from onebox.assistant.doctor.installed import Settings

SECRETS = ".claude/secrets.txt"
_RULE = re.compile(r"(\w+)\((.*)\)")


def secret_faults(settings: Sequence[Settings], project: Path) -> Iterator[Fault]:
    """What the list says is secret, and is not kept so."""
    if not (project / SECRETS).is_file():
        yield Fault("list_missing", "the list of secrets is not there; the hook goes by the one it was made with", SECRETS,
                    "onebox kit init")  # fmt: skip
        return
    secrets = SecretList.parse(read_whole(project / SECRETS))
    yield from _of_git(secrets, project)
    for each in settings:
        for rule, where in each.texts("permissions", "allow"):
            if name := _opened(rule, secrets):
                yield Fault("rule_opens_secret", f"the rule `{rule}` allows what reaches `{name}`, a secret", where,
                            "delete the rule there")  # fmt: skip
        for rule, where in each.texts("permissions", "deny"):
            opened = rule.startswith("Read(!") and _opened(rule.replace("(!", "(", 1), secrets)
            if opened:
                yield Fault("rule_opens_secret", f"the rule `{rule}` opens `{opened}` again, a secret", where,
                            "delete the rule there")  # fmt: skip
        yield from _idle_rules(each)


def _of_git(secrets: SecretList, project: Path) -> Iterator[Fault]:
    try:
        tracked, loose = (
            git(project, "ls-files", "-z", *which).out.split("\0")
            for which in (("--cached",), ("--others", "--exclude-standard"))
        )
    except FileNotFoundError:
        return
    for name in filter(None, tracked):
        if rule := secrets.rule_for(name.split("/")):
            yield Fault("secret_in_git", f"git tracks this secret: whoever has the repository has it "
                        f"({SECRETS}:{rule[0]}: `{rule[1]}`)", name,
                        f"git rm --cached {shlex.quote(name)}, add it to .gitignore, and make a new secret; or, if it is "
                        f"none: a line `!{name}` at the end of {SECRETS}")  # fmt: skip
    for name in filter(None, loose):
        if rule := secrets.rule_for(name.split("/")):
            yield Fault("secret_not_ignored", f"the next `git add .` takes this secret "
                        f"({SECRETS}:{rule[0]}: `{rule[1]}`)", name, f"echo {shlex.quote('/' + name)} >> .gitignore")  # fmt: skip


def _opened(rule: str, secrets: SecretList) -> str | None:
    """The secret that a rule names: `Read(.env)`, `Bash(cat .env)`."""
    found = _RULE.fullmatch(rule)
    if found is None:
        return None
    words = re.split(r"[\s:\"'=]+", found[2]) if found[1] in {"Bash", "PowerShell"} else [found[2]]
    for word in words:
        path = word.removeprefix("./").lstrip("/")
        home = path[2:].split("/") if path.startswith("~/") else None
        parts = [part for part in path.split("/") if part not in {"**", "", "."}]
        if parts and "*" not in parts[-1] and secrets.rule_for(parts, home=home):
            return word
    return None


def _idle_rules(settings: Settings) -> Iterator[Fault]:
    for rule, where in settings.texts("permissions", "deny"):
        if idle := re.fullmatch(r"(Write|MultiEdit|NotebookEdit)\((.*)\)", rule):
            yield Fault("rule_never_asked", f"`{rule}` is never consulted: Claude Code asks `Edit(…)` before each tool "
                        "that writes", where, f'"Edit({idle[2]})"')  # fmt: skip
