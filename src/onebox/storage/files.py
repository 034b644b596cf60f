"""The files that came with events: a folder an event, each file under its number, for the box's user alone."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import time
from typing import TYPE_CHECKING

from onebox.kernel.ledger import StorageFull

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LEFT_OVER = 86_400.0
"""seconds after which files that belong to no event are what a crash left"""


class FilesFolder:
    """Keeps files of events below `path`, which is made with the first one. A file's name is `EVENT/NUMBER`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def save(self, event_id: str, contents: Sequence[bytes]) -> list[str]:
        """Durable when it returns; all or none. Raises StorageFull."""
        try:
            return await asyncio.to_thread(self._write, event_id, contents)
        except OSError as error:
            await self.discard(event_id)
            if error.errno in _FULL:
                hint = "free disk space; the box goes on by itself"
                raise StorageFull("there is no room for the files of a form", hint=hint) from None
            raise

    async def add(self, event_id: str, content: bytes) -> str:
        """One more file of an event that is kept. Durable when it returns. Raises StorageFull."""
        try:
            return await asyncio.to_thread(self._add, event_id, content)
        except OSError as error:
            if error.errno in _FULL:
                hint = "free disk space; the box goes on by itself"
                raise StorageFull("there is no room for a file", hint=hint) from None
            raise

    async def discard(self, event_id: str) -> None:
        """Takes an event's files away, if there are any."""
        await asyncio.to_thread(shutil.rmtree, self._path / event_id, ignore_errors=True)

    async def sweep(self, is_kept: Callable[[str], Awaitable[bool]]) -> int:
        """Takes the files away whose event is gone; how many events' they were."""
        gone = 0
        for event_id in await asyncio.to_thread(self._old):
            if not await is_kept(event_id):
                await self.discard(event_id)
                gone += 1
        return gone

    def _old(self) -> list[str]:
        before = time.time() - _LEFT_OVER
        try:
            return [entry.name for entry in os.scandir(self._path) if entry.stat().st_mtime < before]
        except FileNotFoundError:
            return []

    def _write(self, event_id: str, contents: Sequence[bytes]) -> list[str]:
        folder = self._path / event_id
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        for number, content in enumerate(contents, start=1):
            _write_new(folder / str(number), content)
        self._make_names_durable(folder)
        return [f"{event_id}/{number}" for number in range(1, len(contents) + 1)]

    def _add(self, event_id: str, content: bytes) -> str:
        folder = self._path / event_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 1 + sum(1 for _ in os.scandir(folder))
        while True:
            try:
                _write_new(folder / str(number), content)
            except FileExistsError:  # another step of the run was quicker
                number += 1
            else:
                break
        self._make_names_durable(folder)
        return f"{event_id}/{number}"

    def _make_names_durable(self, folder: Path) -> None:
        for place in (folder, self._path):
            opened = os.open(place, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)


def _write_new(path: Path, content: bytes) -> None:
    made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(made, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(made)
    except OSError:
        path.unlink()  # half a file takes the room that is lacking
        raise
