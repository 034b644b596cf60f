"""What `onebox diff` compares: the files of the box's folder, what runs, and what git keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from onebox.app.revisions import read_revision
from onebox.app.states import read_folder, running_state, state_of, tables_by_name
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.folder import BoxFolder
    from onebox.flows.difference import Box

HEAD = "HEAD"
_FILES = "the files"
_BETWEEN = ".."
_PATIENCE = 3.0
"""seconds: a box that runs answers within one"""


class BoxSilent(OneboxError):
    """The box that should say what runs does not answer."""

    code: ClassVar[str] = "box_silent"


@dataclass(frozen=True)
class Sides:
    """Two states, and how each is called."""

    before: Box
    after: Box
    before_name: str
    after_name: str


def by_revision(folder: BoxFolder, given: str) -> Sides:
    """`REV`: from there to the files; `A..B`: from one to the other, HEAD where one is left out. Raises NoGit,
    NoRepository, NoSuchRevision, OSError."""
    first, between, second = given.partition(_BETWEEN)
    before = state_of(read_revision(folder, first or HEAD))
    if not between:
        return Sides(before, state_of(read_folder(folder)), given, _FILES)
    after = state_of(read_revision(folder, second or HEAD))
    return Sides(before, after, first or HEAD, second or HEAD)


async def by_what_runs(folder: BoxFolder, environ: Mapping[str, str]) -> Sides:
    """From what runs to the files. Raises BoxSilent if nothing runs; as `visiting`, OSError."""
    from onebox.app.secrets import Vault
    from onebox.app.settings import read_settings
    from onebox.app.tables import read_files
    from onebox.app.visit import visiting
    from onebox.storage.opening import applied_files, current_version

    where = read_settings(folder).database(folder, Vault(folder, environ).read())
    if await current_version(where) is None:
        raise BoxSilent(f"the box {folder} never ran")
    async with visiting(folder, environ) as visit:
        answer = await visit.ask("versions", "", {}, patience=_PATIENCE)
        if answer is None:
            raise BoxSilent(f"the box {folder} does not run, or is busy")
        if not answer["ok"]:
            raise BoxSilent(answer["message"], hint=answer.get("hint"))
        texts = await visit.version_texts(set(answer["flows"].values()))
    before = running_state(answer, texts, await applied_files(where))
    after = replace(state_of(read_folder(folder)), tables=tables_by_name(read_files(folder, where)))
    return Sides(before, after, "what runs", _FILES)
