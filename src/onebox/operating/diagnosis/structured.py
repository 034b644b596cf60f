"""An entry of JSON lines, of a journal or of a container's log, taken apart by the names that loggers use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from onebox.operating.diagnosis.entries import Level
from onebox.operating.diagnosis.plain import level_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.operating.diagnosis.times import Times

_TIME = ("time", "timestamp", "ts", "@timestamp", "asctime", "datetime", "date", "t")
_LEVEL = ("level", "levelname", "severity", "lvl", "log.level", "level_name")
_MESSAGE = ("message", "msg", "event", "text")
_EXCEPTION = ("exception", "exc_info", "exc_text", "traceback", "stack_trace", "error.stack_trace", "stack")
_ERROR = ("err", "error", "exc")
_KNOWN = {*_TIME, *_LEVEL, *_MESSAGE, *_EXCEPTION, *_ERROR, "pid", "v", "lineno", "levelno", "process", "thread"}
_SYSLOG_LEVELS = 8
"""numbers below are syslog's: 3 is an error; from 10 on they are pino's: 50 is one"""
_MOST_FIELDS = 24
_BYTE = range(256)


class Structured(NamedTuple):
    """One entry. Where `raw` is true, the text is a line of what the program printed, and has its own level."""

    at: float | None
    level: Level
    source: str
    text: str
    exception: str
    raw: bool


def parsed(text: str) -> Mapping[str, Any] | None:
    """The object on a line, if there is one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def from_fields(fields: Mapping[str, Any], times: Times) -> Structured | None:
    """An entry, or None if the object is none."""
    if "__REALTIME_TIMESTAMP" in fields:
        return _of_journal(fields, times)
    if isinstance(fields.get("log"), str) and "time" in fields:
        return Structured(times.read(fields["time"]), Level.unknown, "", _clean(fields["log"].rstrip()), "", raw=True)
    return _of_program(fields, times)


def _of_journal(fields: Mapping[str, Any], times: Times) -> Structured:
    who = fields.get("_SYSTEMD_UNIT") or fields.get("SYSLOG_IDENTIFIER") or ""
    if fields.get("_TRANSPORT") == "kernel" or fields.get("SYSLOG_IDENTIFIER") in {"kernel", "systemd"}:
        who = str(fields.get("SYSLOG_IDENTIFIER") or "kernel")
    # What a service prints is of priority 6, be it an error or not.
    printed = fields.get("_TRANSPORT") == "stdout"
    return Structured(
        times.read(fields["__REALTIME_TIMESTAMP"]),
        Level.unknown if printed else _level(fields.get("PRIORITY")),
        _clean(f"{who}[{fields.get('_PID', '')}]"),
        _message(fields.get("MESSAGE")),
        "",
        raw=True,
    )


def _message(value: Any) -> str:
    """The journal's JSON has a list of bytes where a message is no text."""
    if isinstance(value, list):
        numbers = [number for number in value if isinstance(number, int) and number in _BYTE]
        return bytes(numbers).decode(errors="replace")
    return _clean("" if value is None else str(value))


def _of_program(fields: Mapping[str, Any], times: Times) -> Structured | None:
    message = _first(fields, _MESSAGE)
    level = _level(_first(fields, _LEVEL))
    if level is Level.unknown and isinstance(fields.get("log"), dict):
        level = _level(fields["log"].get("level"))
    exception = _exception(fields)
    if message is None and not exception:
        return None
    text = " ".join([str(message or ""), *_rest(fields)])
    return Structured(times.read(_first(fields, _TIME)), level, "", _clean(text), _clean(exception), raw=False)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _level(value: Any) -> Level:
    if isinstance(value, str) and not value.isdigit():
        return level_of(value)
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return Level.unknown
    if number < _SYSLOG_LEVELS:
        return (Level.error, Level.warning, Level.info, Level.debug)[max(0, min(number - 3, 3))]
    return (Level.debug, Level.info, Level.warning, Level.error)[max(0, min(number // 10 - 2, 3))]


def _exception(fields: Mapping[str, Any]) -> str:
    """The last line of a traceback, as the many loggers give it."""
    for name in _EXCEPTION:
        value = fields.get(name)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return f"{value[0].get('exc_type', 'Exception')}: {value[0].get('exc_value', '')}"
        if isinstance(value, str) and value.strip():
            return last_of_traceback(value)
    for name in _ERROR:
        value = fields.get(name)
        if isinstance(value, dict):
            said = value.get("message") or value.get("msg") or ""
            return f"{value.get('type') or value.get('name') or 'Error'}: {said}"
    return ""


def last_of_traceback(text: str) -> str:
    """`Type: message` out of a whole traceback: Python's last line that is not indented, JavaScript's first."""
    lines = [line for line in text.splitlines() if line and not line[0].isspace()]
    if not lines:
        return text.strip()
    return lines[-1] if text.lstrip().startswith(("Traceback", "+ Exception Group")) else lines[0]


def _rest(fields: Mapping[str, Any]) -> list[str]:
    """The other fields, as a plain line would have them: numbers of memory, a description of the error."""
    told = [(name, value) for name, value in list(fields.items())[:_MOST_FIELDS] if name not in _KNOWN]
    told += [(name, fields[name]) for name in _ERROR if isinstance(fields.get(name), str)]
    return [f"{name}={value}" for name, value in told if isinstance(value, str | int | float)]


def _clean(text: str) -> str:
    """JSON may hold halves of signs, which are no text."""
    return text if text.isascii() else text.encode(errors="replace").decode()
