"""Turns an expression as its author wrote it into one that minijinja may safely evaluate.

Two things are wrong with handing it over as it is. minijinja calls any method of a Python object, also those that
change it; and it lets a missing name pass silently in many places (`${[event.nope]}`, `${event.nope | length}`). So:

- every static path becomes a variable (`event.body.total * 2` is `_0 * 2`) whose value is walked to beforehand;
- `x.name(…)` becomes the filter `call_method`, which knows harmless methods alone; other calls are refused;
- `x.name` and `x[key]` after anything but a path become the filter `at`, which is strict;
- where a part may be left out (`if`, `and`, `or`), a path goes through the filter `need` and fails only if it is used;
- a path with `is defined` or `| default(…)` right behind it may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn

from onebox.flows.expressions.failure import ExpressionInvalid
from onebox.flows.expressions.filters import FILTERS, FUNCTIONS, TESTS
from onebox.flows.expressions.methods import METHOD_NAMES
from onebox.flows.expressions.paths import dotted
from onebox.flows.expressions.tokens import Token, tokens
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onebox.flows.expressions.paths import Key

_LITERALS = {
    "true": "true",
    "false": "false",
    "none": "none",
    "null": "none",
    "True": "true",
    "False": "false",
    "None": "none",
}
_WORDS = frozenset({"and", "or", "not", "if", "else", "in", "is"})
RESERVED = _WORDS | _LITERALS.keys()
_LAZY = frozenset({"and", "or", "if"})
_END = Token("end", "", -1)
_MOST_NESTED = 50
_CLOSER = {"(": ")", "[": "]", "{": "}"}


class Reference(NamedTuple):
    """A path in an expression. `guarded`: it may be missing. `offset`: where it begins in the text."""

    keys: tuple[Key, ...]
    guarded: bool
    offset: int


class Operand(NamedTuple):
    """A rewritten operand: `strict` fails where a name is missing, `lenient` is then undefined."""

    strict: str
    lenient: str


@dataclass(slots=True)
class Rewritten:
    """What minijinja evaluates, and the paths that stand behind its variables `_0`, `_1`, …"""

    code: str
    references: list[Reference] = field(default_factory=list)
    lazy: bool = False


def rewrite(code: str, *, mode: Literal["expression", "template"] = "expression") -> Rewritten:
    """Raises ExpressionInvalid. In a template, names may be local to a loop, so paths are walked by `at` instead."""
    found = tokens(code)
    if not found:
        message = "${} is empty"
        raise ExpressionInvalid(message)
    lazy = any(token.kind == "name" and token.text in _LAZY for token in found)
    return _Rewriter(code, found, lazy=lazy, local=mode == "template").run()


class _Rewriter:
    def __init__(self, code: str, found: list[Token], *, lazy: bool, local: bool) -> None:
        self._code = code
        self._tokens = found
        self._position = 0
        self._depth = 0
        self._local = local
        self._lazy = lazy
        self._references: list[Reference] = []

    def run(self) -> Rewritten:
        code = self._sequence("")
        if self._position < len(self._tokens):
            token = self._tokens[self._position]
            self._refuse(f"{token.text!r} is not expected", token)
        return Rewritten(code, self._references, self._lazy)

    def _peek(self, ahead: int = 0) -> Token:
        place = self._position + ahead
        return self._tokens[place] if place < len(self._tokens) else _END

    def _take(self) -> Token:
        token = self._peek()
        self._position += 1
        return token

    def _refuse(self, problem: str, token: Token, *, hint: str | None = None) -> NoReturn:
        message = f"{problem} in ${{{self._code.strip()}}}"
        raise ExpressionInvalid(message, offset=max(token.offset, 0), hint=hint)

    def _sequence(self, closer: str) -> str:
        """Operands and signs up to the closing bracket, which is not taken."""
        parts: list[str] = []
        while (token := self._peek()).kind != "end" and token.text not in (")", "]", "}"):
            parts.append(self._part(token))
        if closer and self._peek().text != closer:
            self._refuse(f"{closer!r} is missing", self._peek(-1))
        return " ".join(parts)

    def _part(self, token: Token) -> str:
        if token.kind == "name" and token.text in _WORDS:
            return self._word()
        if token.kind == "sign" and token.text not in _CLOSER:
            return self._sign()
        if token.kind == "name" and self._peek(1).text == "=":
            named = self._take().text
            self._take()
            return f"{named}="
        return self._operand()

    def _word(self) -> str:
        word = self._take().text
        if word != "is":
            return word
        negated = "not " if self._peek().text == "not" and self._take() else ""
        test = self._take()
        self._known(test, TESTS, "test")
        return f"is {negated}{test.text}{self._arguments()}"

    def _sign(self) -> str:
        sign = self._take()
        if sign.text != "|":
            return sign.text
        name = self._take()
        self._known(name, FILTERS, "filter")
        return f"| {name.text}{self._arguments()}"

    def _arguments(self) -> str:
        """What stands in brackets behind a test, a filter or a function; nothing if there are none."""
        if self._peek().text != "(":
            return ""
        return self._bracketed()

    def _bracketed(self) -> str:
        opener = self._take().text
        self._depth += 1
        if self._depth > _MOST_NESTED:
            self._refuse(f"brackets more than {_MOST_NESTED} deep", self._peek(-1))
        inner = self._sequence(_CLOSER[opener])
        self._take()
        self._depth -= 1
        return f"{opener}{inner}{_CLOSER[opener]}"

    def _known(self, token: Token, known: Iterable[str], what: str) -> None:
        if token.kind != "name":
            self._refuse(f"the name of a {what} is missing", self._peek(-2))
        if token.text not in known:
            self._refuse(f"there is no {what} {token.text!r}", token, hint=suggestion(token.text, known))

    def _operand(self) -> str:
        token = self._peek()
        if token.kind == "name" and token.text not in _LITERALS and self._peek(1).text != "(":
            operand, plain = self._path()
        else:
            operand, plain = self._primary(token), False
        operand = self._postfix(operand)
        if self._peek().text == "(":
            self._refuse("only names can be called", self._peek())
        if plain or not self._guard_follows():
            return operand.strict
        return operand.lenient

    def _primary(self, token: Token) -> Operand:
        if token.text in _CLOSER:
            text = self._bracketed()
        elif token.kind == "name" and token.text in _LITERALS:
            text = _LITERALS[self._take().text]
        elif token.kind == "name":
            self._known(self._take(), FUNCTIONS, "function")
            text = token.text + self._arguments()
        else:
            text = self._take().text
        return Operand(text, text)

    def _path(self) -> tuple[Operand, bool]:
        """A name with all that is fixed behind it. The second value: nothing else follows that could be lenient."""
        root = self._take()
        if root.text.startswith("_"):
            self._refuse(f"{root.text!r} is no name: names begin with a letter", root)
        keys: list[Key] = [root.text]
        while (key := self._fixed_key()) is not None:
            keys.append(key)
        last = self._peek().text not in (".", "[")
        guarded = last and self._guard_follows()
        self._references.append(Reference(tuple(keys), guarded, root.offset))
        text = self._local_path(keys, guarded=guarded) if self._local else self._variable(guarded=guarded)
        return Operand(text, text), last

    def _variable(self, *, guarded: bool) -> str:
        name = f"_{len(self._references) - 1}"
        return f"({name}|need)" if self._lazy and not guarded else name

    def _local_path(self, keys: list[Key], *, guarded: bool) -> str:
        text = str(keys[0])
        if guarded or text == "loop":  # minijinja's own `loop` is no Python object
            return text + "".join(f"[{quote(key)}]" for key in keys[1:])
        for depth, key in enumerate(keys[1:], start=1):
            text = f"({text}|at({quote(key)}, {quote(dotted(keys[:depth]))}))"
        return text

    def _fixed_key(self) -> Key | None:
        """Takes `.name`, `.0`, `['name']` or `[0]`, if that is next and is no method call."""
        first, second, third = self._peek(), self._peek(1), self._peek(2)
        if first.text == "." and second.kind in ("name", "number") and third.text != "(":
            self._position += 2
            return second.text if second.kind == "name" else int(second.text)
        if first.text != "[":
            return None
        if third.text == "]" and (second.kind == "text" or second.text.isdecimal()):
            self._position += 3
            return _unquote(second.text) if second.kind == "text" else int(second.text)
        if second.text == "-" and third.text.isdecimal() and self._peek(3).text == "]":
            self._position += 4
            return -int(third.text)
        return None

    def _guard_follows(self) -> bool:
        first, second, third = self._peek(), self._peek(1), self._peek(2)
        if first.text == "|":
            return second.text in ("default", "d")
        test = third if second.text == "not" else second
        return first.text == "is" and test.text in ("defined", "undefined")

    def _postfix(self, operand: Operand) -> Operand:
        while (sign := self._peek().text) in (".", "["):
            operand = self._attribute(operand) if sign == "." else self._subscript(operand)
        return operand

    def _attribute(self, operand: Operand) -> Operand:
        self._take()
        name = self._take()
        if name.kind not in ("name", "number"):
            self._refuse("a name is missing after the dot", self._peek(-2))
        if self._peek().text == "(":
            self._known(name, METHOD_NAMES, "method")
            rest = self._arguments()[1:]
            comma = "" if rest == ")" else ", "
            text = f'({operand.strict}|call_method("{name.text}"{comma}{rest})'
            return Operand(text, text)
        key = name.text if name.kind == "number" else quote(name.text)
        return Operand(f"({operand.strict}|at({key}))", f"{operand.lenient}[{key}]")

    def _subscript(self, operand: Operand) -> Operand:
        is_slice = self._slice_ahead()
        inner = self._bracketed()[1:-1]
        if is_slice:
            return Operand(f"{operand.strict}[{inner}]", f"{operand.lenient}[{inner}]")
        return Operand(f"({operand.strict}|at({inner}))", f"{operand.lenient}[{inner}]")

    def _slice_ahead(self) -> bool:
        depth = 0
        for token in self._tokens[self._position :]:
            depth += (token.text in _CLOSER) - (token.text in _CLOSER.values())
            if depth == 0:
                return False
            if depth == 1 and token.kind == "sign" and token.text == ":":
                return True
        return False


def quote(key: Key) -> str:
    """A text or a number as minijinja reads it."""
    if isinstance(key, int):
        return str(key)
    escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _unquote(text: str) -> str:
    """
    >>> _unquote("'content-type'")
    'content-type'
    """
    inner = text[1:-1]
    for escape, meaning in (("\\'", "'"), ('\\"', '"'), ("\\n", "\n"), ("\\\\", "\\")):
        inner = inner.replace(escape, meaning)
    return inner
