"""What changed in the flows of a box."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.flows.definition.models import LimitFields
from onebox.flows.difference.amounts import compare_keeping, compare_limits
from onebox.flows.difference.arguments import Files
from onebox.flows.difference.findings import Change, Finding, Part, Reason, Risk
from onebox.flows.difference.leaves import MISSING, differences, leaf
from onebox.flows.difference.lines import changed_lines, similar
from onebox.flows.difference.secrets import secrets_in, secrets_of_auth
from onebox.flows.difference.statements import compare_sql
from onebox.flows.difference.steps import Steps
from onebox.flows.difference.tree import about, all_nodes, read_block
from onebox.flows.difference.triggers import compare_triggers, is_open, triggers_of
from onebox.flows.difference.values import same
from onebox.kernel.document import DocumentInvalid, read_document
from onebox.kernel.durations import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from onebox.flows.difference.tree import Block

_RENAMED = 0.6
"""how alike the texts of a flow that went and of one that came must be to be the same flow"""
_MOST_PAIRS = 2500
_LIMITS = {
    "concurrency": LimitFields.model_fields["concurrency"].default,
    "per_sender": None,
    "time": LimitFields.model_fields["time"].default,
    "items": LimitFields.model_fields["items"].default,
}
_KNOWN = frozenset({"flow", "on", "limits", "steps", "on_error", "keep"})


@dataclass(frozen=True, slots=True)
class FlowText:
    """A flow as it is written: its file, its text, and the files that it names. `sound`: it has no faults."""

    name: str
    file: str
    text: str
    files: Mapping[str, str] = field(default_factory=dict)
    sound: bool = True


def compare_flows(
    before: Sequence[FlowText], after: Sequence[FlowText], has_effect: Callable[[str], bool]
) -> list[Part]:
    """One part for each flow that changed, in the order of their names."""
    old, new = {flow.name: flow for flow in before}, {flow.name: flow for flow in after}
    renamed = _renamed([old[name] for name in old.keys() - new.keys()], [new[name] for name in new.keys() - old.keys()])
    gone = {first.name for first, _ in renamed}
    came = {second.name for _, second in renamed}
    pairs = [(old.get(name), flow) for name, flow in new.items() if name not in came]
    parts = [_part(first, second, has_effect) for first, second in [*pairs, *renamed]]
    parts += [_gone(flow, has_effect) for name, flow in old.items() if name not in new and name not in gone]
    return sorted((part for part in parts if part.findings), key=lambda part: part.name)


def _renamed(gone: Sequence[FlowText], came: Sequence[FlowText]) -> list[tuple[FlowText, FlowText]]:
    if len(gone) * len(came) > _MOST_PAIRS:
        return []
    alike = [
        (1.0 if old.file == new.file else similar(old.text, new.text), at, to)
        for at, old in enumerate(gone)
        for to, new in enumerate(came)
    ]
    found: list[tuple[int, int]] = []
    for likeness, at, to in sorted(alike, key=lambda one: (-one[0], gone[one[1]].name, came[one[2]].name)):
        if likeness >= _RENAMED and all(at != first and to != second for first, second in found):
            found.append((at, to))
    return [(gone[at], came[to]) for at, to in found]


def _part(before: FlowText | None, after: FlowText, has_effect: Callable[[str], bool]) -> Part:
    part = Part("flow", after.name, after.file)
    if before is None:
        part.findings.extend(_new(after, has_effect))
        return part
    if before.name != after.name:
        part.findings.append(
            Finding(Change.renamed, "flow", Risk.high, before=before.name, after=after.name, reason=Reason.callers)
        )
    if before.file != after.file:
        part.findings.append(Finding(Change.moved, "file", Risk.low, before=before.file, after=after.file))
    part.findings.extend(_differing(before, after, has_effect))
    return part


def _differing(before: FlowText, after: FlowText, has_effect: Callable[[str], bool]) -> Iterator[Finding]:
    files = list(_files(before, after))
    if before.text != after.text:
        old, new = _document(before), _document(after)
        unreadable = old is None or new is None
        if unreadable or not (before.sound and after.sound):
            yield _faulty(before, after, with_lines=unreadable)
        if old is not None and new is not None:
            found = list(_compare(old, new, Files(before.files, after.files), has_effect))
            yield from found or [_unexplained(before, after, old, new)]
    elif files:
        # The flow itself is as it was; a template of it may name a secret now.
        document = _document(after) or {}
        steps = Steps(_roots(document), _roots(document), Files(before.files, after.files), has_effect)
        yield from steps.compare()
    yield from files


def _document(flow: FlowText) -> dict[str, Any] | None:
    try:
        value = read_document(flow.file, flow.text).value
    except DocumentInvalid:
        return None
    return value if isinstance(value, dict) else None


def _faulty(before: FlowText, after: FlowText, *, with_lines: bool) -> Finding:
    """`with_lines`: a side cannot be read at all, so that the lines are all that can be said."""
    both = (("before", before), ("after", after))
    sides = [name for name, flow in both if not flow.sound or _document(flow) is None]
    lines = changed_lines(before.text, after.text) if with_lines else ()
    return Finding(Change.faulty, "flow", Risk.medium, after=sides, lines=lines)


def _unexplained(before: FlowText, after: FlowText, old: Any, new: Any) -> Finding:
    if same(old, new):
        return Finding(Change.layout, "flow", Risk.low)
    return Finding(Change.unknown, "flow", Risk.medium, lines=changed_lines(before.text, after.text))


def _files(before: FlowText, after: FlowText) -> Iterator[Finding]:
    """Those that both sides name: what is newly named is told with the step that names it."""
    for name in sorted(before.files.keys() & after.files.keys()):
        old, new = before.files[name], after.files[name]
        if old == new:
            continue
        if name.endswith(".sql"):
            yield compare_sql(f"file {name}", old, new)
        else:
            yield Finding(Change.text, f"file {name}", Risk.low, lines=changed_lines(old, new))


# --- the parts of a flow


def _compare(
    old: dict[str, Any], new: dict[str, Any], files: Files, has_effect: Callable[[str], bool]
) -> Iterator[Finding]:
    yield from compare_triggers(old.get("on"), new.get("on"))
    yield from _trigger_secrets(old.get("on"), new.get("on"))
    yield from _limits(old.get("limits"), new.get("limits"))
    yield from _keep(old.get("keep", MISSING), new.get("keep", MISSING))
    yield from _on_error(old.get("on_error"), new.get("on_error"))
    for key in [*old, *(key for key in new if key not in old)]:
        if key in _KNOWN:
            continue
        risk = Risk.low if key == "description" else Risk.medium
        for path, first, second in differences(old.get(key, MISSING), new.get(key, MISSING), key):
            yield leaf(path, first, second, risk)
    yield from Steps(_roots(old), _roots(new), files, has_effect).compare()


def _roots(document: Mapping[str, Any]) -> list[Block]:
    roots = [read_block(document.get("steps"), "steps", None, "")]
    if isinstance(document.get("on_error"), list):
        roots.append(read_block(document["on_error"], "on_error", None, "on_error."))
    return roots


def _limits(before: Any, after: Any) -> Iterator[Finding]:
    old, new = (given if isinstance(given, dict) else {} for given in (before, after))
    for key in [*old, *(key for key in new if key not in old)]:
        usual = _LIMITS.get(key)
        first, second = (_length(given.get(key, usual)) for given in (old, new))
        found = compare_limits(f"limits.{key}", first, second)
        if found is not None:
            yield found


def _length(value: Any) -> Any:
    return format_duration(value) if hasattr(value, "total_seconds") else value


def _keep(first: Any, second: Any) -> Iterator[Finding]:
    if first is MISSING and second is MISSING:
        return
    if first is MISSING or second is MISSING:  # the box's own may be longer or shorter
        yield leaf("keep", first, second, Risk.medium)
        return
    found = compare_keeping("keep", first, second)
    if found is not None:
        yield found


def _on_error(before: Any, after: Any) -> Iterator[Finding]:
    if before is not None and after is None:
        told = before if isinstance(before, str) else None
        yield Finding(Change.removed, "on_error", Risk.high, before=told, reason=Reason.unheard)
    elif before is None and after is not None:
        yield Finding(Change.added, "on_error", Risk.medium, after=after if isinstance(after, str) else None)
    elif not (isinstance(before, list) and isinstance(after, list)) and not same(before, after):
        first, second = (one if isinstance(one, str) else "steps" for one in (before, after))
        yield Finding(Change.changed, "on_error", Risk.medium, before=first, after=second)


def _trigger_secrets(before: Any, after: Any) -> Iterator[Finding]:
    known = _secrets_of(before)
    for kind, settings in triggers_of(after):
        for name in sorted(_named(settings) - known):
            yield Finding(Change.used, f"secret.{name}", Risk.medium, beside=None, after=f"trigger {kind}")


def _secrets_of(raw: Any) -> set[str]:
    return {name for _, settings in triggers_of(raw) for name in _named(settings)}


def _named(settings: Any) -> set[str]:
    return secrets_in(settings) | secrets_of_auth(settings.get("auth") if isinstance(settings, dict) else None)


# --- flows that came or went


def _new(flow: FlowText, has_effect: Callable[[str], bool]) -> Iterator[Finding]:
    document = _document(flow)
    if document is None or not flow.sound:
        yield Finding(Change.faulty, "flow", Risk.medium, after=["after"])
    if document is None:
        return
    effects = _effects(document, has_effect)
    yield Finding(Change.added, "flow", Risk.medium, after=_starts(document), effects=effects)
    for kind, settings in triggers_of(document.get("on")):
        if is_open(kind, settings):
            yield Finding(Change.added, f"trigger {kind}", Risk.high, after=settings or None, reason=Reason.door)
    yield from _trigger_secrets(None, document.get("on"))
    nothing: list[Block] = [read_block(None, "steps", None, "")]
    added = Steps(nothing, _roots(document), Files({}, flow.files), has_effect).compare()
    yield from (found for found in added if found.risk is Risk.high)


def _gone(flow: FlowText, has_effect: Callable[[str], bool]) -> Part:
    part = Part("flow", flow.name, flow.file)
    document = _document(flow) or {}
    effects = _effects(document, has_effect)
    starts = _starts(document)
    part.findings.append(
        Finding(Change.removed, "flow", Risk.high, before=starts, reason=Reason.effect_lost, effects=effects)
    )
    return part


def _starts(document: Mapping[str, Any]) -> list[str]:
    return [kind for kind, _ in triggers_of(document.get("on"))]


def _effects(document: Mapping[str, Any], has_effect: Callable[[str], bool]) -> tuple[str, ...]:
    nodes = all_nodes(_roots(document))
    return tuple(dict.fromkeys(about(node) for node in nodes if node.kind and has_effect(node.kind)))
