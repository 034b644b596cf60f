"""What changed under `on`: by what a flow is started, and who may start it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.difference.amounts import compare_limits
from onebox.flows.difference.findings import Change, Finding, Reason, Risk
from onebox.flows.difference.leaves import MISSING, differences, leaf
from onebox.flows.difference.values import amount, likeness, marks, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPEN_KINDS = frozenset({"form", "webhook"})
"""kinds that let in whoever calls, unless `auth` says otherwise"""
_ADDRESSES = frozenset({"path", "methods", "topic", "event", "bot", "account", "mailbox"})
"""by these it is found"""
_GUARDS = frozenset({"spam", "honeypot", "per_ip", "allow_origins", "captcha"})
_MOST = frozenset({"max", "max_bytes", "limit", "most"})


def compare_triggers(before: Any, after: Any) -> Iterator[Finding]:
    """What `on` says on both sides. The subject of a finding is `trigger KIND`, or `trigger KIND.setting`."""
    old, new = _listed(before), _listed(after)
    for kind in [*old, *(kind for kind in new if kind not in old)]:
        yield from _of_kind(kind, old.get(kind, []), new.get(kind, []))


def is_open(kind: str, settings: Any) -> bool:
    """Whether anyone may start it."""
    if kind not in _OPEN_KINDS:
        return False
    auth = settings.get("auth", "none") if isinstance(settings, dict) else "none"
    return auth == "none" or auth is None or auth == {}


def triggers_of(raw: Any) -> list[tuple[str, Any]]:
    """Kind and settings of each."""
    return [(kind, settings) for kind, several in _listed(raw).items() for settings in several]


def _listed(raw: Any) -> dict[str, list[Any]]:
    given = raw if isinstance(raw, dict) else {}
    return {
        str(kind): [_as_mapping(one) for one in (settings if isinstance(settings, list) else [settings])]
        for kind, settings in given.items()
    }


def _as_mapping(settings: Any) -> Any:
    if settings is None:
        return {}
    return {"topic": settings} if isinstance(settings, str) else settings


def _of_kind(kind: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Finding]:
    pairs = _pairs(before, after)
    for old, new in pairs:
        yield from _settings(kind, before[old], after[new])
    for at, settings in enumerate(before):
        if at not in {old for old, _ in pairs}:
            yield Finding(Change.removed, f"trigger {kind}", Risk.high, before=settings or None, reason=Reason.callers)
    for at, settings in enumerate(after):
        if at not in {new for _, new in pairs}:
            risk, reason = (Risk.high, Reason.door) if is_open(kind, settings) else (Risk.medium, None)
            yield Finding(Change.added, f"trigger {kind}", risk, after=settings or None, reason=reason)


def _pairs(before: Sequence[Any], after: Sequence[Any]) -> list[tuple[int, int]]:
    """Equal ones first, then the most alike; of one each, they are the same."""
    alike = [
        (2.0 if same(first, second) else likeness(marks(first), marks(second)), old, new)
        for old, first in enumerate(before)
        for new, second in enumerate(after)
    ]
    found: list[tuple[int, int]] = []
    for _, old, new in sorted(alike, key=lambda one: (-one[0], one[1], one[2])):
        if all(old != first and new != second for first, second in found):
            found.append((old, new))
    return sorted(found)


def _settings(kind: str, before: Any, after: Any) -> Iterator[Finding]:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield from (leaf(f"trigger {kind}", old, new, Risk.medium) for _, old, new in differences(before, after))
        return
    yield from _auth(kind, before, after)
    for path, old, new in differences({**before, "auth": None}, {**after, "auth": None}):
        yield _setting(f"trigger {kind}.{path}", path, old, new)


def _auth(kind: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Finding]:
    old, new = before.get("auth", "none"), after.get("auth", "none")
    if same(old, new):
        return
    weaker = is_open(kind, after) and not is_open(kind, before)
    stronger = is_open(kind, before) and not is_open(kind, after)
    reason = Reason.door if weaker else Reason.callers
    risk = Risk.medium if stronger else Risk.high
    yield Finding(Change.changed, f"trigger {kind}.auth", risk, before=old, after=new, reason=reason)


def _setting(subject: str, path: str, old: Any, new: Any) -> Finding:
    first, last = path.partition(".")[0], path.rpartition(".")[2]
    if first in _ADDRESSES:
        return leaf(subject, old, new, Risk.high, Reason.callers)
    if {first, last} & _GUARDS:
        return leaf(subject, old, new, *((Risk.medium, None) if old is MISSING else (Risk.high, Reason.door)))
    if last in _MOST and amount(old) is not None and amount(new) is not None:
        found = compare_limits(subject, old, new)
        if found is not None:
            return found
    return leaf(subject, old, new, Risk.medium)
