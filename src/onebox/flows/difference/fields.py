"""What changed in a step, beside its arguments and the steps in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.difference.amounts import compare_limits
from onebox.flows.difference.arguments import compare_arguments
from onebox.flows.difference.findings import Change, Finding, Reason, Risk
from onebox.flows.difference.leaves import MISSING, differences, leaf
from onebox.flows.difference.values import equal, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onebox.flows.difference.arguments import Files
    from onebox.flows.difference.tree import Node

_TESTS = ("match", "equals", "when")
_LOOPS = frozenset({"times", "most"})
_PLAIN: dict[str, Risk] = {"name": Risk.low, "description": Risk.low, "as": Risk.low}
_LENGTHS = frozenset({"retry", "timeout", "wait", "repeat", "wait_for"})
"""keys under which texts are lengths of time"""


def compare_fields(old: Node, new: Node, files: Files, *, has_effect: bool) -> Iterator[Finding]:
    """All of one step. `has_effect`: on either side it does something beyond the run."""
    if old.shape == "case":
        yield from _case(old, new)
        return
    for key in [*old.own, *(key for key in new.own if key not in old.own)]:
        first, second = old.own.get(key, MISSING), new.own.get(key, MISSING)
        if first is not MISSING and second is not MISSING and same(first, second):
            continue
        if key == "with":
            yield from compare_arguments(old, new, files)
        elif key == "do":
            yield _kind(first, second, has_effect=has_effect)
        elif key == "id":
            yield _id(old, new)
        else:
            yield from _FIELDS.get(key, _other)(key, first, second)


def _case(old: Node, new: Node) -> Iterator[Finding]:
    first, second = _test(old), _test(new)
    if not same(first, second):
        yield Finding(Change.changed, "case", Risk.medium, before=first, after=second)
    for path, before, after in differences(_rest(old), _rest(new)):
        yield leaf(path, before, after, Risk.medium)


def _test(case: Node) -> dict[str, Any]:
    return {key: case.own[key] for key in _TESTS if key in case.own}


def _rest(case: Node) -> dict[str, Any]:
    return {key: value for key, value in case.own.items() if key not in _TESTS}


def _kind(first: Any, second: Any, *, has_effect: bool) -> Finding:
    return leaf("do", first, second, *((Risk.high, Reason.act) if has_effect else (Risk.medium, None)))


def _id(old: Node, new: Node) -> Finding:
    """The keys of `once` are kept under the step's name."""
    again = "once" in old.own and "once" in new.own
    risk, reason = (Risk.high, Reason.repeats) if again else (Risk.low, None)
    return Finding(Change.renamed, "id", risk, before=old.own.get("id"), after=new.own.get("id"), reason=reason)


def _once(key: str, first: Any, second: Any) -> Iterator[Finding]:
    yield leaf(key, first, second, *((Risk.medium, None) if first is MISSING else (Risk.high, Reason.repeats)))


def _catch(key: str, first: Any, second: Any) -> Iterator[Finding]:
    yield leaf(key, first, second, *((Risk.high, Reason.unheard) if second is MISSING else (Risk.medium, None)))


def _parallel(key: str, first: Any, second: Any) -> Iterator[Finding]:
    """How many rounds of `each` at a time; one without it."""
    found = compare_limits(key, 1 if first is MISSING else first, 1 if second is MISSING else second)
    if found is not None:
        yield found


def _repeat(key: str, first: Any, second: Any) -> Iterator[Finding]:
    for path, before, after in differences(first, second, key):
        known = path.rpartition(".")[2] in _LOOPS and MISSING not in (before, after)
        found = compare_limits(path, before, after) if known else None
        yield found or leaf(path, before, after, Risk.low if equal(before, after) else Risk.medium)


def _other(key: str, first: Any, second: Any) -> Iterator[Finding]:
    for path, before, after in differences(first, second, key):
        as_long = key in _LENGTHS and equal(before, after)
        yield leaf(path, before, after, Risk.low if as_long else _PLAIN.get(key, Risk.medium))


_FIELDS: dict[str, Callable[[str, Any, Any], Iterator[Finding]]] = {
    "once": _once,
    "catch": _catch,
    "parallel": _parallel,
    "repeat": _repeat,
}
