"""The settings as Claude Code reads them: the person's, the project's, and this machine's for the project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.json_text import JsonFault, Node, read
from onebox.assistant.rules import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

GUARD = "protect_secrets.py"
CHECK = "check_after_edit.py"


@dataclass(frozen=True)
class Settings:
    """One file of settings that can be read."""

    name: str
    """`.claude/settings.json`; that of the person begins with `~/` or is absolute"""
    text: str
    root: Node

    def at(self, node: Node) -> str:
        """Where a value stands: `.claude/settings.json:12`."""
        return f"{self.name}:{self.text.count(chr(10), 0, node.start) + 1}"

    def node(self, *names: str) -> Node | None:
        found: Node | None = self.root
        for name in names:
            found = found.member(name) if found else None
        return found

    def texts(self, *names: str) -> Iterator[tuple[str, str]]:
        """Each text of a list, with its place."""
        found = self.node(*names)
        for part in found.parts if found and isinstance(found.value, list) else ():
            if isinstance(part.value, str):
                yield part.value, self.at(part)


@dataclass(frozen=True)
class Hook:
    """One handler of an event."""

    event: str
    matcher: Any
    handler: dict[str, Any]
    where: str

    @property
    def words(self) -> list[str]:
        """The program and its arguments, as they stand."""
        arguments = self.handler.get("args")
        command = self.handler.get("command")
        return [
            word for word in (command, *(arguments if isinstance(arguments, list) else ())) if isinstance(word, str)
        ]

    def runs(self, script: str) -> bool:
        return any(script in word for word in self.words)


def all_settings(project: Path) -> tuple[list[Settings], list[Fault]]:
    """Those that are there; a file that Claude Code would not take as a whole is a fault, and has no say."""
    found: list[Settings] = []
    faults: list[Fault] = []
    for name, file in _files(project):
        text = read_whole(file)
        if not file.is_file():
            continue
        try:
            settings = Settings(name, text, read(text))
        except JsonFault as fault:
            faults.append(_unread(f"{name}:{fault.line}:{fault.column}", str(fault)))
            continue
        if wrong := _rejected(settings):
            faults.append(wrong)
        else:
            found.append(settings)
    return found, faults


def _files(project: Path) -> Iterator[tuple[str, Path]]:
    home = os.environ.get("CLAUDE_CONFIG_DIR")
    folder = Path(home) if home else Path.home() / ".claude"
    yield (f"{home}/settings.json" if home else "~/.claude/settings.json"), folder / "settings.json"
    for name in (".claude/settings.json", ".claude/settings.local.json"):
        yield name, project / name


def _unread(where: str, why: str) -> Fault:
    return Fault("settings_rejected", f"Claude Code does not take this file, and nothing in it counts: {why}", where,
                 "mend it there, by hand")  # fmt: skip


def _rejected(settings: Settings) -> Fault | None:
    """What makes Claude Code reject a whole file."""
    if not isinstance(settings.root.value, dict):
        return _unread(settings.at(settings.root), "it is no object")
    events = settings.node("hooks")
    if events is None:
        return None
    if not isinstance(events.value, dict):
        return _unread(settings.at(events), "`hooks` is no object")
    for groups in events.parts:
        if not isinstance(groups.value, list):
            return _unread(settings.at(groups), "an event of `hooks` has no list")
        for group in groups.parts:
            matcher = group.member("matcher")
            if matcher is not None and not isinstance(matcher.value, str):
                return Fault(
                    "matcher_is_no_text",
                    "a matcher must be one text; Claude Code rejects this whole file for another",
                    settings.at(matcher),
                    f'"matcher": "{_joined(matcher.value)}"',
                )
    return None


def _joined(value: Any) -> str:
    return "|".join(map(str, value)) if isinstance(value, list) else "*"


def disabled(settings: list[Settings]) -> Iterator[Fault]:
    """Where somebody has switched all hooks off."""
    for each in settings:
        found = each.node("disableAllHooks")
        if found is not None and found.value is True:
            yield Fault("hooks_disabled", "`disableAllHooks` is set: no hook runs", each.at(found),
                        "delete `disableAllHooks` there")  # fmt: skip


def hooks_of(settings: list[Settings]) -> list[Hook]:
    """Every handler of every event, in the order of the files."""
    return [hook for each in settings for hook in _hooks_in(each)]


def _hooks_in(settings: Settings) -> Iterator[Hook]:
    events = settings.node("hooks")
    for event, groups in zip(events.names, events.parts, strict=True) if events else ():
        for group in groups.parts:
            handlers = group.member("hooks")
            for handler in handlers.parts if handlers else ():
                if isinstance(handler.value, dict):
                    yield Hook(event, group.value.get("matcher"), handler.value, settings.at(handler))
