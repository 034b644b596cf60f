"""What the checks of rules caught, and when: `caught.jsonl`, which is no part of the tree."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.hooks.check.rules_kept import telling_line
from onebox.assistant.running import git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Catch:
    rule: str
    """the rule's id"""
    at: str
    """`2026-11-24T12:00:00Z`"""
    by: str
    """`stop`, the hook; or `rules`, the command"""
    said: str
    """the first line of what the check said that tells of a failure"""

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.at)


def state_folder(project: Path) -> Path:
    """`.git/onebox-kit`, which the worktrees of a repository share; where there is no git, a folder of the person's
    cache."""
    common = _git_common_dir(project)
    if common is not None and os.access(common, os.W_OK):
        return common / "onebox-kit"
    return Path.home() / ".cache/onebox-kit" / hashlib.sha256(os.fsencode(project)).hexdigest()


def _git_common_dir(project: Path) -> Path | None:
    try:
        told = git(project, "rev-parse", "--git-common-dir")
    except FileNotFoundError:
        return None
    return (project / told.out.strip()).resolve() if told.code == 0 else None


@contextmanager
def locked(project: Path) -> Iterator[None]:
    """Waits until nobody else writes the rules of this repository, and lets nobody else until it ends."""
    folder = state_folder(project)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "rules.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def catches(project: Path) -> list[Catch]:
    """All that is written down, oldest first. A line that is none, such as half a one of a full disk, is left out."""
    file = state_folder(project) / "caught.jsonl"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    found = [_catch_of(line) for line in lines]
    return sorted((catch for catch in found if catch), key=lambda catch: catch.instant)


def _catch_of(line: str) -> Catch | None:
    try:
        told = json.loads(line)
        catch = Catch(**{key: str(told[key]) for key in ("rule", "at", "by", "said")})
        return catch if catch.instant.tzinfo else None
    except (ValueError, KeyError, TypeError):
        return None


def note_catch(project: Path, rule: str, said: Sequence[str], *, at: datetime) -> None:
    """Writes down that `onebox kit rules` saw this rule's check fail, with these lines."""
    folder = state_folder(project)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    first = telling_line("\n".join(said))[:200]
    catch = Catch(rule, at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "rules", first)
    with (folder / "caught.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(catch), ensure_ascii=False) + "\n")
