"""What changed in the settings of a box."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onebox.flows.difference.amounts import compare_keeping, compare_limits
from onebox.flows.difference.findings import Change, Finding, Reason, Risk
from onebox.flows.difference.leaves import MISSING, differences, leaf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LIMITS = re.compile(r"limits\..+|http\.connections|code\.workers")
_PACE = re.compile(r"pace\.(?:per_second|burst|parallel)")
_QUIET = ("box", "log")
_SOMEONE = re.compile(r"[^@\s]+@[^@\s]+\.\w+|https?://\S+|@\w{3,}|\+?\d[\d ()/-]{5,}")
"""addresses, of people or of programs"""
_DOORS = re.compile(r"server\.(?:host|trusted_proxies)")
_OPEN_HOSTS = ("0.0.0.0", "::")  # noqa: S104  compared with, not bound to


def compare_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Finding]:
    """Plain values on both sides, with the defaults of what is not said."""
    for key in [*before, *(key for key in after if key not in before)]:
        first, second = before.get(key, MISSING), after.get(key, MISSING)
        if key in ("accounts", "databases"):
            yield from _named(key.removesuffix("s"), first, second)
        else:
            for path, old, new in differences(first, second, key):
                yield _setting(path, old, new)


def _named(what: str, before: Any, after: Any) -> Iterator[Finding]:
    """Accounts, and databases: what a flow calls by its name."""
    old, new = (given if isinstance(given, dict) else {} for given in (before, after))
    for name in sorted({*old, *new}):
        subject = f"{what} {name}"
        if name not in old:
            yield Finding(Change.added, subject, Risk.medium, after=new[name])
        elif name not in new:
            yield Finding(Change.removed, subject, Risk.high, before=old[name], reason=Reason.effect_lost)
        else:
            for path, first, second in differences(old[name], new[name]):
                yield _of_named(subject, path, first, second)


def _of_named(subject: str, path: str, first: Any, second: Any) -> Finding:
    """The subject is `account webhook/crm url`."""
    subject = f"{subject} {path}".strip()
    if _PACE.fullmatch(path) and MISSING not in (first, second):
        found = compare_limits(subject, first, second)
        if found is not None:
            return found
    if path.startswith("pace"):
        return leaf(subject, first, second, Risk.medium)
    return leaf(subject, first, second, Risk.high, Reason.elsewhere)


def _setting(path: str, first: Any, second: Any) -> Finding:
    group = path.partition(".")[0]
    if group == "vars":
        reaches = any(_is_address(value) for value in (first, second))
        return leaf(path, first, second, *((Risk.high, Reason.recipient) if reaches else (Risk.medium, None)))
    found = None
    if MISSING not in (first, second):
        if _LIMITS.fullmatch(path):
            found = compare_limits(path, first, second)
        elif path == "keep":
            found = compare_keeping(path, first, second)
    if found is not None:
        return found
    if path == "storage":
        return leaf(path, first, second, Risk.high, Reason.elsewhere)
    if _DOORS.fullmatch(path) and (path == "server.trusted_proxies" or second in _OPEN_HOSTS):
        return leaf(path, first, second, Risk.high, Reason.door)
    return leaf(path, first, second, Risk.low if group in _QUIET else Risk.medium)


def _is_address(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_address, value.values()))
    if isinstance(value, list):
        return any(map(_is_address, value))
    return isinstance(value, str) and _SOMEONE.fullmatch(value.strip()) is not None
