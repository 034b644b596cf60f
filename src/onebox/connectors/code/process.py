"""One child process that runs functions, seen from the box's side."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Sequence

_PROGRAM = ("-B", str(Path(__file__).with_name("worker.py")))
_TAIL = 2048
_CHUNK = 65536
_PAUSE = 0.02
"""seconds between two looks at what is printed"""
_LONGEST_LINE = 2_000_000
_REAP_PAUSES = (0.0, 0.002, 0.01, 0.05, 0.2, 0.5, 1.0, 2.0)
# Nothing of the box's own environment: no secrets, no settings. One arena, since each takes 64 MB of address space.
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "MALLOC_ARENA_MAX": "1",
}


class WorkerDied(Exception):
    """The process ended while it was asked. `status` is its exit status, negative for a signal."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class WorkerProcess:
    """Starts at once. One call at a time; after a failed one it is of no more use and must be killed."""

    def __init__(
        self, process: subprocess.Popen[bytes], output: int, streams: tuple[StreamReader, StreamWriter]
    ) -> None:
        self._process = process
        self._output = output
        self._reader, self._writer = streams
        self._loop = asyncio.get_running_loop()
        self._tail = b""
        self._closed = False
        self.calls = 0
        self._listen()

    @classmethod
    async def start(
        cls, folder: Path, program: Sequence[str] = _PROGRAM, *, longest: int = _LONGEST_LINE
    ) -> WorkerProcess:
        """Starts a process in the folder: Python with these arguments. `longest` is the length of an answer that it is
        read to, in bytes. Raises OSError."""
        ours, theirs = socket.socketpair()
        output, their_output = os.pipe()
        os.set_blocking(output, False)
        try:
            process = _spawn(folder, program, theirs.fileno(), their_output)
        except OSError:
            ours.close()
            os.close(output)
            raise
        finally:
            theirs.close()
            os.close(their_output)
        return cls(process, output, await asyncio.open_connection(sock=ours, limit=longest))

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._closed and not self._reader.at_eof()

    @property
    def tail(self) -> str:
        """The end of what the last call printed."""
        self._read_output()
        return self._tail.decode(errors="replace").strip()

    async def ask(self, request: str) -> bytes:
        """The line that answers this line. Raises WorkerDied, or ValueError for an endless one."""
        self.calls += 1
        self._read_output()
        self._tail = b""
        try:
            self._writer.write(request.encode() + b"\n")
            await self._writer.drain()
            line = await self._reader.readline()
        except ConnectionError:
            line = b""
        if not line.endswith(b"\n"):
            self._signal()  # before it is reaped, while the number of its group is certainly its own
            raise WorkerDied(await self._status())
        return line

    async def kill(self) -> None:
        """Kills it and what it started, and takes it off the system's list of processes."""
        if self._closed:
            return
        self._closed = True
        self._signal()
        self._loop.remove_reader(self._output)
        os.close(self._output)
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
        await self._status()

    def _signal(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _status(self) -> int | None:
        for pause in _REAP_PAUSES:
            if self._process.poll() is not None:
                break
            await asyncio.sleep(pause)
        return self._process.returncode

    def _listen(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._output, self._overhear)

    def _overhear(self) -> None:
        # One chunk, then a pause: who prints without end waits for the pipe, and does not keep the loop busy.
        self._loop.remove_reader(self._output)
        if self._read_output():
            self._loop.call_later(_PAUSE, self._listen)

    def _read_output(self) -> bool:
        """False when there is nothing more to come."""
        if self._closed:
            return False
        try:
            read = os.read(self._output, _CHUNK)
        except OSError:  # nothing there just now
            return True
        self._tail = (self._tail + read)[-_TAIL:]
        return bool(read)


def _spawn(folder: Path, program: Sequence[str], protocol: int, output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 the program is our own
        [sys.executable, "-I", "-u", *program],
        stdin=protocol,
        stdout=output,
        stderr=output,
        cwd=folder,
        env=_ENVIRONMENT,
        start_new_session=True,  # its own group, so that what it starts can be killed with it
    )
