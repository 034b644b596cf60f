"""Runs a tool in a process group of its own, for so long and no longer."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import time

# What a tool prints beyond this is thrown away: 25 lines of it are shown.
KEPT_BYTES = 400_000
# What a shell says of a program that is not there or cannot be run.
NOT_STARTED = 127
# A process that was asked to end has so many seconds to do it.
GRACE = 0.5

# Read by the tools: no compiled files beside the sources, no colours, no caches in the tree.
QUIET = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "NO_COLOR": "1",
    "RUFF_NO_CACHE": "true",
}
LOUD = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "MYPY_FORCE_COLOR")


class Ran:
    """How a run ended. `code` is None where its time was up."""

    __slots__ = ("code", "text")

    def __init__(self, code: int | None, text: str) -> None:
        self.code = code
        self.text = text


def run_tool(
    command: list[str], *, folder: str, seconds: float, more: dict[str, str] | None = None, given: str | None = None
) -> Ran:
    """Standard output and error as one text; `given` is what it reads. When the time is up the whole process group is killed.

    A program that cannot be started ends with 127, as it does in a shell: one of a moved environment is such a one."""
    environment = {name: value for name, value in os.environ.items() if name not in LOUD}
    environment.update(QUIET)
    environment.update(more or {})
    source = _file_of(given) if given is not None else subprocess.DEVNULL
    tied = _killed_with_us()
    with tied:
        try:
            process = subprocess.Popen(  # noqa: S603 # the project's own tools
                command,
                cwd=folder,
                env=environment,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as refused:
            return Ran(NOT_STARTED, str(refused))
        finally:
            if source != subprocess.DEVNULL:
                os.close(source)
        tied.to(process.pid)
        return _ran(process, time.monotonic() + seconds)


def _ran(process: subprocess.Popen[bytes], deadline: float) -> Ran:
    assert process.stdout is not None
    with process.stdout:
        kept = bytearray()
        in_time = _read(process, kept, deadline)
        if in_time:
            # Whoever closed its output and goes on working has until the deadline too.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        if process.poll() is None:
            _kill(process)
            return Ran(None, _plain(kept))
    return Ran(process.returncode, _plain(kept))


def _file_of(text: str) -> int:
    """A pipe would have to be filled while the other end is read."""
    import tempfile

    with tempfile.TemporaryFile() as file:
        file.write(text.encode("utf-8", "surrogatepass"))
        file.seek(0)
        return os.dup(file.fileno())


def _plain(printed: bytearray) -> str:
    """Without the colours of those that will not be told."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", printed.decode("utf-8", "replace"))


def _read(process: subprocess.Popen[bytes], kept: bytearray, deadline: float) -> bool:
    """Reads until the pipe's end, or until the process has ended: what it left behind may hold the pipe open."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    while True:
        ended = process.poll() is not None
        left = deadline - time.monotonic()
        if left <= 0 and not ended:
            return False
        if not select.select([pipe], [], [], 0 if ended else min(left, 0.05))[0]:
            if ended:
                return True
            continue
        part = os.read(pipe, 65536)
        if not part:
            return True
        if len(kept) < KEPT_BYTES:
            kept += part


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Asks the group to end, and a moment later does not ask: its first process may be gone and others left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _killed_with_us:  # noqa: N801 # reads as what it does in a `with` line
    """While this lasts, a signal that ends the hook ends the tool's group first.

    It begins before the tool: what comes while that starts, and its group is not known, is done once it is."""

    def __init__(self) -> None:
        self._group = 0
        self._came = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # Only a main thread may; tests call from others.
            with contextlib.suppress(ValueError):
                self._before[number] = signal.signal(number, self._end)

    def to(self, group: int) -> None:
        self._group = group
        if self._came:
            self._end(self._came, None)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        if self._came:
            os._exit(128 + self._came)

    def _end(self, number: int, _frame: object) -> None:
        if not self._group:
            self._came = number
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._group, signal.SIGKILL)
        os._exit(128 + number)
