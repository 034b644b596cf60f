"""One process owns a box: a lock on a file beside the SQLite database."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, ClassVar

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from pathlib import Path


class BoxTaken(OneboxError):
    """Another process runs this box."""

    code: ClassVar[str] = "box_taken"

    def __init__(self, where: str, owner: str) -> None:
        hint = "stop it first, or start this box from another folder; to ask something of a running box: onebox runs, onebox emit"
        super().__init__(f"the box of {where} is run by {owner} already", hint=hint)
        self.owner = owner


def who_am_i() -> str:
    """This process as the owner is named to others."""
    return f"process {os.getpid()} on {socket.gethostname()}"


class FileLock:
    """An flock, which ends with the process however that ends. The file says who holds it."""

    def __init__(self, path: Path, box: str) -> None:
        """Raises BoxTaken."""
        import fcntl

        self._file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip() or "another process"
            self._file.close()
            raise BoxTaken(box, owner) from None
        self._file.truncate(0)
        self._file.write(who_am_i())
        self._file.flush()

    def release(self) -> None:
        """The file stays: to remove it would let two processes lock two files of one name."""
        self._file.close()
