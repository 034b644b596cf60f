"""What a log holds, whatever it is written in: entries, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """How grave the program itself calls an entry."""

    unknown = 0
    debug = 10
    info = 20
    warning = 30
    error = 40


class Place(NamedTuple):
    """Where an entry begins: a file's name, a line from 1 on."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Entry:
    """One entry. A traceback belongs to the entry that it stands under, by its last line alone."""

    place: Place
    at: float | None
    """seconds since 1970 in UTC; None where the log tells no time"""
    level: Level
    text: str
    """what it says, without time and level"""
    exception: str = ""
    """`package.Type: message`, the last line of a traceback; "" without one"""
    source: str = ""
    """the unit and process in a log of many"""


@dataclass(slots=True)
class LogFile:
    """What was read of one log so far."""

    name: str
    entries: int = 0
    timed: int = 0
    """entries that have a time, of their own or of the one before"""
    zoneless: int = 0
    """entries whose time names no zone"""
    owned: int = 0
    """entries that a program began itself, with a level, a time of its own or as JSON"""
    broken: str = ""
    """why it could be read no further; "" if it was read whole"""

    def note(self, *, timed: bool, zoneless: bool, own: bool) -> None:
        """One more entry was read."""
        self.entries += 1
        self.timed += timed
        self.zoneless += zoneless
        self.owned += own
