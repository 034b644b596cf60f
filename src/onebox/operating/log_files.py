"""Opening logs: files, packed ones, standard input."""

from __future__ import annotations

import gzip
import io
import re
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from onebox.kernel.errors import OneboxError
from onebox.operating.diagnosis.diagnose import diagnose
from onebox.operating.diagnosis.entries import LogFile
from onebox.operating.diagnosis.reading import read_entries
from onebox.operating.diagnosis.times import Times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo
    from typing import BinaryIO

    from onebox.operating.diagnosis.diagnose import Diagnosis
    from onebox.operating.diagnosis.entries import Entry

STDIN = "-"
_ROTATED = re.compile(r"\.(\d{1,4})(?:\.gz)?$")
_GZIP = b"\x1f\x8b"
_JOURNAL = b"LPKSHHRH"


class LogUnreadable(OneboxError):
    """A log cannot be opened, or nothing in it is an entry of a log."""

    code: ClassVar[str] = "log_unreadable"


class Logs:
    """Logs that are read side by side. Each is opened at once, so that a wrong name is told before hours of reading."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._logs: list[tuple[BinaryIO, LogFile, Times]] = []

    def open(self, name: str) -> None:
        """Opens one log, `-` for standard input. Raises LogUnreadable."""
        if any(file.name == name for _, file, _ in self._logs):
            return
        try:
            stream, newest = _opened(name)
        except OSError as error:
            what = (error.strerror or str(error)).lower()
            raise LogUnreadable(f"{name} cannot be read: {what}", hint=_HINTS.get(type(error))) from error
        self._logs.append((stream, LogFile(name), Times(self._zone, newest)))

    def diagnose(self) -> Diagnosis:
        """Reads them all. Raises LogUnreadable if nothing in any of them is an entry of a log."""
        logs = sorted(self._logs, key=lambda log: -_rotation(log[1].name))
        files = [file for _, file, _ in self._logs]
        found = diagnose([_read(*log) for log in logs], files)
        if not found.failures and not any(file.owned or file.timed for file in files):
            names = ", ".join(file.name for file in files)
            raise LogUnreadable(
                f"nothing in {names} looks like a log: {found.entries:,} lines, none with a time, a level or a traceback",
                hint="plain text, JSON lines, journalctl -o json and -o export are read, gzip too",
            )
        return found


_HINTS: dict[type[OSError], str] = {
    FileNotFoundError: "name files, or - for standard input: journalctl -u UNIT -o export | onebox diagnose -",
    PermissionError: "read it as its owner, or pipe it: sudo cat LOG | onebox diagnose -",
    IsADirectoryError: "name the files in it",
}


def _opened(name: str) -> tuple[BinaryIO, datetime]:
    if name == STDIN:
        raw, newest = cast("io.BufferedReader", sys.stdin.buffer), datetime.now(UTC)
    else:
        raw = Path(name).open("rb")  # noqa: SIM115  # _read closes it
        newest = datetime.fromtimestamp(Path(name).stat().st_mtime, UTC)
    begin = raw.peek(len(_JOURNAL))
    if begin.startswith(_JOURNAL):
        raw.close()
        hint = f"have it read: journalctl --file {name} -o export | onebox diagnose -"
        raise LogUnreadable(f"{name} is a journal's own file, which systemd alone reads", hint=hint)
    if not begin.startswith(_GZIP):
        return raw, newest
    if name == STDIN:
        packed = gzip.GzipFile(fileobj=raw)
    else:
        raw.close()
        packed = gzip.GzipFile(name)
    return io.BufferedReader(cast("io.RawIOBase", packed)), newest


def _read(stream: BinaryIO, file: LogFile, times: Times) -> Iterator[Entry]:
    try:
        with stream:
            yield from read_entries(stream, file, times)
    except (EOFError, zlib.error, OSError) as error:
        file.broken = str(error)


def _rotation(name: str) -> int:
    """`bot.log.2.gz` is older than `bot.log.1`, and that than `bot.log`: it tells where times do not."""
    found = _ROTATED.search(name)
    return int(found[1]) if found else 0


def opened(names: Sequence[str], zone: tzinfo) -> tuple[Logs, list[LogUnreadable]]:
    """The logs of these names, and what could not be opened."""
    logs, faults = Logs(zone), []
    for name in names:
        try:
            logs.open(name)
        except LogUnreadable as fault:
            faults.append(fault)
    return logs, faults
