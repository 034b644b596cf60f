"""The filters that Onebox adds to minijinja's: `${x | slug}`, `${now | plus('3d')}`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pydantic_core

from onebox.flows.expressions import methods
from onebox.flows.expressions.failure import ExpressionFailed
from onebox.flows.expressions.paths import describe, step_into
from onebox.kernel.durations import format_duration, parse_duration
from onebox.kernel.encoding import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDEST_INDENT = 16


def as_text(value: Any) -> str:
    """How a value reads in the middle of a text. Raises ExpressionFailed for null and binary."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_duration(value)
    if value is None:
        reason = "is null, which cannot stand in a text"
        raise ExpressionFailed("", reason, hint="say what to write instead: ${… or ''}")
    if isinstance(value, (dict, list, tuple)):
        return to_json(value)
    reason = f"is {describe(value)}, which cannot stand in a text"
    raise ExpressionFailed("", reason)


def _json(value: Any, indent: int | None = None) -> str:
    if indent is not None and not 0 <= indent <= _WIDEST_INDENT:
        raise ExpressionFailed("", f"an indent is 0 to {_WIDEST_INDENT} wide, this one {indent:,}")
    return pydantic_core.to_json(value, indent=indent, inf_nan_mode="strings").decode()


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else as_text(value).encode()


def _sha256(value: Any) -> str:
    return hashlib.sha256(_bytes(value)).hexdigest()


def _base64(value: Any) -> str:
    return base64.b64encode(_bytes(value)).decode()


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        reason = f"{text[:40]!r} is no base64 of a text ({error})"
        raise ExpressionFailed("", reason) from None


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def instant(value: Any) -> datetime:
    """An aware instant from ISO text, Unix seconds or an instant; without an offset it is UTC."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        reason = f"{value!r} is no instant"
        raise ExpressionFailed("", reason, hint="expected ISO 8601 such as 2026-03-29T09:00:00+02:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_timezone(value: Any, name: str) -> datetime:
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        reason = f"there is no time zone {name!r}"
        raise ExpressionFailed("", reason, hint="expected a name such as Europe/Berlin") from None
    return instant(value).astimezone(zone)


def _date_format(value: Any, pattern: str = "%Y-%m-%d") -> str:
    return methods.strftime(value if isinstance(value, (date, time)) else instant(value), pattern)


def _plus(value: Any, length: Any) -> datetime:
    return instant(value) + parse_duration(length)


def _minus(value: Any, other: Any) -> datetime | timedelta:
    if isinstance(other, datetime):
        return instant(value) - other
    return instant(value) - parse_duration(other)


def _seconds(value: Any) -> float:
    return parse_duration(value).total_seconds()


def _number(value: Any, kind: type[int | float]) -> int | float:
    try:
        if isinstance(value, str) and kind is int:
            return int(value) if value.strip().lstrip("+-").isdecimal() else int(float(value))
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        reason = f"{value!r:.60} is no number"
        raise ExpressionFailed("", reason) from None


def _escape(value: Any) -> str:
    return html.escape(as_text(value))


_MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+.!|~&-]")


def _escape_markdown(value: Any) -> str:
    """What others wrote, so that it reads in Markdown as they wrote it."""
    return _MARKDOWN.sub(r"\\\g<0>", as_text(value))


def _replace(value: Any, old: str, new: str) -> str:
    return methods.replace(as_text(value), old, new)


def join(items: Any, separator: str = "", attribute: str | None = None) -> str:
    """The filter of that name, which does not grow without bounds."""
    return methods.join(separator, items if attribute is None else [step_into(item, attribute) for item in items])


ADDED: dict[str, Callable[..., Any]] = {
    "base64": _base64,
    "date_format": _date_format,
    "datetime": instant,
    "duration": parse_duration,
    "e": _escape,
    "escape": _escape,
    "escape_markdown": _escape_markdown,
    "from_base64": _from_base64,
    "float": lambda value: _number(value, float),
    "from_json": from_json,
    "in_timezone": _in_timezone,
    "int": lambda value: _number(value, int),
    "json": _json,
    "minus": _minus,
    "plus": _plus,
    "replace": _replace,
    "seconds": _seconds,
    "sha256": _sha256,
    "slug": _slug,
    "tojson": _json,
}
"""`escape`, `e` and `tojson` stand in for minijinja's, whose results are Markup and escape what they are added to."""

BUILT_IN = frozenset(
    (
        "abs batch bool capitalize chain d default dictsort first format groupby indent items join last "
        "length count lines list lower map max min pprint reject rejectattr reverse round select selectattr slice sort "
        "split string sum title trim truncate unique upper urlencode zip"
    ).split()
)
FILTERS = BUILT_IN | ADDED.keys()
TESTS = frozenset(
    (
        "boolean defined divisibleby endingwith eq equalto even false filter float ge greaterthan gt in integer "
        "iterable le lessthan lower lt mapping ne none number odd sameas sequence startingwith string test true "
        "undefined upper"
    ).split()
)
FUNCTIONS = frozenset({"range", "dict"})
