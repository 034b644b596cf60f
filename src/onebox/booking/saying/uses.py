"""What a text makes of its values: which it writes, by which function, and which forms it chooses between."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.booking.saying.values import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fluent.syntax.ast import Message

PLURAL_FORMS = frozenset(("zero", "one", "two", "few", "many", "other"))


@dataclass(slots=True)
class Uses:
    """`written` are pairs of a value and the function that writes it ("" if none does); `chosen` has the variants of
    each choice by a value; `strange` is what texts cannot do."""

    written: set[tuple[str, str]] = field(default_factory=set)
    chosen: dict[str, list[set[str]]] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)

    @property
    def values(self) -> set[str]:
        return {name for name, _ in self.written} | set(self.chosen)

    @property
    def counted(self) -> set[str]:
        """The values with plural forms."""
        return {
            name for name, variants in self.chosen.items() if any(one & (PLURAL_FORMS - {"other"}) for one in variants)
        }


def uses_of(message: Message) -> Uses:
    """Looks through a message."""
    uses = Uses()
    if message.attributes:
        uses.strange.append(f"a text has no parts such as .{message.attributes[0].id.name}")
    for expression in _expressions(message.value):
        _note(uses, expression)
    return uses


def _expressions(pattern: Any) -> Iterator[Any]:
    from fluent.syntax.ast import Placeable, SelectExpression

    for element in pattern.elements if pattern is not None else ():
        if not isinstance(element, Placeable):
            continue
        inner: Any = element.expression
        while isinstance(inner, Placeable):
            inner = inner.expression
        yield inner
        if isinstance(inner, SelectExpression):
            for variant in inner.variants:
                yield from _expressions(variant.value)


def _note(uses: Uses, expression: Any) -> None:
    from fluent.syntax import ast

    if isinstance(expression, ast.VariableReference):
        uses.written.add((expression.id.name, ""))
    elif isinstance(expression, ast.FunctionReference):
        _note_call(uses, expression)
    elif isinstance(expression, ast.SelectExpression):
        if isinstance(expression.selector, ast.VariableReference):
            variants = {_name(variant.key) for variant in expression.variants}
            uses.chosen.setdefault(expression.selector.id.name, []).append(variants)
        else:
            uses.strange.append("a text chooses by a value alone, such as { $count -> … }")
    elif isinstance(expression, (ast.MessageReference, ast.TermReference)):
        uses.strange.append(f"a text cannot hold another one: {{ {expression.id.name} }}")


def _note_call(uses: Uses, call: Any) -> None:
    from fluent.syntax import ast

    name, arguments = call.id.name, call.arguments
    if name not in FUNCTIONS:
        uses.strange.append(f"there is no function {name}: there are {', '.join(FUNCTIONS)}")
        return
    for named in arguments.named:
        if name != "DAY" or named.name.name != "form" or getattr(named.value, "value", None) not in {"short", "long"}:
            uses.strange.append(f'{name} does not take {named.name.name}: there is DAY($day, form: "short")')
    given = arguments.positional
    if len(given) == 1 and isinstance(given[0], ast.VariableReference):
        uses.written.add((given[0].id.name, name))
    else:
        uses.strange.append(f"{name} takes one value, such as {{ {name}($start) }}")


def _name(key: Any) -> str:
    return str(key.name if hasattr(key, "name") else key.value)
