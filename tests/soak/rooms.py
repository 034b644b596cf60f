"""A disk that gets full: a small file system of its own where we may mount one, else a limit on the size of files."""

from __future__ import annotations

import os
import resource
import subprocess
from typing import TYPE_CHECKING, Protocol

import psutil

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.process import BoxProcess

SIZE = 32_000_000


class Room(Protocol):
    """The place for what a box keeps."""

    def fill(self, box: BoxProcess, *, leave: int) -> None:
        """From now on there is room for about `leave` bytes more."""
        ...

    def free(self, box: BoxProcess) -> None:
        """There is room again."""
        ...

    def close(self) -> None:
        """Takes it away."""
        ...


class SmallDisk:
    """A tmpfs; needs root."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._filler = folder / "filler"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", folder], check=True)

    def fill(self, box: BoxProcess, *, leave: int) -> None:
        del box
        left = os.statvfs(self._folder)
        size = max(0, left.f_bavail * left.f_frsize - leave)
        self._filler.write_bytes(b"\0" * size)

    def free(self, box: BoxProcess) -> None:
        del box
        self._filler.unlink()

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", self._folder], check=True)


class LimitedFiles:
    """RLIMIT_FSIZE, set from outside on the running process: for Linux without root."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder

    def fill(self, box: BoxProcess, *, leave: int) -> None:
        sizes = [file.stat().st_size for file in self._folder.rglob("*") if file.is_file()]
        self._limit(box, max(sizes, default=0) + leave)

    def free(self, box: BoxProcess) -> None:
        self._limit(box, resource.RLIM_INFINITY)

    def close(self) -> None:
        """Nothing of it is left."""

    @staticmethod
    def _limit(box: BoxProcess, size: int) -> None:
        assert box.process is not None
        psutil.Process(box.process.pid).rlimit(psutil.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def make_room(folder: Path) -> Room:
    """The best that this user may have."""
    return SmallDisk(folder) if os.geteuid() == 0 else LimitedFiles(folder)
