"""Two states of a box beside each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from onebox.flows.difference.findings import Change, Finding, Part, Reason, Risk
from onebox.flows.difference.flows import compare_flows
from onebox.flows.difference.lines import changed_lines
from onebox.flows.difference.settings import compare_settings
from onebox.flows.difference.statements import danger_to_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from onebox.flows.difference.flows import FlowText


Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class TableText:
    """A file of tables/; its text is None where it is known by its digest alone."""

    digest: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """One state: of a git revision, of the folder, or of the box that runs. What is None is not known, and not compared.

    `settings` are plain values with their defaults, None where `settings_text` has faults; `secrets` are marks by name,
    which differ when the values do; `tables` and `code` are files by name.
    """

    flows: Sequence[FlowText] = field(default_factory=list)
    settings: Mapping[str, Any] | None = None
    settings_text: str | None = None
    secrets: Mapping[str, str] | None = None
    tables: Mapping[str, TableText] | None = None
    code: Mapping[str, str] | None = None


def compare(before: Box, after: Box, has_effect: Callable[[str], bool]) -> list[Part]:
    """All that changed: flows first, by name, then settings, secrets, tables and code. Parts without a finding are left
    out. `has_effect` says whether a kind of step does something beyond the run."""
    parts = [
        *compare_flows(before.flows, after.flows, has_effect),
        Part("settings", "box.yaml", "box.yaml", list(_settings(before, after))),
        Part("secrets", "secrets.yaml", "secrets.yaml", list(_secrets(before.secrets, after.secrets))),
        Part("tables", "tables/", "tables/", list(_tables(before.tables, after.tables))),
        Part("code", "code/", "code/", list(_code(before.code, after.code))),
    ]
    return [part for part in parts if part.findings]


def _settings(before: Box, after: Box) -> Iterator[Finding]:
    old, new = before.settings, after.settings
    first, second = before.settings_text, after.settings_text
    if old is not None and new is not None:
        found = list(compare_settings(old, new))
        if not found and first is not None and second is not None and first != second:
            found = [Finding(Change.layout, "box.yaml", Risk.low)]
        yield from found
    elif first is not None and second is not None and first != second:
        sides = [name for name, side in (("before", old), ("after", new)) if side is None]
        yield Finding(Change.faulty, "box.yaml", Risk.high, after=sides, lines=changed_lines(first, second))


def _by_name(
    before: Mapping[str, Known] | None, after: Mapping[str, Known] | None
) -> Iterator[tuple[str, Known | None, Known | None]]:
    """Each with what it was and what it is; nothing if one side is not known."""
    if before is not None and after is not None:
        yield from ((name, before.get(name), after.get(name)) for name in sorted({*before, *after}))


def _secrets(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> Iterator[Finding]:
    """Names alone."""
    for name, old, new in _by_name(before, after):
        if old is None:
            yield Finding(Change.added, f"secret {name}", Risk.low)
        elif new is None:
            yield Finding(Change.removed, f"secret {name}", Risk.high, reason=Reason.effect_lost)
        elif old != new:
            yield Finding(Change.changed, f"secret {name}", Risk.medium)


def _tables(before: Mapping[str, TableText] | None, after: Mapping[str, TableText] | None) -> Iterator[Finding]:
    for name, old, new in _by_name(before, after):
        if old is None:
            text = (new.text if new else None) or ""
            risk, reason = danger_to_rows(text)
            yield Finding(Change.added, f"file {name}", risk, reason=reason, lines=changed_lines("", text))
        elif new is None:
            yield Finding(Change.removed, f"file {name}", Risk.high, reason=Reason.applied)
        elif old.digest != new.digest:
            lines = changed_lines(old.text, new.text) if old.text is not None and new.text is not None else ()
            yield Finding(Change.changed, f"file {name}", Risk.high, reason=Reason.applied, lines=lines)


def _code(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> Iterator[Finding]:
    for name, old, new in _by_name(before, after):
        if old is None:
            yield Finding(Change.added, f"file {name}", Risk.medium)
        elif new is None:
            yield Finding(Change.removed, f"file {name}", Risk.medium)
        elif old != new:
            yield Finding(Change.text, f"file {name}", Risk.medium, lines=changed_lines(old, new))
