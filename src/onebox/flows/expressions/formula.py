"""Compiles values of the flow file: a constant, an expression, a text with expressions, or a tree of these."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from onebox.flows.expressions.engine import Missing, compiles, evaluate, failed
from onebox.flows.expressions.failure import ExpressionFailed, ExpressionInvalid
from onebox.flows.expressions.filters import as_text
from onebox.flows.expressions.paths import dotted, walk
from onebox.flows.expressions.rewrite import RESERVED, Reference, rewrite
from onebox.flows.expressions.scan import Piece, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onebox.flows.plan import Formula

_BARE_PATH = re.compile(r"\s*([^\W\d_]\w*)((?:\.(?:[^\W\d]\w*|[0-9]+))*)\s*")
_NO_SCOPE: Final[dict[str, Any]] = {}


class Constant:
    """A value without expressions. Lists and mappings are given as copies, so that nobody changes the flow."""

    __slots__ = ("_mutable", "source", "value")

    def __init__(self, value: Any, source: Any = None) -> None:
        self.value = value
        self.source = value if source is None else source
        self._mutable = isinstance(value, (dict, list))

    def __call__(self, scope: Mapping[str, Any]) -> Any:
        return _copy(self.value) if self._mutable else self.value


class Path:
    """`${event.body.amount}`: walked in Python, without the expression engine."""

    __slots__ = ("offset", "path", "source")

    def __init__(self, source: str, path: tuple[str | int, ...], offset: int) -> None:
        self.source = source
        self.path = path
        self.offset = offset

    def __call__(self, scope: Mapping[str, Any]) -> Any:
        try:
            return walk(scope, self.path)
        except ExpressionFailed as error:
            raise failed(error, self.source) from None


class Expression:
    """`${event.body.amount * 2}`: evaluated by minijinja."""

    __slots__ = ("_code", "_lazy", "references", "source")

    def __init__(self, source: str, code: str, references: tuple[Reference, ...], *, lazy: bool) -> None:
        self.source = source
        self.references = references
        self._code = code
        self._lazy = lazy

    def __call__(self, scope: Mapping[str, Any]) -> Any:
        values: dict[str, Any] = {}
        for number, (keys, guarded, _offset) in enumerate(self.references):
            try:
                values[f"_{number}"] = walk(scope, keys)
            except ExpressionFailed as error:
                if guarded:
                    continue
                if not self._lazy:
                    raise failed(error, self.source) from None
                values[f"_{number}"] = Missing(error)
        return evaluate(self._code, values, self.source, self.references)


class Text:
    """`Order ${order.number}: ${order.status}`."""

    __slots__ = ("parts", "source")

    def __init__(self, source: str, parts: tuple[str | Path | Expression | Constant, ...]) -> None:
        self.source = source
        self.parts = parts

    def __call__(self, scope: Mapping[str, Any]) -> str:
        return "".join([part if isinstance(part, str) else self._shown(part, scope) for part in self.parts])

    def _shown(self, part: Path | Expression | Constant, scope: Mapping[str, Any]) -> str:
        try:
            return as_text(part(scope))
        except Exception as error:  # noqa: BLE001  a value may hold what has no JSON
            raise failed(error, part.source) from None


class Mapped:
    """A mapping with expressions somewhere among its values."""

    __slots__ = ("fields", "source")

    def __init__(self, source: Any, fields: tuple[tuple[str, Formula], ...]) -> None:
        self.source = source
        self.fields = fields

    def __call__(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value(scope) for key, value in self.fields}


class Listed:
    """A list with expressions somewhere among its items."""

    __slots__ = ("items", "source")

    def __init__(self, source: Any, items: tuple[Formula, ...]) -> None:
        self.source = source
        self.items = items

    def __call__(self, scope: Mapping[str, Any]) -> list[Any]:
        return [item(scope) for item in self.items]


def compile_value(raw: Any) -> Formula:
    """The formula of a value as YAML gives it. Raises ExpressionInvalid."""
    if isinstance(raw, str):
        return _compile_text(raw) if "${" in raw else Constant(raw)
    if isinstance(raw, dict):
        return _compile_mapping(raw)
    if isinstance(raw, list):
        items = tuple(compile_value(item) for item in raw)
        return Constant(raw) if all(_plain(item) for item in items) else Listed(raw, items)
    return Constant(raw)


def compile_expression(code: str, offset: int = 0) -> Path | Expression | Constant:
    """The formula of the inside of one `${…}`. Raises ExpressionInvalid."""
    source = f"${{{code}}}"
    bare = _BARE_PATH.fullmatch(code)
    if bare and bare[1] not in RESERVED:  # most expressions are such; it spares them the tokens
        return Path(source, (bare[1], *map(_path_key, bare[2].split(".")[1:])), offset + bare.start(1))
    rewritten = rewrite(code)
    references = tuple(rewritten.references)
    if rewritten.code == "_0" and not references[0].guarded:
        return Path(source, references[0].keys, offset + references[0].offset)
    compiles(rewritten.code, code, references)
    if not references:
        return _fold(source, rewritten.code)
    moved = tuple(reference._replace(offset=reference.offset + offset) for reference in references)
    return Expression(source, rewritten.code, moved, lazy=rewritten.lazy)


def _path_key(key: str) -> str | int:
    return int(key) if key[0] in "0123456789" else key


def is_constant(formula: Formula) -> bool:
    """True if the formula needs no names."""
    return isinstance(formula, Constant)


def references(formula: Formula) -> Iterator[Reference]:
    """The paths that a formula uses. `offset` is the place in the text they stand in."""
    if isinstance(formula, Path):
        yield Reference(formula.path, guarded=False, offset=formula.offset)
    elif isinstance(formula, Expression):
        yield from formula.references
    elif isinstance(formula, Mapped):
        for _key, value in formula.fields:
            yield from references(value)
    elif isinstance(formula, (Listed, Text)):
        for part in formula.items if isinstance(formula, Listed) else formula.parts:
            if not isinstance(part, str):
                yield from references(part)


def names(formula: Formula) -> set[str]:
    """
    >>> sorted(names(compile_value("${event.total * vars.rate} ${now}")))
    ['event.total', 'now', 'vars.rate']
    """
    return {dotted(reference.keys) for reference in references(formula)}


def _compile_text(raw: str) -> Formula:
    pieces = split(raw)
    if len(pieces) == 1 and pieces[0].code:
        return compile_expression(pieces[0].text, pieces[0].offset)
    if not any(piece.code for piece in pieces):
        return Constant("".join(piece.text for piece in pieces), raw)
    return Text(raw, tuple(_part(piece) for piece in pieces))


def _part(piece: Piece) -> str | Path | Expression | Constant:
    return compile_expression(piece.text, piece.offset) if piece.code else piece.text


def _compile_mapping(raw: dict[str, Any]) -> Formula:
    fields = tuple((_key(key), compile_value(value)) for key, value in raw.items())
    return Constant(raw) if all(_plain(value) for _, value in fields) else Mapped(raw, fields)


def _key(key: str) -> str:
    if "${" in key:
        message = f"the key {key!r} holds an expression: keys are fixed"
        raise ExpressionInvalid(message)
    return key


def _plain(formula: Formula) -> bool:
    """True if the formula gives what its source says, so that a tree of such is a constant as it stands."""
    return isinstance(formula, Constant) and formula.value is formula.source


def _fold(source: str, code: str) -> Constant | Expression:
    try:
        return Constant(evaluate(code, _NO_SCOPE, source, ()), source)
    except ExpressionFailed as error:  # 1/0 fails whenever it is run
        raise ExpressionInvalid(str(error.message)) from None


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
