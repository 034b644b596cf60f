"""Compares what is expected with what was seen.

A mapping asks for its own keys alone, however deep; a list asks for all its items, in order; `{}` is empty. An instant
is equal to its text. `{matches: pattern}` searches a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import re2

from onebox.flows.testing.checking import pattern_of
from onebox.flows.testing.layout import without_turns
from onebox.flows.testing.values import instant_of, shown
from onebox.flows.testing.yaml_text import yaml_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from onebox.flows.testing.layout import Layout
    from onebox.flows.testing.seen import Seen

_LISTS = ("sends", "emits", "logs", "responds")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of `expect`: what it asks for, and what was seen of that, both as a test file has them."""

    field: str
    expected: Any
    seen: Any

    def lines(self) -> list[str]:
        """A unified diff, without the names of files."""
        from difflib import unified_diff

        before, after = (yaml_lines({self.field: value}) for value in (self.expected, self.seen))
        return list(unified_diff(before, after, "expected", "seen", lineterm=""))[2:]


def differences(expect: Mapping[str, Any], seen: Seen, layout: Layout) -> list[Difference]:
    """Those of the fields that are given."""
    found = []
    for field, expected in expect.items():
        was = _seen_of(field, expected, seen, layout)
        if not fits(expected, was):
            found.append(Difference(field, shown(expected), shown(asked_of(expected, was))))
    return found


def _seen_of(field: str, expected: Any, seen: Seen, layout: Layout) -> Any:
    if field == "calls":
        return {name: _calls_of(name, asked, seen, layout) for name, asked in expected.items()}
    if field == "steps":
        return _named(expected or (), seen.steps, layout)
    if field == "error":
        return seen.error["code"] if isinstance(expected, str) and seen.error else seen.error
    return getattr(seen, field)


def _calls_of(name: str, asked: Any, seen: Seen, layout: Layout) -> Any:
    """The arguments of one call, or of all of a step; None where it was not performed."""
    found = [arguments for path, arguments in seen.calls.items() if name in names_of(path, layout)]
    if isinstance(asked, list) or len(found) > 1:
        return found
    return found[0] if found else None


def _named(expected: Any, paths: list[str], layout: Layout) -> list[Any]:
    """The paths, each called as the expectation beside it calls it, where that is one of its names."""
    named: list[Any] = list(paths)
    for number, (name, path) in enumerate(zip(expected, paths, strict=False)):
        if str(name) in names_of(path, layout):
            named[number] = name
    return named


def names_of(path: str, layout: Layout) -> set[str]:
    """What a step at a path may be called: the path, the path without the numbers of loops, its id."""
    shared = without_turns(path)
    step = layout.by_path.get(shared)
    return {path, shared, *([step.name] if step and step.name else ())}


def fits(expected: Any, seen: Any) -> bool:
    """Whether what was seen is what is expected."""
    pattern = pattern_of(expected)
    if pattern is not None:
        return isinstance(seen, str) and re2.search(pattern, seen) is not None
    if isinstance(expected, dict):
        if not isinstance(seen, dict) or (not expected and seen):
            return False
        return all(key in seen and fits(value, seen[key]) for key, value in expected.items())
    if isinstance(expected, list):
        return isinstance(seen, list) and len(expected) == len(seen) and all(map(fits, expected, seen))
    if isinstance(expected, bool) is not isinstance(seen, bool):
        return False  # to Python True equals 1; to the author of a test it does not
    return bool(expected == seen) or _same_instant(expected, seen)


def _same_instant(expected: Any, seen: Any) -> bool:
    moments: set[datetime | None] = {instant_of(expected), instant_of(seen)}
    return len(moments) == 1 and None not in moments


def asked_of(expected: Any, seen: Any) -> Any:
    """What was seen of what is asked for: the expectation itself where it fits, of a mapping the keys that it has."""
    if fits(expected, seen):
        return expected
    if pattern_of(expected) is None and isinstance(expected, dict) and isinstance(seen, dict):
        # If it has none of them, `{}` would say that it is empty.
        return {key: asked_of(value, seen[key]) for key, value in expected.items() if key in seen} or seen
    if isinstance(expected, list) and isinstance(seen, list):
        beside = [asked_of(*pair) for pair in zip(expected, seen, strict=False)]
        return beside + seen[len(beside) :]
    return seen
