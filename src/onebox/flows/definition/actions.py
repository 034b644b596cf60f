"""Compiles `do` and `with`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.definition.fields import is_expression
from onebox.flows.expressions import Constant
from onebox.flows.plan import Action
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.flows.check import Scope
    from onebox.flows.definition.companions import Companions
    from onebox.flows.definition.reader import Reader
    from onebox.flows.expressions import Template
    from onebox.flows.kinds import Catalogue, StepKind
    from onebox.flows.plan import Formula
    from onebox.kernel.document import Location

_STAND_IN = "${text}"  # what a template gives is known only when it is rendered


class WithTemplate:
    """Arguments of which `text` is rendered from a file. `data` adds names for the template alone."""

    __slots__ = ("_data", "_rest", "_template", "source")

    def __init__(self, source: Any, template: Template, rest: Formula, data: Formula) -> None:
        self.source = source
        self._template = template
        self._rest = rest
        self._data = data

    def __call__(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        data = self._data(scope)
        arguments: dict[str, Any] = self._rest(scope)
        arguments["text"] = self._template({**scope, **data} if data else scope)
        return arguments


class WithFile:
    """Arguments of which `run` is the text of a file, taken as it stands."""

    __slots__ = ("_rest", "_text", "source")

    def __init__(self, source: Any, text: str, rest: Formula) -> None:
        self.source = source
        self._text = text
        self._rest = rest

    def __call__(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._rest(scope), "run": self._text}


class Actions:
    """Compiles the actions of one flow; notes the flows that it starts."""

    def __init__(self, reader: Reader, catalogue: Catalogue, companions: Companions) -> None:
        self._reader = reader
        self._catalogue = catalogue
        self._companions = companions
        self.started_flows: list[tuple[str, Location]] = []

    def compile(self, kind_name: Any, raw: Any, location: Location, scope: Scope) -> Action | None:
        """The action of a step at this location, or None and faults."""
        if not isinstance(kind_name, str):
            return None  # its model has said so
        kind = self.kind(kind_name)
        if kind is None:
            hint = suggestion(kind_name, self._catalogue.steps)
            self._reader.fault((*location, "do"), f"there is no step kind {kind_name!r}", hint)
            self._reader.formula(raw, (*location, "with"), scope)
            return None
        return Action(kind, self._arguments(kind, raw, (*location, "with"), scope))

    def kind(self, name: Any) -> StepKind | None:
        """The kind of this name, if there is one."""
        return self._catalogue.steps.get(name) if isinstance(name, str) else None

    def results(self, kind: StepKind, raw: Any) -> frozenset[str] | None:
        """The names that the result has; None if it may have any."""
        names = kind.results(raw) if callable(kind.results) else kind.results
        return None if names is None else frozenset(names)

    def _arguments(self, kind: StepKind, raw: Any, location: Location, scope: Scope) -> Formula:
        if is_expression(raw):
            return self._reader.formula(raw, location, scope)
        if raw is None:
            raw = {}
        if not isinstance(raw, dict):
            self._reader.fault(location, f"with: expected a mapping of arguments, got {raw!r}"[:200])
            return Constant({})
        if kind.name == "run" and isinstance(raw.get("flow"), str) and not is_expression(raw["flow"]):
            self.started_flows.append((raw["flow"], (*location, "flow")))
        if self._reader.names_checked and (found := kind.fault(raw)):
            self._reader.fault((*location, found[0]), found[1])
        if "template" in raw and "template" not in kind.arguments.model_fields:
            return self._with_template(kind, raw, location, scope)
        if "file" in raw and "run" in kind.arguments.model_fields and "file" not in kind.arguments.model_fields:
            return self._with_file(kind, raw, location, scope)
        self._reader.model(kind.arguments, raw, location, kind.name)
        return self._reader.formula(raw, location, scope)

    def _with_template(self, kind: StepKind, raw: dict[str, Any], location: Location, scope: Scope) -> Formula:
        rest = {key: value for key, value in raw.items() if key not in ("template", "data")}
        if "text" in raw:
            self._reader.fault((*location, "text"), "'text' and 'template' exclude each other", key=True)
        self._reader.model(kind.arguments, {**rest, "text": _STAND_IN}, location, kind.name)
        arguments = self._reader.formula(rest, location, scope)
        data = self._reader.formula(raw.get("data") or {}, (*location, "data"), scope)
        text = self._companion(raw["template"], (*location, "template"))
        if text is None:
            return arguments
        template = self._reader.template(
            text, self._file(raw["template"]), location, _with_data(scope, raw.get("data"))
        )
        return arguments if template is None else WithTemplate(raw, template, arguments, data)

    def _with_file(self, kind: StepKind, raw: dict[str, Any], location: Location, scope: Scope) -> Formula:
        if "run" in raw:
            self._reader.fault((*location, "run"), "'run' and 'file' exclude each other", key=True)
        rest = {key: value for key, value in raw.items() if key != "file"}
        text = self._companion(raw["file"], (*location, "file"))
        self._reader.model(kind.arguments, {**rest, "run": text or ""}, location, kind.name)
        formula = self._reader.formula(rest, location, scope)
        return formula if text is None else WithFile(raw, text, formula)

    def _companion(self, name: Any, location: Location) -> str | None:
        if isinstance(name, str) and not is_expression(name):
            return self._companions.text(name, location, self._reader)
        self._reader.fault(
            location, "expected the name of a file beside the flow", "it is read when the flow is loaded"
        )
        return None

    def _file(self, name: str) -> str:
        return self._companions.folder + name


def _with_data(scope: Scope, data: Any) -> Scope:
    """The template's scope: with the names of its data. What data holds is not known when it is an expression."""
    if isinstance(data, dict):
        return scope.inside(**dict.fromkeys(map(str, data)))
    return scope
