"""A box as its operator runs it: a folder, and `onebox run` in a process of its own that real signals reach."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

ROOT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN = 60.0
_TAIL = 4000


class BoxFailed(AssertionError):
    """A box did not do what it had to; the message ends with the last lines of its log."""


class BoxProcess:
    """One box and its process. `settings` is the text of box.yaml, without `storage` (None: it is there); `flows` and `code` are files by
    name; `postgres`: the URL that it keeps everything in, instead of SQLite."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: str | None = "",
        postgres: str | None = None,
        flows: Mapping[str, str] | None = None,
        code: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.postgres = postgres
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = folder.parent / f"{folder.name}.log"
        self.process: asyncio.subprocess.Process | None = None
        self.spawned_at = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        storage = f"storage: {postgres}\n" if postgres else ""
        if settings is not None:
            (folder / "box.yaml").write_text(storage + settings)
        for part, files in (("flows", flows), ("code", code)):
            for name, text in (files or {}).items():
                self.write(f"{part}/{name}", text)
        vault = Vault(BoxFolder(folder), {})
        for name, value in (secrets or {}).items():
            vault.set(name, value)

    def write(self, name: str, text: str) -> None:
        """Writes a file of the box in one piece, as editors and git do."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(text)
        fresh.replace(file)

    # --- life

    async def start(self, *, ready: bool = True) -> BoxProcess:
        """Starts the process; waits for /readyz unless told not to."""
        with self.log_file.open("ab") as log:
            self.spawned_at = time.monotonic()
            self.process = await asyncio.create_subprocess_exec(
                *self.command(), cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )
        if ready:
            await self.wait_until_ready()
        return self

    def command(self, *, port: int | None = None) -> list[str]:
        """What is typed to run the box."""
        where = ["--host", "127.0.0.1", "--port", str(port or self.port)]
        return [sys.executable, "-m", "onebox", "run", "--box", str(self.folder), *where]

    async def wait_until_ready(self, within: float = _STARTS_WITHIN) -> None:
        """Waits for 200 from /readyz. Raises BoxFailed when the process ends, or does not get there in time."""

        async def ready() -> bool:
            if self.process is not None and self.process.returncode is not None:
                raise self.failed(f"the process ended with {self.process.returncode} before it was ready")
            return await self.get("/readyz") == 200

        await self.eventually("the box is ready", ready, within=within)

    async def kill(self) -> None:
        """SIGKILL, as the kernel does it when memory is out."""
        process = self._running()
        process.kill()
        await process.wait()

    async def stop(self, *, within: float = 10.0) -> int:
        """SIGTERM; its exit code. Raises BoxFailed if it is not gone in time."""
        process = self._running()
        process.terminate()
        return await self.ended(within=within)

    async def ended(self, *, within: float) -> int:
        """The exit code, once it ended. Raises BoxFailed if it does not in time."""
        process = self._running()
        try:
            return await asyncio.wait_for(process.wait(), within)
        except TimeoutError:
            raise self.failed(f"the process did not end within {within:g} s") from None

    async def clean_up(self) -> None:
        """Ends the process and its children, whatever state they are in."""
        if self.process is None:
            return
        with suppress(psutil.NoSuchProcess):
            for child in self.children():
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    def _running(self) -> asyncio.subprocess.Process:
        assert self.process is not None, "not started"
        return self.process

    # --- what can be seen of it

    async def post(self, hook: str, body: str = "{}") -> int | None:
        """The status of one event for `/hooks/…`; None when the connection is refused or breaks."""
        head = f"POST /hooks/{hook} HTTP/1.1\r\nHost: box\r\nConnection: close\r\nContent-Type: application/json\r\n"
        request = f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}"
        return await status_of("127.0.0.1", self.port, "", request.encode())

    async def get(self, path: str) -> int | None:
        """The status of one GET; None when the connection is refused or breaks."""
        return await status_of("127.0.0.1", self.port, path)

    def resident(self) -> int:
        """Resident memory of the process itself, in bytes."""
        return int(psutil.Process(self._running().pid).memory_info().rss)

    def children(self) -> list[psutil.Process]:
        """The processes that it started and that live."""
        return list(psutil.Process(self._running().pid).children(recursive=True))

    @property
    def database(self) -> Path:
        return self.folder / ".onebox" / "box.db"

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Reads the box's database, beside it."""
        if self.postgres:
            with psycopg.connect(self.postgres, options="-c search_path=onebox,public") as server:
                return server.execute(statement.encode()).fetchall()
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(statement).fetchall()

    def states(self) -> dict[str, int]:
        """How many runs are in which state."""
        return dict(self.rows("select state, count(*) from run group by state"))

    def log(self) -> str:
        """All that it said."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def failed(self, what: str) -> BoxFailed:
        """An error with what the box said last."""
        return BoxFailed(f"{what}\n--- the end of the log of {self.folder.name}:\n{self.log()[-_TAIL:]}")

    async def eventually(self, what: str, condition: Callable[[], Awaitable[bool]], *, within: float) -> None:
        """Waits until the condition holds. Raises BoxFailed, with `what` and the log, if it does not in time."""
        deadline = time.monotonic() + within
        while not await condition():
            if time.monotonic() > deadline:
                raise self.failed(f"after {within:g} s it does not hold that {what}")
            await asyncio.sleep(0.05)

    async def drained(self, *, within: float) -> None:
        """Waits until no run is ready or waiting. Raises BoxFailed with the states."""

        async def nothing_open() -> bool:
            return not {"ready", "waiting"} & self.states().keys()

        try:
            await self.eventually("no run is open", nothing_open, within=within)
        except BoxFailed:
            raise self.failed(f"after {within:g} s runs are still open: {self.states()}") from None

    async def emptied(self, *, within: float) -> None:
        """Waits until no message is in the outbox any more: what a run told last leaves a moment after its end."""

        async def nothing_queued() -> bool:
            return self.rows("select count(*) from message where state = 'queued'") == [(0,)]

        await self.eventually("every message is out", nothing_queued, within=within)


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def status_of(host: str, port: int, path: str, request: bytes | None = None) -> int | None:
    """The status of one request on a connection of its own; None when the connection is refused or breaks."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return None
    try:
        writer.write(request or f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        line = await asyncio.wait_for(reader.readline(), 30)
    except OSError:
        return None
    finally:
        writer.close()
    return int(line.split()[1]) if line else None
