"""Compiles the cases of a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import re2

from onebox.flows.definition.models import CaseFields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onebox.flows.check import Scope
    from onebox.flows.definition.reader import Reader
    from onebox.flows.plan import Formula
    from onebox.kernel.document import Location

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_KEYS = ("match", "equals", "when")


class CompiledCase(NamedTuple):
    """`matches` as the plan has it; `adds` are the names that its steps see."""

    matches: Callable[[Any, Mapping[str, Any]], Mapping[str, Any] | None]
    adds: dict[str, frozenset[str] | None]


def compile_case(raw: Any, location: Location, reader: Reader, scope: Scope) -> CompiledCase | None:
    """One case without its steps, or None and faults."""
    fields = reader.model(CaseFields, raw, location)
    if fields is None:
        return None
    present = [key for key in _KEYS if key in raw]
    if len(present) != 1:
        has = " and ".join(present) or "none"
        reader.fault(location, f"a case has exactly one of match, equals and when; this one has {has}")
        return None
    if "match" in raw:
        return _match(str(fields.match), (*location, "match"), reader)
    if "equals" in raw:
        return CompiledCase(_Equals(reader.formula(raw["equals"], (*location, "equals"), scope)), {})
    return CompiledCase(_When(reader.condition(raw["when"], (*location, "when"), scope)), {})


def compiled(pattern: str) -> Any:
    """The regular expression, without a word on stderr. Raises re2.error."""
    return re2.compile(pattern, _OPTIONS)


def compile_pattern(pattern: str, location: Location, reader: Reader) -> Any:
    """The regular expression, or None and a fault."""
    try:
        return compiled(pattern)
    except re2.error as error:
        detail = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else error
        hint = "patterns are RE2: no look-ahead, look-behind and back-references"
        reader.fault(location, f"{pattern!r} is no regular expression: {detail}", hint)
        return None


def _match(pattern: str, location: Location, reader: Reader) -> CompiledCase | None:
    compiled = compile_pattern(pattern, location, reader)
    if compiled is None:
        return None
    names = [*compiled.groupindex, *(str(number) for number in range(compiled.groups + 1))]
    return CompiledCase(_Match(compiled), {"match": frozenset(names)})


class _Match:
    """Searches a text. Its time grows with the text's length alone, whatever the pattern."""

    __slots__ = ("_named", "_numbers", "_search")

    def __init__(self, pattern: Any) -> None:
        self._search = pattern.search
        self._numbers = [str(number) for number in range(1, pattern.groups + 1)]
        self._named = list(pattern.groupindex.items())

    def __call__(self, subject: Any, _scope: Mapping[str, Any]) -> Mapping[str, Any] | None:
        found = self._search(subject) if isinstance(subject, str) else None
        if found is None:
            return None
        groups = found.groups()  # once: each look at the match costs a conversion
        match = {"0": found.group(), **dict(zip(self._numbers, groups, strict=True))}
        match.update({name: groups[number - 1] for name, number in self._named})
        return {"match": match}


class _Equals:
    """Compares with a value, or with each of a list."""

    __slots__ = ("_wanted",)

    def __init__(self, wanted: Formula) -> None:
        self._wanted = wanted

    def __call__(self, subject: Any, scope: Mapping[str, Any]) -> Mapping[str, Any] | None:
        wanted = self._wanted(scope)
        candidates = wanted if isinstance(wanted, list) and not isinstance(subject, list) else [wanted]
        return {} if any(_equal(subject, candidate) for candidate in candidates) else None


class _When:
    """Asks a condition."""

    __slots__ = ("_condition",)

    def __init__(self, condition: Formula) -> None:
        self._condition = condition

    def __call__(self, _subject: Any, scope: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return {} if self._condition(scope) else None


def _equal(one: Any, other: Any) -> bool:
    """Equality in which true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
