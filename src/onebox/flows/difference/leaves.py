"""The single values in which two trees differ, each with its dotted path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from onebox.flows.difference.findings import Change, Finding, Risk
from onebox.flows.difference.values import same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onebox.flows.difference.findings import Reason


class _Missing:
    """Stands for what is not there; `null` is a value."""


MISSING: Final = _Missing()


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, and the value before and after; MISSING on one side for what came or went.

    >>> list(differences({"a": {"b": 1}, "c": [1]}, {"a": {"b": 2}, "c": [1]}))
    [('a.b', 1, 2)]
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key, MISSING), after.get(key, MISSING), inner)
    elif before is not after and (MISSING in (before, after) or not same(before, after)):
        yield path, before, after


def leaf(subject: str, first: Any, second: Any, risk: Risk, reason: Reason | None = None) -> Finding:
    """One value that came, went or changed."""
    before, after = (None if value is MISSING else value for value in (first, second))
    change = Change.added if first is MISSING else Change.removed if second is MISSING else Change.changed
    return Finding(change, subject, risk, before=before, after=after, reason=reason)
