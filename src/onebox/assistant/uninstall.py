"""Taking the kit out of a repository: what it put in, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from onebox.assistant import claude_md
from onebox.assistant.caught import state_folder
from onebox.assistant.changes import Changes
from onebox.assistant.hooks.check.checkout import own_state
from onebox.assistant.install import CLAUDE, SECRETS
from onebox.assistant.manifest import Manifest, read_manifest, sha_of
from onebox.assistant.place import MANIFEST, KitRefused
from onebox.assistant.running import git
from onebox.assistant.settings import SETTINGS, decoded, is_empty, taken_out

LEDGER = ".claude/rules.toml"
VIOLATIONS = ".claude/violations"


def plan_remove(root: Path, *, force: bool = False, keep_rules: bool = False) -> Changes:
    """What must change below this root so that the kit is gone. A file that was edited since stays, unless `force`;
    the rules that were learnt go, unless `keep_rules`. Raises KitRefused, SettingsUnreadable, ManifestUnreadable."""
    changes = Changes(root)
    manifest = read_manifest(changes.read(MANIFEST))
    if manifest is None:
        raise KitRefused(
            f"there is no kit in {root}: it has no {MANIFEST}",
            hint="go to the repository that has it; if the file was lost, onebox kit init makes it anew",
        )
    _take_settings(changes, manifest)  # first: a hook without its script blocks every call
    for name, sha in manifest.files.items():
        _take_file(changes, name, sha, force=force)
    _take_rules(changes, manifest, force=force, keep_rules=keep_rules)
    if not keep_rules:
        _take_ledger(changes)
    changes.put(MANIFEST, None)
    changes.folders = [*manifest.folders, *([] if keep_rules else [VIOLATIONS])]
    return changes


def _take_file(changes: Changes, name: str, sha: str, *, force: bool) -> None:
    there = changes.read(name)
    if there is None:
        return
    if force or sha_of(there) == sha:
        changes.put(name, None)
        return
    whose = "your list" if name == SECRETS else "it was edited since the kit wrote it"
    changes.notes.append(f"left {name}: {whose}; delete it by hand if nothing needs it")


def _take_rules(changes: Changes, manifest: Manifest, *, force: bool, keep_rules: bool) -> None:
    there = changes.read(CLAUDE)
    text = (there or b"").decode("utf-8", "surrogateescape")
    part = claude_md.own_part(text)
    if lost := claude_md.lost_marker(text):
        changes.notes.append(f"left the kit's part of {CLAUDE}: its line `{lost[1]}` is gone; delete it by hand")
    if there is None or part is None:
        return
    if part.strip() and sha_of(part) != manifest.part and not force:
        changes.notes.append(f"left the kit's part of {CLAUDE}: it was edited since; delete it by hand")
        return
    learnt = claude_md.learnt_rules(text)
    if learnt:
        whether = "stay" if keep_rules else "go with it; --keep-rules leaves them"
        changes.notes.append(f"the rules that were learnt ({len(learnt)}) {whether}:\n" + "\n".join(learnt))
    after = claude_md.without_part(text, before=manifest.before, keep_rules=keep_rules)
    gone = CLAUDE in manifest.made and not after.strip()
    changes.put(CLAUDE, None if gone else after.encode("utf-8", "surrogateescape"))


def _take_settings(changes: Changes, manifest: Manifest) -> None:
    there = changes.read(SETTINGS)
    if there is None:
        return
    text = taken_out(decoded(there), manifest.settings)
    gone = SETTINGS in manifest.made and is_empty(text)
    changes.put(SETTINGS, None if gone else text.encode("utf-8"))


def _take_ledger(changes: Changes) -> None:
    """The rules' ledger and their planted violations: `onebox kit learn` made them."""
    ledger = changes.read(LEDGER) or b""
    if b"[[rule]]" in ledger or b"[[retired]]" in ledger:
        changes.put(LEDGER, None)
    folder = changes.root / VIOLATIONS
    if folder.is_dir() and not folder.is_symlink():
        for patch in sorted(folder.glob("*.patch")):
            changes.put(f"{VIOLATIONS}/{patch.name}", None)


def forget_state(root: Path) -> None:
    """Deletes what the hooks kept outside of git's sight: when rules caught something, locks, stamps. What the other
    kits of a repository share, those of its worktrees and of folders within it, goes with the last of them."""
    folder = state_folder(root)
    if folder.is_symlink() or not folder.is_dir():
        return
    gone = own_state(str(root)) if _other_kits(root) else folder
    shutil.rmtree(gone, ignore_errors=True)


def _other_kits(root: Path) -> bool:
    try:
        worktrees = git(root, "worktree", "list", "--porcelain").out.splitlines()
    except FileNotFoundError:
        return False
    for worktree in (Path(line.removeprefix("worktree ")) for line in worktrees if line.startswith("worktree ")):
        if not worktree.is_dir():
            continue
        listed = git(worktree, "ls-files", "-z", "--cached", "--others", "--", f":(glob)**/{MANIFEST}").out
        if any((worktree / name).is_file() for name in listed.split("\0") if name):
            return True
    return False
