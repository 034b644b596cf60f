"""The settings as Claude Code reads them: the person's, the project's, and this machine's for the project."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onebox.assistant.doctor.faults import INIT, Fault
from onebox.assistant.json_text import JsonFault, Node, read
from onebox.assistant.rules import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = ".claude/settings.json"
_MANAGED = (
    "/etc/claude-code/managed-settings.json",
    "/Library/Application Support/ClaudeCode/managed-settings.json",
)
GUARD = "protect_secrets.py"
CHECK = "check_after_edit.py"


@dataclass(frozen=True)
class Settings:
    """One file of settings that can be read."""

    name: str
    """`.claude/settings.json`; that of the person begins with `~/` or is absolute"""
    text: str
    root: Node
    plugin: Path | None = None
    """the folder of the plugin whose hooks these are"""

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
    root: Path | None = None
    """the folder of the plugin that it is of"""

    @property
    def anew(self) -> str:
        """What writes this entry as it must be."""
        if self.root is not None:
            return "write the plugin anew (onebox kit plugin DIR), then in Claude Code: /plugin marketplace update"
        known = any(f".claude/hooks/{script}" in word for word in self.words for script in (GUARD, CHECK))
        return INIT if known and self.where.startswith(f"{SETTINGS}:") else f"delete this entry there, then: {INIT}"

    def braced(self, word: str, project: Path) -> str:
        """As Claude Code itself puts in what stands in braces."""
        word = word.replace("${CLAUDE_PROJECT_DIR}", str(project))
        return word if self.root is None else word.replace("${CLAUDE_PLUGIN_ROOT}", str(self.root))

    def substituted(self, word: str, project: Path) -> str:
        """As the shell reads it, too."""
        word = self.braced(word, project).replace("$CLAUDE_PROJECT_DIR", str(project))
        word = word if self.root is None else word.replace("$CLAUDE_PLUGIN_ROOT", str(self.root))
        return re.sub(r"^(?:~|\$HOME|\$\{HOME\})(?=/)", str(Path.home()), word)

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


def plugin_hooks(settings: list[Settings], project: Path) -> list[Hook]:
    """The hooks of the plugins that are switched on and installed here."""
    found: list[Hook] = []
    for name, folder in _installed(project):
        said = [each.node("enabledPlugins", name) for each in settings]
        switches = [node.value for node in said if node is not None]
        file = folder / "hooks/hooks.json"
        if not switches or switches[-1] is not True or not file.is_file():
            continue
        try:
            text = read_whole(file)
            found += _hooks_in(Settings(str(file), text, read(text), folder))
        except JsonFault:
            continue  # a plugin's own trouble, of which Claude Code tells
    return found


def _installed(project: Path) -> Iterator[tuple[str, Path]]:
    try:
        told = json.loads(read_whole(config_folder() / "plugins/installed_plugins.json") or "{}")
        plugins = told.get("plugins", {}).items()
    except (ValueError, AttributeError):
        return
    for name, places in plugins:
        for place in places if isinstance(places, list) else ():
            at = place.get("projectPath") if isinstance(place, dict) else None
            if isinstance(place, dict) and place.get("installPath") and at in {None, str(project)}:
                yield name, Path(place["installPath"])


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
    """In the order in which they count: the later goes before the earlier, the organisation's before all."""
    yield (
        (f"{config_folder()}/settings.json" if _has_config_folder() else "~/.claude/settings.json"),
        (config_folder() / "settings.json"),
    )
    for name in (SETTINGS, ".claude/settings.local.json"):
        yield name, project / name
    for file in _MANAGED:
        yield file, Path(file)


def _has_config_folder() -> bool:
    return bool(os.environ.get("CLAUDE_CONFIG_DIR"))


def config_folder() -> Path:
    """Where Claude Code keeps what is the person's."""
    return Path(os.environ["CLAUDE_CONFIG_DIR"]) if _has_config_folder() else Path.home() / ".claude"


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
    """Where somebody has switched these hooks off."""
    for each in settings:
        for key, why in (
            ("disableAllHooks", "no hook runs"),
            ("allowManagedHooksOnly", "only the hooks of the organisation run"),
        ):
            found = each.node(key)
            if (
                found is None
                or found.value is not True
                or (key == "allowManagedHooksOnly" and each.name not in _MANAGED)
            ):
                continue
            if key == "disableAllHooks" and each.name not in _MANAGED and _overruled(each, settings):
                continue
            ask = "ask who keeps these settings: " if each.name in _MANAGED else ""
            yield Fault("hooks_disabled", f"`{key}` is set: {why}", each.at(found), f"{ask}delete `{key}` there")


def _overruled(settings: Settings, all_of_them: list[Settings]) -> bool:
    """Whether a file that goes before this one says otherwise."""
    later = all_of_them[all_of_them.index(settings) + 1 :]
    said = [found.value for each in later if (found := each.node("disableAllHooks")) is not None]
    return bool(said) and said[-1] is False


def hooks_of(settings: list[Settings]) -> list[Hook]:
    """Every handler of every event, in the order of the files."""
    return [hook for each in settings for hook in _hooks_in(each)]


def _hooks_in(settings: Settings) -> Iterator[Hook]:
    events = settings.node("hooks")
    root = settings.plugin
    for event, groups in zip(events.names, events.parts, strict=True) if events else ():
        for group in groups.parts:
            handlers = group.member("hooks")
            for handler in handlers.parts if handlers else ():
                if isinstance(handler.value, dict):
                    yield Hook(event, group.value.get("matcher"), handler.value, settings.at(handler), root)
