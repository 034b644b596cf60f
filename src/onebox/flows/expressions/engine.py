"""minijinja, set up for flows: strict, bounded, without anything that reaches beyond its values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from minijinja import Environment, TemplateError

from onebox.flows.expressions import filters
from onebox.flows.expressions.failure import ExpressionFailed, ExpressionInvalid
from onebox.flows.expressions.methods import call_method
from onebox.flows.expressions.paths import dotted, step_into
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.flows.expressions.rewrite import Reference

FUEL = 100_000
_SOURCE = re.compile(r" \(in [^()]*:\d+\)$")
_VARIABLE = re.compile(r"`_(\d+)`")


class Missing:
    """Stands for a path that could not be walked, until someone needs it."""

    __slots__ = ("failure",)

    def __init__(self, failure: ExpressionFailed) -> None:
        self.failure = failure


def _need(value: Any) -> Any:
    if type(value) is Missing:
        raise value.failure
    return value


def _as_text(value: Any, source: str) -> str:
    try:
        return filters.as_text(value)
    except ExpressionFailed as error:
        raise ExpressionFailed(source, error.reason, hint=error.hint) from None


def _environment() -> Environment:
    environment = Environment(undefined_behavior="strict")
    environment.variable_start_string = "${"
    environment.variable_end_string = "}"
    environment.keep_trailing_newline = True
    environment.fuel = FUEL
    environment.debug = False  # its reports print the values of all variables, secrets too
    environment.auto_escape_callback = lambda _name: False
    environment.remove_filter("attr")
    for name in ("debug", "namespace", "cycler", "joiner"):
        environment.remove_global(name)
    for name, function in filters.ADDED.items():
        environment.add_filter(name, function)
    environment.add_filter("join", filters.join)  # minijinja's grows until the process is killed
    environment.add_filter("need", _need)
    environment.add_filter("at", step_into)
    environment.add_filter("call_method", call_method)
    environment.add_filter("as_text", _as_text)
    return environment


ENVIRONMENT = _environment()


def compiles(code: str, source: str, references: Sequence[Reference]) -> None:
    """Raises ExpressionInvalid if minijinja cannot parse the rewritten code."""
    lead = "false and ("  # so that it is parsed and not evaluated
    try:
        ENVIRONMENT.eval_expr(f"{lead}{code})")
    except TemplateError as error:
        line = reason(error, references).replace(", expected `)`", "")
        where: tuple[int, int] = getattr(error, "range", None) or (0, 0)
        if where[0] >= len(lead) + len(code):  # it met our bracket
            line = "syntax error: something is missing at the end"
        message = f"{line} in ${{{source.strip()}}}"
        raise ExpressionInvalid(message) from None


def evaluate(code: str, values: Mapping[str, Any], source: str, references: Sequence[Reference]) -> Any:
    """The value of rewritten code. Raises ExpressionFailed."""
    try:
        value = ENVIRONMENT.eval_expr(code, **values)
        if value is None and ENVIRONMENT.eval_expr(f"({code}) is undefined", **values):
            nothing = "it has no value: an `if` without `else`, a missing name, or the first of an empty list"
            raise ExpressionFailed(source, nothing)
    except Exception as error:  # noqa: BLE001  whatever a filter raises is the expression's failure
        raise failed(error, source, references) from None
    return value


def failed(error: Exception, source: str, references: Sequence[Reference] = ()) -> ExpressionFailed:
    """What went wrong, in one line, named after the expression."""
    if isinstance(error, ExpressionFailed):
        return error if error.source else ExpressionFailed(source, error.reason, hint=error.hint)
    if isinstance(error, TemplateError):
        return ExpressionFailed(source, reason(error, references))
    if isinstance(error, OneboxError):
        return ExpressionFailed(source, error.message, hint=error.hint)
    return ExpressionFailed(source, str(error).split("\n", 1)[0] or type(error).__name__)


def reason(error: TemplateError, references: Sequence[Reference] = ()) -> str:
    """The report without its drawing, and with the author's names."""
    line = _SOURCE.sub("", str(error).split("\n", 1)[0])
    if "out of fuel" in line:
        return f"it is more work than the {FUEL:,} operations that one expression may take"
    return _VARIABLE.sub(lambda match: f"`{dotted(references[int(match[1])].keys)}`", line)
