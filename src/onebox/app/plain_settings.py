"""Settings as plain values, to be compared and shown: with their defaults, without the passwords of URLs."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from onebox.kernel.durations import format_duration

if TYPE_CHECKING:
    from onebox.app.settings import BoxSettings

_PASSWORD = re.compile(r"(://[^:/?#@\s]*:)(?!\$\{)([^@/\s]+)(?=@)")


def plain_settings(settings: BoxSettings) -> dict[str, Any]:
    """Mappings, lists, texts, numbers, booleans and None."""
    plain: dict[str, Any] = _plain(settings)
    return plain


def without_passwords(text: str) -> str:
    """Each becomes `***` and a mark that shows when it changes.

    >>> without_passwords("postgresql://box:${secret.db}@db/box and postgresql://box:sesame@db/box")
    'postgresql://box:${secret.db}@db/box and postgresql://box:***(d0c0)@db/box'
    """
    return _PASSWORD.sub(lambda found: f"{found[1]}***({mark_of(found[2])[:4]})", text)


def mark_of(value: str) -> str:
    """Differs when the value does, and does not tell it."""
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        given = {field.alias or name: getattr(value, name) for name, field in type(value).model_fields.items()}
        return {name: _plain(item) for name, item in given.items() if item is not None}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, str):
        return without_passwords(value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
