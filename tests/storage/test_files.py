"""The files that came with events."""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import pytest

from onebox.kernel.ledger import StorageFull
from onebox.storage.files import FilesFolder

if TYPE_CHECKING:
    from pathlib import Path


async def kept(event_id: str) -> bool:
    return event_id == "kept"


async def test_what_a_crash_left_goes_after_a_day(tmp_path: Path) -> None:
    files = FilesFolder(tmp_path / "files")
    for event_id in ("kept", "left", "new"):
        assert await files.save(event_id, [b"a", b"b"]) == [f"{event_id}/1", f"{event_id}/2"]
    for event_id in ("kept", "left"):
        os.utime(tmp_path / "files" / event_id, (0, 0))

    assert await files.sweep(kept) == 1

    assert sorted(entry.name for entry in (tmp_path / "files").iterdir()) == ["kept", "new"]


async def test_there_may_be_no_files_at_all(tmp_path: Path) -> None:
    files = FilesFolder(tmp_path / "files")

    await files.discard("nothing")
    assert await files.sweep(kept) == 0


async def test_a_full_disk_keeps_nothing_of_it(tmp_path: Path) -> None:
    """A limit on the size of files, which a user may set without being root, fails as a full disk does."""
    files = FilesFolder(tmp_path / "files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(StorageFull, match="there is no room for the files of a form"):
            await files.save("e", [b"small", b"x" * 20_000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert list((tmp_path / "files").iterdir()) == []
