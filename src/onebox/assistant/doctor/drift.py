"""Where the kit's files and settings differ from what this release would write for the list of secrets as it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import INIT, Fault
from onebox.assistant.install import SECRETS, plan_init
from onebox.assistant.manifest import ManifestUnreadable, read_manifest
from onebox.assistant.place import MANIFEST
from onebox.assistant.settings import SETTINGS, SettingsUnreadable, decoded, rules_in_order
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onebox.assistant.changes import Change


def drift_faults(project: Path) -> Iterator[Fault]:
    """What `onebox kit init` would change, and what of the kit was edited by hand."""
    try:
        _, changes = plan_init(project, project)
    except SettingsUnreadable:
        return  # it is told where the settings are read
    except OneboxError as refused:
        where = MANIFEST if isinstance(refused, ManifestUnreadable) else "."  # of others the message begins with it
        yield Fault("kit_refused", refused.message, where, refused.hint or INIT)
        return
    for change in changes.changes:
        if change.name == MANIFEST and change.before is not None:
            continue  # it follows the others
        if change.name == SETTINGS:
            old = read_manifest(changes.read(MANIFEST))
            text = decoded(change.before or b"{}")
            yield _settings_fault(change, in_order=old is None or rules_in_order(text, old.settings))
        else:
            yield _file_fault(change)
    for note in changes.notes:
        name = note.removeprefix("left ").partition(":")[0]
        if "was edited since" in note and name.startswith(".claude/hooks/"):
            yield Fault("hook_edited", "this hook is not the one that this release writes", name, f"{INIT} --force")


def _file_fault(change: Change) -> Fault:
    if change.before is None:
        return Fault("file_missing", "this file of the kit is not there", change.name, INIT)
    if change.before == change.after:
        return Fault("run_bit_lost", "this hook may not be run as a program", change.name, f"chmod +x {change.name}")
    return Fault("file_differs", "this release writes it otherwise", change.name, INIT)


def _settings_fault(change: Change, *, in_order: bool) -> Fault:
    missing = sorted(_entries(change.after) - _entries(change.before))
    stale = sorted(_entries(change.before) - _entries(change.after))
    said = [f"{what} {len(found)}: {', '.join(found[:3])}" for what, found in (("lacks", missing), ("has too many", stale))
            if found]  # fmt: skip
    if not said and not in_order:
        return Fault("rules_reordered", f"the deny rules do not stand in the order of {SECRETS}, and of them the last "
                     "that matches decides", SETTINGS, INIT)  # fmt: skip
    if not said:  # what they do is tried by calls
        return Fault("hooks_differ", "the hooks' entries are not as this release writes them", SETTINGS,
                     f"{INIT}, if nobody wants them so", is_note=True)  # fmt: skip
    what = "; ".join(said)
    return Fault("settings_drift", f"it does not say what {SECRETS} does: it {what}", SETTINGS, INIT)


def _entries(text: bytes | None) -> set[str]:
    """The rules and denials of a text of settings."""
    try:
        told = json.loads(text or b"{}")
    except ValueError:
        return set()
    filesystem = told.get("sandbox", {}).get("filesystem", {})
    lists = [
        told.get("permissions", {}).get("deny", []),
        *(filesystem.get(key, []) for key in ("denyRead", "denyWrite")),
    ]
    return {item for each in lists for item in each if isinstance(item, str)}
