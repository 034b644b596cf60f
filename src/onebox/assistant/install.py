"""Putting the kit into a repository, and bringing it up to date."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from onebox.assistant import claude_md
from onebox.assistant.changes import Changes, diff_of
from onebox.assistant.manifest import Manifest, read_manifest, sha_of
from onebox.assistant.place import MANIFEST, KitRefused, real_place
from onebox.assistant.settings import (
    SETTINGS,
    Entry,
    Put,
    complete,
    decoded,
    found,
    hooks,
    is_empty,
    merged,
    taken_out,
)
from onebox.assistant.stack import find_stack
from onebox.assistant.wording import (
    AGENTS_IMPORT,
    agents_and_skills,
    denials,
    hook_scripts,
    rules_of,
    secrets_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from onebox.assistant.stack import Stack

CLAUDE = "CLAUDE.md"
SECRETS = ".claude/secrets.txt"
_AGENTS = "AGENTS.md"
_HOOKS = "${CLAUDE_PROJECT_DIR}/.claude/hooks"


@dataclass
class _Putting:
    """What is being planned: the changes, what was there of an older kit, what there will be. `lost`: no manifest tells
    of an older kit, so that what is there is known by its content alone."""

    changes: Changes
    old: Manifest
    lost: bool
    force: bool
    files: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)


def plan_init(root: Path, here: Path, *, wanted: str | None = None, force: bool = False) -> tuple[Stack, Changes]:
    """What must change below this root so that it has the kit, and the stack that was found from `here` on.
    `wanted` names a stack; without it, what was named before counts, and the folder from which it was found then, so
    that a kit is the same from wherever it is brought up to date. With `force`
    what people edited of the kit's is written anew. Raises KitRefused, SettingsUnreadable, ManifestUnreadable."""
    changes = Changes(root)
    old = read_manifest(changes.read(MANIFEST))
    asked = wanted or (old.wanted if old else "auto")
    if old and not wanted:
        here = _found_from(root, old)
    stack = find_stack(here, root, asked)
    putting = _Putting(changes, old or Manifest(stack.name), lost=old is None, force=force)
    secrets = _put_secrets(putting, stack)
    for name, text in agents_and_skills(stack).items():
        _put_file(putting, f".claude/{name}", text.encode())
    for name, text in hook_scripts(secrets).items():
        _put_file(putting, f".claude/{name}", text.encode(), script=True)
    _drop_stale(putting)
    part, before = _put_rules(putting, stack)
    settings = _put_settings(putting, [*hooks(_HOOKS), *denials(secrets)])
    seen_from = here.resolve().relative_to(root.resolve()).as_posix()
    manifest = Manifest(stack.name, asked, seen_from, putting.files, part, before, settings, tuple(putting.made))
    _put_manifest(putting, manifest)
    return stack, changes


def _found_from(root: Path, old: Manifest) -> Path:
    """The folder from which a kit's stack was found; the root if it is gone, or is no folder of this repository."""
    here = (root / old.here).resolve()
    return here if here.is_dir() and here.is_relative_to(root.resolve()) else root


def _put_secrets(putting: _Putting, stack: Stack) -> str:
    """The list is a person's from the first edit on."""
    there = putting.changes.read(SECRETS)
    default = secrets_of(stack)
    if there is None or sha_of(there) in {putting.old.files.get(SECRETS), sha_of(default)}:
        putting.changes.put(SECRETS, default.encode())
        putting.files[SECRETS] = sha_of(default)
        return default
    if SECRETS in putting.old.files:
        putting.files[SECRETS] = putting.old.files[SECRETS]
    return there.decode("utf-8-sig", "replace")


def _put_file(putting: _Putting, name: str, wanted: bytes, *, script: bool = False) -> None:
    """A file of the kit's own. One that a person edited, or that was there before, stays as it is."""
    there, known = putting.changes.read(name), putting.old.files.get(name)
    if there in {None, wanted} or putting.force or sha_of(there or b"") == known:
        putting.changes.put(name, wanted, script=script)
        putting.files[name] = sha_of(wanted)
    elif known is not None:
        putting.files[name] = known
        if there is not None:
            _say_edited(putting, name, name, (there, wanted), misses=known != sha_of(wanted))
    elif script:
        raise KitRefused(
            f"{name} is there already, and is not of the kit",
            hint=f"the guard needs this name: move your file away, or overwrite it with --force ({name})",
        )
    else:
        putting.changes.notes.append(f"left {name}: it is your own; --force overwrites it")


