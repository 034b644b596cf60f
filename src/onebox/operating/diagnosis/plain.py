"""A line of plain text, taken apart: time, level, who says it, what is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from onebox.operating.diagnosis.entries import Level

if TYPE_CHECKING:
    from onebox.operating.diagnosis.times import Times

_LEVELS = {
    "TRACE": Level.debug,
    "DEBUG": Level.debug,
    "INFO": Level.info,
    "NOTICE": Level.info,
    "WARN": Level.warning,
    "WARNING": Level.warning,
    "ERR": Level.error,
    "ERROR": Level.error,
    "SEVERE": Level.error,
    "CRIT": Level.error,
    "CRITICAL": Level.error,
    "ALERT": Level.error,
    "EMERG": Level.error,
    "FATAL": Level.error,
    "PANIC": Level.error,
}
_NAMES = "|".join(sorted(_LEVELS, key=len, reverse=True))
_LEVEL = re.compile(
    rf"\b({_NAMES})\b(?![=.(])[\s\]|:-]*|(?:[\[ ]|^)(?i:level|lvl)=\"?(?i:({_NAMES}))\b\"?\s*"
    rf"|(?:\[|^)(?i:({_NAMES}))(?:\s*\]\s*|: )"
)
_NEAR = 90
"""how deep in a line a level is looked for"""
_CONTAINER = re.compile(r"([\w.-]{1,60}) +\| ")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_SYSLOG_HEAD = re.compile(r" (?:\S+) ((?:[\w@./:\\-]+)\[\d+\]|kernel|systemd): ?")
_KUBERNETES = re.compile(r" (?:stdout|stderr) [FP] ")
_MACHINE = frozenset({"kernel", "systemd", "systemd[1]"})
_LATE = 0.999
"""Who tells of a program's end in whole seconds tells it after what the program said in that second."""
_SEPARATORS = re.compile(r"[\s\])|:-]+")


class Line(NamedTuple):
    """One line, taken apart."""

    text: str
    """what is said, without the level"""
    said: str
    """what is said, with it"""
    level: Level = Level.unknown
    at: float | None = None
    zoned: bool = False
    own: bool = False
    """whether the program that wrote it began an entry here, and not only who carries its output"""
    source: str = ""


def level_of(name: str) -> Level:
    """The level of this name, in small or capital letters."""
    return _LEVELS.get(name.upper(), Level.unknown)


def taken_apart(text: str, times: Times) -> Line:
    """One line without its end. A time around another, as docker and syslog put it, is the one that counts."""
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if "| " in text[:64] and (container := _CONTAINER.match(text)) and container[1].upper() not in _LEVELS:
        text = text[container.end() :]
    found = times.find(text)
    if found is None:
        level, said = _level(text)
        return Line(said, text, level, own=level is not Level.unknown)
    source, rest, inner = "", text[found.end :], None
    if found.start == 0:
        if head := _SYSLOG_HEAD.match(rest):
            source, rest = head[1], rest[head.end() :]
        elif carrier := _KUBERNETES.match(rest):
            rest = rest[carrier.end() :]
        else:
            rest = rest.removeprefix(" ")
        if (rest[:1].isdigit() or rest[:1] == "[") and (inner := times.find(rest)):
            rest = f"{rest[: inner.start]}{rest[inner.end :].removeprefix(' ')}"
    else:
        rest = f"{text[: found.start]}{rest.lstrip()}"
    level, said = _level(rest)
    own = inner is not None or level is not Level.unknown
    at = found.at + _LATE if source in _MACHINE and found.at.is_integer() else found.at
    return Line(said, rest, level, at, found.zoned, own, source)


def _level(text: str) -> tuple[Level, str]:
    if text[:1].isspace():
        return Level.unknown, text
    found = _LEVEL.search(text, 0, _NEAR)
    if found is None:
        return Level.unknown, _SEPARATORS.sub("", text, count=1) if text[:1] in "]-|:" else text
    name = found[1] or found[2] or found[3]
    return _LEVELS[name.upper()], text[found.end() :]
