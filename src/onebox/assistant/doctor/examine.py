"""The whole examination of a project's kit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.assistant.doctor.drift import drift_faults
from onebox.assistant.doctor.faults import INIT, Fault
from onebox.assistant.doctor.guarding import check_hook_faults, entry_faults, guards_of, play
from onebox.assistant.doctor.installed import CHECK, GUARD, all_settings, disabled, hooks_of, plugin_hooks
from onebox.assistant.doctor.ledger import ledger_faults
from onebox.assistant.doctor.named import claude_md_faults
from onebox.assistant.doctor.pages import page_faults
from onebox.assistant.doctor.secret_files import secret_faults
from onebox.assistant.doctor.tools import tool_faults
from onebox.assistant.doctor.versions import version_faults, version_of_claude
from onebox.assistant.place import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from onebox.assistant.doctor.installed import Hook
    from onebox.assistant.doctor.replay import Replay


@dataclass
class Examination:
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    replays: list[Replay] = field(default_factory=list)
    claude: str | None = None
    """the version of Claude Code that is installed here"""
    checked: list[str] = field(default_factory=list)
    """what was looked at, in words"""

    def look(self, at: str, found: Iterable[Fault]) -> None:
        self.checked.append(at)
        for fault in found:
            (self.notes if fault.is_note else self.faults).append(fault)


def examine(project: Path) -> Examination:
    """Looks at all of it. Changes nothing, and neither makes nor reads a secret."""
    told = Examination()
    settings, unread = all_settings(project)
    by_plugin = plugin_hooks(settings, project)
    hooks = [*hooks_of(settings), *by_plugin]
    told.look("the settings can be read", unread)
    if not (project / MANIFEST).is_file() and not any(hook.runs(GUARD) or hook.runs(CHECK) for hook in hooks):
        told.look("the kit is there", [Fault("no_kit", "there is no kit here", str(project), INIT)])
        return told
    told.look("hooks are on", disabled(settings))
    told.look("the guard is called", entry_faults(hooks, project))
    for guard in guards_of(hooks):
        replays, faults = play(guard, project)
        told.replays += replays
        told.look("the guard guards", faults)
    told.checked += [f"{each.call.tool}: {each.call.about}" for each in told.replays]
    told.look("the check checks", check_hook_faults(hooks, project))
    version = version_of_claude(project)
    told.claude = ".".join(map(str, version)) if version else None
    told.look("this Claude Code reads the settings so", version_faults(version, hooks))
    if (project / MANIFEST).is_file() or not guards_of(by_plugin):  # a plugin alone brings no list and no settings
        told.look("secrets stay secret", secret_faults(settings, project))
        told.look("the kit is as this release writes it", drift_faults(project))
    told.look("no hook runs twice", _twice(hooks))
    told.look("CLAUDE.md names what is there", claude_md_faults(project))
    told.look("the rules can be read", ledger_faults(project))
    told.look("agents and skills can be read", page_faults(project))
    told.look("the tools of the check are there", tool_faults(project))
    return told


def _twice(hooks: Sequence[Hook]) -> Iterator[Fault]:
    plugins = [guard for guard in guards_of(hooks) if guard.root is not None]
    if plugins and len(guards_of(hooks)) > len(plugins):
        yield Fault("runs_twice", "this plugin has the hooks of the kit, and so has the project: each runs twice",
                    plugins[0].where, "switch the plugin off for this project (/plugin), or: onebox kit remove",
                    is_note=True)  # fmt: skip
