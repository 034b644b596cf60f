"""What changed under `with`: whom a step reaches, what it says, how much it may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.flows.difference.amounts import compare_limits
from onebox.flows.difference.findings import Change, Finding, Reason, Risk
from onebox.flows.difference.leaves import MISSING, differences, leaf
from onebox.flows.difference.lines import changed_lines
from onebox.flows.difference.statements import compare_sql
from onebox.flows.difference.tree import head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onebox.flows.difference.tree import Node

_TEXTS = ("text", "template")
_STATEMENTS = ("run", "file")
_RECIPIENTS = frozenset({"to", "via", "cc", "bcc", "url", "chat", "channel", "account"})
_SAID = frozenset({"text", "markdown", "markup", "html", "subject", "title", "message", "level", "reply_to"})
_LIMITS = frozenset({"limit", "max_bytes", "memory", "time"})
_QUIET_KINDS = frozenset({"log", "set", "render", "stop", "fail"})
"""kinds that reach nobody"""


@dataclass(frozen=True, slots=True)
class Files:
    """The texts of the files that a flow names, on both sides."""

    before: Mapping[str, str]
    after: Mapping[str, str]


def compare_arguments(old: Node, new: Node, files: Files) -> Iterator[Finding]:
    """What changed. Texts of files that both sides name are not looked at: they are told once a flow."""
    if not (isinstance(old.own.get("with", {}), dict) and isinstance(new.own.get("with", {}), dict)):
        yield from _as_a_whole(old.own.get("with", MISSING), new.own.get("with", MISSING))
        return
    before, after = old.arguments, new.arguments
    told: set[str] = set()
    if old.kind == new.kind == "sql":
        told |= set(_STATEMENTS)
        yield from _statement(before, after, files)
    elif _texts_of(before) != _texts_of(after):
        told |= {*_TEXTS, "data"} if "template" in before or "template" in after else {"text"}
        yield from _text(before, after, files)
    for path, first, second in differences(before, after):
        key = path.partition(".")[0]
        if key not in told:
            yield _argument(new.kind or "", key, path, first, second)


def _as_a_whole(first: Any, second: Any) -> Iterator[Finding]:
    if any(differences(first, second)):
        yield leaf("with", first, second, Risk.medium)


def _argument(kind: str, key: str, path: str, first: Any, second: Any) -> Finding:
    # Without it, there is a usual limit, which is not known here.
    if key in _LIMITS and path == key and MISSING not in (first, second):
        found = compare_limits(f"with.{path}", first, second)
        if found is not None:
            return found
    return leaf(f"with.{path}", first, second, *_weight(kind, key, first, second))


def _weight(kind: str, key: str, before: Any, after: Any) -> tuple[Risk, Reason | None]:
    if kind in _QUIET_KINDS:
        return (Risk.low, None) if key in _SAID or kind == "log" else (Risk.medium, None)
    if key == "url" and isinstance(before, str) and isinstance(after, str) and head(before) == head(after):
        return Risk.medium, None
    if key in _RECIPIENTS or (kind == "run" and key == "flow"):
        return Risk.high, Reason.recipient
    if key in ("auth", "database"):
        return Risk.high, Reason.elsewhere
    if key == "private_networks":
        return (Risk.medium, None) if after is False else (Risk.high, Reason.door)
    if kind == "emit" and key == "event":
        return Risk.high, Reason.callers
    return (Risk.low, None) if key in _SAID else (Risk.medium, None)


# --- the text of a message, the statement of a `sql` step


def _texts_of(given: dict[str, Any]) -> list[Any]:
    return [given.get(key) for key in _TEXTS]


def _text(before: dict[str, Any], after: dict[str, Any], files: Files) -> Iterator[Finding]:
    first, second = _worded(before, _TEXTS, files.before), _worded(after, _TEXTS, files.after)
    name, other = before.get("template"), after.get("template")
    if name != other:
        lines = changed_lines(first or "", second or "")
        yield Finding(Change.changed, "with.template", Risk.low, before=name, after=other, lines=lines)
    elif first is not None and second is not None:
        lines = changed_lines(first, second) if "\n" in first + second else ()
        yield Finding(Change.changed, "with.text", Risk.low, before=first, after=second, lines=lines)
    else:
        yield Finding(Change.changed, "with.text", Risk.low, before=before.get("text"), after=after.get("text"))
    for path, old, new in differences(before.get("data", MISSING), after.get("data", MISSING), "data"):
        yield leaf(f"with.{path}", old, new, Risk.medium)


def _statement(before: dict[str, Any], after: dict[str, Any], files: Files) -> Iterator[Finding]:
    first, second = _worded(before, _STATEMENTS, files.before), _worded(after, _STATEMENTS, files.after)
    same_file = before.get("file") is not None and before.get("file") == after.get("file")
    if first is None or second is None:
        yield from _as_a_whole(before.get("run", MISSING), after.get("run", MISSING))
    elif first != second and not same_file:
        yield compare_sql("statement", first, second)
    if not same_file and before.get("file") != after.get("file"):
        yield Finding(Change.changed, "with.file", Risk.low, before=before.get("file"), after=after.get("file"))


def _worded(given: dict[str, Any], keys: tuple[str, str], files: Mapping[str, str]) -> str | None:
    """The text itself, or that of the file; None if neither is there."""
    direct, named = (given.get(key) for key in keys)
    if isinstance(direct, str):
        return direct
    return files.get(named) if isinstance(named, str) else None
