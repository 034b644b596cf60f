"""Reading a log: plain text, JSON lines, a journal's export, or all of it mixed; tracebacks fold into their entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onebox.operating.diagnosis.entries import Entry, Level, LogFile, Place
from onebox.operating.diagnosis.lines import exported, is_export, numbered_lines
from onebox.operating.diagnosis.plain import Line, taken_apart
from onebox.operating.diagnosis.structured import from_fields, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, BinaryIO

    from onebox.operating.diagnosis.times import Times

_TRACEBACK = "Traceback (most recent call last):"
_EXCEPTION = re.compile(
    r"(?:Uncaught |Unhandled )?[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|RetryAfter|TimedOut|Timeout|Conflict|Violation)"
    r"(?: \[\w+\])?(?::|$)"
)
_GROUP = re.compile(r"^[\s|+-]+(?=[\w.]+(?:Error|Exception|Group)\b)")
_CHAIN = ("During handling of the above", "The above exception was")
_CONTINUED = (
    _TRACEBACK, *_CHAIN, "client_session: ", "connector: ", "connections: ",
    "future: ", "task: ", "handle: ", "[SQL:", "[parameters:", "(Background on", "Original description:", "}", "]",
)  # fmt: skip
_OF_ITS_OWN = re.compile(r"Unclosed |unclosed |Killed|Fatal Python|FATAL|Out of memory|\S+Warning: |Segmentation fault")
"""what programs print beside their log; never a part of the entry before"""
_MOST_OPEN = 32
_CALM = frozenset({Level.debug, Level.info})


def read_entries(stream: BinaryIO, file: LogFile, times: Times) -> Iterator[Entry]:
    """The entries of one log, in its order; `file` is told what was read."""
    opened: dict[str, _Open] = {}
    last: float | None = None
    for number, line, exception in _lines(stream, times):
        before = opened.get(line.source)
        if before is not None and before.takes(line):
            continue
        # A traceback may go on beneath lines of other processes; all else has ended.
        for source, each in [*opened.items()]:
            if source == line.source or not each.in_traceback or len(opened) > _MOST_OPEN:
                yield opened.pop(source).entry
        if not line.text.strip():
            continue
        # The order of lines is believed before parts of seconds, which not all lines have.
        if line.at is not None and not (last is not None and last - 1 < line.at < last):
            last = line.at
        file.note(timed=last is not None, zoneless=line.at is not None and not line.zoned, own=line.own)
        told = exception
        if not told and line.level not in _CALM and _EXCEPTION.match(line.text):
            told = line.text
        opened[line.source] = _Open(Entry(Place(file.name, number), last, line.level, line.text, told, line.source))
    for each in opened.values():
        yield each.entry


class _Open:
    """An entry that lines may still belong to."""

    __slots__ = ("_chained", "_traced", "entry", "in_traceback")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.in_traceback = entry.text.startswith(_TRACEBACK)
        self._traced = self.in_traceback or (entry.exception != "" and not _EXCEPTION.match(entry.text))
        self._chained = False

    def takes(self, line: Line) -> bool:
        """Whether a line belongs to this entry; its exception is noted."""
        text = line.said
        if line.own and not (self.in_traceback and (line.at is None or _EXCEPTION.match(text))):
            return False
        if not text or text[0].isspace() or text.startswith(_CONTINUED):
            return self._takes_continued(text)
        if self.in_traceback:
            self.entry.exception, self.in_traceback = text, False
            return True
        if self.entry.level < Level.warning or _OF_ITS_OWN.match(text):
            return False
        told = _EXCEPTION.match(text) is not None
        if told:
            self.entry.exception = text
        return told or line.at is None

    def _takes_continued(self, text: str) -> bool:
        if text.startswith(_TRACEBACK):
            first = not (self._traced or Level.unknown < self.entry.level < Level.warning)
            if not first and not self._chained:
                return False
            self.in_traceback, self._chained, self._traced = True, False, True
        elif text.startswith(_CHAIN):
            self._chained = True
        elif inner := _GROUP.match(text):
            self.entry.exception = text[inner.end() :]
        return True


def _lines(stream: BinaryIO, times: Times) -> Iterator[tuple[int, Line, str]]:
    """Each line with its number, and the exception that it holds itself."""
    lines = numbered_lines(stream)
    for number, line in lines:
        if is_export(line):
            for place, fields in exported((number, line), stream):
                yield place, *_of_fields(fields, times)
            return
        text = line.decode(errors="replace").removeprefix("\ufeff")
        yield number, *_of_text(text, times)


def _of_text(text: str, times: Times) -> tuple[Line, str]:
    if _is_object(text) and (fields := parsed(text)) is not None:
        return _of_fields(fields, times)
    line = taken_apart(text, times)
    if _is_object(line.said) and (fields := parsed(line.said)) is not None:
        inner, exception = _of_fields(fields, times)
        at, zoned = (line.at, line.zoned) if line.at is not None else (inner.at, inner.zoned)
        return inner._replace(at=at, zoned=zoned, source=line.source), exception
    return line, ""


def _is_object(text: str) -> bool:
    return text.startswith("{") and text.endswith("}")


def _of_fields(fields: Mapping[str, Any], times: Times) -> tuple[Line, str]:
    entry = from_fields(fields, times)
    if entry is None:
        return Line("", ""), ""
    if not entry.raw:
        line = Line(entry.text, entry.text, entry.level, entry.at, zoned=True, own=True, source=entry.source)
        return line, entry.exception
    inner, exception = _of_text(entry.text, times)
    level = inner.level or entry.level
    return inner._replace(at=entry.at, zoned=True, level=level, source=entry.source or inner.source), exception
