"""Tells what pydantic found in words that the author of a file can use."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from onebox.kernel.names import PATTERNS
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from onebox.kernel.document import Location

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "time_delta_type": "a duration such as 10s, 15m, 2h or 90d",
    "none_required": "nothing",
}
_QUOTED = re.compile(r"'([^']*)'")
_SHOWN = 60
_COMPARED = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


class Problem:
    """One finding: `location` relative to what was validated; `at_key`: it is about the key, not its value."""

    __slots__ = ("at_key", "hint", "location", "message")

    def __init__(self, location: Location, message: str, hint: str | None, *, at_key: bool) -> None:
        self.location = location
        self.message = message
        self.hint = hint
        self.at_key = at_key


def problems(
    error: ValidationError, model: type[BaseModel], value: Any, written: Callable[[Location], str | None]
) -> list[Problem]:
    """All findings, one for each place. `written(location)` is a scalar as the file has it."""
    found: dict[Location, list[Problem]] = {}
    for detail in error.errors(include_url=False):
        location = _real(detail["loc"], value, detail["type"])
        found.setdefault(location, []).append(_problem(detail, location, model, written))
    return [_merged(several) for several in found.values()]


def _real(loc: tuple[Any, ...], value: Any, kind: str) -> Location:
    """The location without the names of union branches, which pydantic puts in between."""
    real: list[str | int] = []
    for number, part in enumerate(loc):
        last = number == len(loc) - 1
        if _holds(value, part):
            value = value[part]
        elif not (last and kind in ("missing", "extra_forbidden")):
            continue
        real.append(part)
    return tuple(real)


def _holds(value: Any, part: Any) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _merged(several: list[Problem]) -> Problem:
    """One problem of those that the branches of a union have with the same value."""
    first = several[0]
    wanted = [problem.message for problem in several]
    prefix, sign, rest = first.message.partition("expected ")
    if len(several) == 1 or not sign or not all(message.startswith(prefix + sign) for message in wanted):
        return first
    got = rest.partition(", got ")[2]
    kinds = list(dict.fromkeys(message.removeprefix(prefix + sign).partition(", got ")[0] for message in wanted))
    message = f"{prefix}expected {' or '.join(kinds)}, got {got}"
    return Problem(first.location, message, first.hint, at_key=False)


def _problem(
    detail: ErrorDetails, location: Location, model: type[BaseModel], written: Callable[[Location], str | None]
) -> Problem:
    kind = detail["type"]
    name = next((str(part) for part in reversed(location) if isinstance(part, str)), "")
    if kind == "missing":
        return Problem(location, f"{name!r} is missing", None, at_key=False)
    if kind == "extra_forbidden":
        owner = _model_at(model, location[:-1])
        known = [field.alias or key for key, field in owner.model_fields.items()] if owner else []
        return Problem(location, f"{name!r} is not known here", suggestion(name, known), at_key=True)
    got = _shown(detail["input"], written(location))
    message, hint = _sentence(detail, got)
    return Problem(location, f"{name}: {message}" if name else message, hint, at_key=False)


def _sentence(detail: ErrorDetails, got: str) -> tuple[str, str | None]:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind in _EXPECTED:
        quotable = kind == "string_type" and isinstance(value, (int, float, bool))
        return f"expected {_EXPECTED[kind]}, got {got}", f'quote it: "{got}"' if quotable else None
    if kind == "literal_error":
        expected = str(context["expected"])
        return f"expected {expected}, got {got}", suggestion(str(value), _QUOTED.findall(expected))
    if kind == "string_pattern_mismatch":
        return f"expected {PATTERNS.get(context['pattern'], 'what fits ' + context['pattern'])}, got {got}", None
    for limit, words in _COMPARED.items():
        if limit in context:
            return f"must be {words} {context[limit]}, got {got}", None
    if kind == "too_short":
        return "must not be empty", None
    message = detail["msg"].removeprefix("Value error, ")
    return (message if got in message or kind == "verbatim" else f"{message}, got {got}"), None


def _shown(value: Any, written: str | None) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else written or str(value)


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """The model that the value at a location is checked by, as far as annotations tell."""
    current: Any = model
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = next((f.annotation for key, f in current.model_fields.items() if part in (key, f.alias)), None)
        else:
            current = (get_args(current) or (None,))[-1]
        current = next(_models_in(current), current)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _models_in(annotation: Any) -> Iterator[Any]:
    """The model in `M`, `M | None`, `Annotated[M, …]`, or the list or mapping of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType):
        for branch in get_args(annotation):
            yield from _models_in(branch)
    elif get_origin(annotation) is Annotated:
        yield from _models_in(get_args(annotation)[0])
