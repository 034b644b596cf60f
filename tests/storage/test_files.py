"""The files that came with events."""

from __future__ import annotations

import asyncio
import os
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from onebox.kernel.ledger import StorageFull
from onebox.storage.files import FilesFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
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


@contextmanager
def small_disk() -> Iterator[None]:
    """No file may have more than 10,000 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_file_that_comes_later_has_the_next_number(tmp_path: Path) -> None:
    files = FilesFolder(tmp_path / "files")
    await files.save("e", [b"a"])

    assert [await files.add("e", b"b"), await files.add("other", b"c")] == ["e/2", "other/1"]
    assert (tmp_path / "files/e/2").read_bytes() == b"b"


async def test_files_that_come_at_the_same_time_have_numbers_of_their_own(tmp_path: Path) -> None:
    files = FilesFolder(tmp_path / "files")
    names = await asyncio.gather(*(files.add("e", bytes([number])) for number in range(20)))

    assert sorted(names) == sorted(f"e/{number}" for number in range(1, 21))


async def test_a_full_disk_leaves_nothing_of_a_file_that_comes_later(tmp_path: Path) -> None:
    files = FilesFolder(tmp_path / "files")
    for _ in range(3):
        with small_disk(), pytest.raises(StorageFull, match="there is no room for a file"):
            await files.add("e", b"x" * 20_000)

    assert list((tmp_path / "files/e").iterdir()) == []


async def test_a_full_disk_keeps_nothing_of_it(tmp_path: Path) -> None:
    """A limit on the size of files, which a user may set without being root, fails as a full disk does."""
    files = FilesFolder(tmp_path / "files")
    with small_disk(), pytest.raises(StorageFull, match="there is no room for the files of a form"):
        await files.save("e", [b"small", b"x" * 20_000])

    assert list((tmp_path / "files").iterdir()) == []
