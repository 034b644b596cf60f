"""Values as a test file has them: YAML's own, and `{$instant: …}` and `{$bytes: …}` for what YAML lacks.

A mapping of a person's own whose one key looks like these is kept apart by one more `$`.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onebox.kernel.encoding import EncodingError, normalise

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.kernel.document import Location

INSTANT = "$instant"
BYTES = "$bytes"
_KEPT_APART = re.compile(r"\$+(?:instant|bytes)")


def meant(value: Any, fault: Callable[[Location, str], None], location: Location = ()) -> Any:
    """The value that a test file means; what stands for no instant and no bytes is told to `fault`, and is null."""
    if isinstance(value, list):
        return [meant(item, fault, (*location, number)) for number, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    only = next(iter(value)) if len(value) == 1 else ""
    if not _KEPT_APART.fullmatch(only):
        return {key: meant(item, fault, (*location, key)) for key, item in value.items()}
    if only in (INSTANT, BYTES):
        return _special(only, value[only], fault, (*location, only))
    return {only[1:]: meant(value[only], fault, (*location, only))}


def _special(mark: str, text: Any, fault: Callable[[Location, str], None], location: Location) -> Any:
    if mark == INSTANT:
        moment = instant_of(text)
        if moment is None:
            fault(location, f"{mark}: expected an instant such as 2026-01-15T12:00:00Z, got {text!r:.60}")
        return moment
    try:
        return base64.b64decode(text if isinstance(text, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        fault(location, f"{mark}: expected bytes in base64, got {text!r:.60}")
        return None


def written(value: Any) -> Any:
    """The other way: a normalised value as a test file has it."""
    if isinstance(value, datetime):
        return {INSTANT: instant_text(value)}
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [written(item) for item in value]
    if not isinstance(value, dict):
        return value
    only = next(iter(value)) if len(value) == 1 else ""
    if _KEPT_APART.fullmatch(only):
        return {f"${only}": written(value[only])}
    return {key: written(item) for key, item in value.items()}


def shown(value: Any) -> Any:
    """The same for what is compared and shown: an instant is its text alone."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return written(value)


def instant_of(text: Any) -> datetime | None:
    """The instant of an ISO text with its time zone; None if it is none.

    >>> instant_of("2026-01-15T13:00:00+01:00")
    datetime.datetime(2026, 1, 15, 12, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else text
        return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def instant_text(moment: datetime) -> str:
    """
    >>> instant_text(datetime(2026, 1, 15, 12, tzinfo=UTC))
    '2026-01-15T12:00:00Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """The value as a row would keep it; what no row could keep, as a text."""
    try:
        return normalise(value)
    except EncodingError:
        return str(value)