def _say_edited(putting: _Putting, what: str, name: str, texts: tuple[bytes, bytes], *, misses: bool) -> None:
    """The change is shown only where this release writes something else than the one that a person edited."""
    said = f"left {what}: it was edited since the kit wrote it; --force overwrites it"
    difference = "".join(diff_of(name, *texts))
    putting.changes.notes.append(f"{said}, with this change:\n{difference}" if misses else said)


def _drop_stale(putting: _Putting) -> None:
    """Files of an older kit, or of another stack, that this kit does not have."""
    for name, sha in putting.old.files.items():
        there = None if name in putting.files else putting.changes.read(name)
        if there is not None and sha_of(there) == sha:
            putting.changes.put(name, None)
        elif there is not None:
            putting.changes.notes.append(f"left {name}: it is no longer of the kit, and was edited since")


def _put_rules(putting: _Putting, stack: Stack) -> tuple[str | None, str]:
    """The kit's part of CLAUDE.md; the answer is its hash, and the white space that stands before it."""
    there = putting.changes.read(CLAUDE)
    text = (there or b"").decode("utf-8", "surrogateescape")
    claude_md.refuse_half_a_part(text)
    rest = claude_md.without_part(text)
    part = rules_of(stack, imports_agents=_imports_agents(putting.changes.root, rest))
    current, known = claude_md.own_part(text), putting.old.part
    _note_made(putting, CLAUDE, there, ours=putting.lost and current is not None and not rest.strip())
    after = claude_md.with_part(text, part)
    edited = current is not None and current.strip() and current != part and sha_of(current) != known
    if edited and not putting.force:
        texts = (there or b"", after.encode("utf-8", "surrogateescape"))
        _say_edited(putting, f"the kit's part of {CLAUDE}", CLAUDE, texts, misses=known != sha_of(part))
        return known, putting.old.before
    putting.changes.put(CLAUDE, after.encode("utf-8", "surrogateescape"))
    return sha_of(part), putting.old.before if current is not None else claude_md.space_before(text)


def _imports_agents(root: Path, rest: str) -> bool:
    """Whether the kit's part must import AGENTS.md: it is there, is not CLAUDE.md itself by a link, and a person does
    not import it already."""
    agents = root / _AGENTS
    if not agents.is_file() or real_place(root, CLAUDE) == agents.resolve():
        return False
    return AGENTS_IMPORT not in rest.replace("@./", "@")


def _put_settings(putting: _Putting, entries: list[Entry]) -> Put:
    there = putting.changes.read(SETTINGS)
    text = decoded(there or b"")
    put = found(text, entries) if putting.lost else putting.old.settings
    _note_made(putting, SETTINGS, there, ours=putting.lost and bool(put.entries) and is_empty(taken_out(text, put)))
    if complete(text, entries, put):
        return put
    text, put = merged(taken_out(text, put), entries)
    putting.changes.put(SETTINGS, text.encode("utf-8"))
    return put


def _note_made(putting: _Putting, name: str, there: bytes | None, *, ours: bool) -> None:
    if there is None or ours or name in putting.old.made:
        putting.made.append(name)


def _put_manifest(putting: _Putting, manifest: Manifest) -> None:
    """First of all: whatever happens in between, what it names can be taken out."""
    changes = putting.changes
    before = len(changes.changes)
    changes.put(MANIFEST, b"{}")  # so that its folder counts
    folders = dict.fromkeys((*putting.old.folders, *changes.new_folders()))
    del changes.changes[before:]
    changes.put(MANIFEST, replace(manifest, folders=tuple(folders)).text().encode())
    changes.changes.insert(0, changes.changes.pop()) if len(changes.changes) > before else None


def ignored(root: Path) -> list[str]:
    """Of what the kit wants in git, the files that git ignores there."""
    git = shutil.which("git")
    if git is None:
        return []
    names = (CLAUDE, SETTINGS, SECRETS, MANIFEST)
    asked = subprocess.run(  # noqa: S603  git, by us
        [git, "-C", str(root), "check-ignore", *names], check=False, capture_output=True, text=True
    )
    return asked.stdout.splitlines()
