"""Reads parts of one flow file: shapes and formulas, each fault with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.flows.check import Scope, check_reference
from onebox.flows.definition.fields import AS_WRITTEN, is_expression
from onebox.flows.expressions import Constant, ExpressionInvalid, compile_template, compile_value, references
from onebox.flows.plan import Place
from onebox.kernel.faults import Fault
from onebox.kernel.reading import DocumentReader

if TYPE_CHECKING:
    from onebox.flows.expressions import Template
    from onebox.flows.plan import Formula
    from onebox.kernel.document import Location


@dataclass(slots=True)
class Reader(DocumentReader):
    """One file on its way to a flow. `names_checked` is off for flows that are rebuilt for runs which began with them."""

    context: ClassVar[Any] = AS_WRITTEN

    names_checked: bool = True

    def place(self, location: Location) -> Place:
        """Where that is."""
        return Place(*self.document.place(location))

    def formula(self, raw: Any, location: Location, scope: Scope) -> Formula:
        """The compiled value, its names checked; a constant null and faults if it is wrong."""
        if isinstance(raw, str):
            return self._text(raw, location, scope) if "${" in raw else Constant(raw)
        if isinstance(raw, dict):
            self._look_inside(raw.items(), location, scope)
        elif isinstance(raw, list):
            self._look_inside(enumerate(raw), location, scope)
        return self._compiled(raw, location, scope, check=False)

    def condition(self, raw: Any, location: Location, scope: Scope) -> Formula:
        """Like formula, for what is true or false: a text without an expression is a slip."""
        if isinstance(raw, bool) or is_expression(raw):
            return self.formula(raw, location, scope)
        if isinstance(raw, str):
            hint = f"write ${{{raw}}}"
            self.fault(location, f"{raw!r} is a text without ${{…}}, which is always true", hint)
        else:
            self.fault(location, "expected true, false or an expression ${…}")
        return Constant(None)

    def template(self, text: str, file: str, location: Location, scope: Scope) -> Template | None:
        """The compiled text of a file beside the flow; faults are in that file."""
        try:
            template = compile_template(text, file)
        except ExpressionInvalid as error:
            self._fault_in(file, text, error.offset, error.message, error.hint)
            return None
        for reference in template.references if self.names_checked else ():
            found = check_reference(reference, scope, text)
            if found:
                self._fault_in(file, text, reference.offset, *found)
        return template

    def _look_inside(self, entries: Any, location: Location, scope: Scope) -> None:
        """Faults of the parts, each at its own place."""
        for key, value in entries:
            if isinstance(value, dict):
                self._look_inside(value.items(), (*location, key), scope)
            elif isinstance(value, list):
                self._look_inside(enumerate(value), (*location, key), scope)
            elif isinstance(value, str) and "${" in value:
                self._text(value, (*location, key), scope)
            if isinstance(key, str) and "${" in key:
                self.fault((*location, key), f"the key {key!r} holds an expression: keys are fixed", key=True)

    def _text(self, raw: str, location: Location, scope: Scope) -> Formula:
        return self._compiled(raw, location, scope, check=self.names_checked)

    def _compiled(self, raw: Any, location: Location, scope: Scope, *, check: bool) -> Formula:
        try:
            formula = compile_value(raw)
        except ExpressionInvalid as error:
            if isinstance(raw, str):  # in a tree, _look_inside has said it
                self._fault_within(raw, error.offset, location, error.message, error.hint)
            return Constant(None, raw)
        for reference in references(formula) if check else ():
            found = check_reference(reference, scope, raw)
            if found:
                self._fault_within(raw, reference.offset, location, *found)
        return formula

    def _fault_within(self, raw: str, offset: int, location: Location, message: str, hint: str | None) -> None:
        """A fault at an offset in a text: exact where the text stands in the file as it is."""
        line, column = self.document.place(location)
        source = self.document.line(line)[column - 1 :]
        if source.startswith(raw):
            column += offset
        elif source[1:].startswith(raw):  # behind a quote
            column += offset + 1
        elif source.startswith("|"):
            line, column = self._in_block(raw, offset, line, column)
        self.faults.append(Fault(self.document.file, line, column, message, hint))

    def _in_block(self, raw: str, offset: int, line: int, column: int) -> tuple[int, int]:
        number = raw.count("\n", 0, offset)
        text = raw.split("\n")[number]
        found = self.document.line(line + 1 + number).find(text)
        before = offset - (raw.rfind("\n", 0, offset) + 1)
        return (line + 1 + number, found + before + 1) if found >= 0 else (line, column)

    def _fault_in(self, file: str, text: str, offset: int, message: str, hint: str | None) -> None:
        before = text[:offset]
        line, column = before.count("\n") + 1, offset - before.rfind("\n")
        self.faults.append(Fault(file, line, column, message, hint))
