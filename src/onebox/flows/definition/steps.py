"""Compiles steps: finds out which shape a step has, checks it, and makes the plan of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from onebox.flows import plan
from onebox.flows.check import ERROR_NAMES, RESERVED_IDS, ids_in
from onebox.flows.definition import models
from onebox.flows.definition.cases import compile_case
from onebox.flows.definition.waits import compile_wait, compile_wait_for
from onebox.flows.expressions import Constant
from onebox.kernel.nearest import nearest

if TYPE_CHECKING:
    from datetime import timedelta

    from onebox.flows.check import Scope
    from onebox.flows.definition.actions import Actions
    from onebox.flows.definition.reader import Reader
    from onebox.flows.plan import Block, Body, Catch, Formula, Step
    from onebox.kernel.document import Location

_PRIMARY = ("do", "then", "switch", "each", "repeat", "parallel", "try", "wait", "wait_for", "steps")
_SHAPES = "do, if/then, switch, each, repeat, parallel, try, wait, wait_for or steps"
_KNOWN = {field.alias or name for shape in models.SHAPES.values() for name, field in shape.model_fields.items()}
_EMPTY = plan.Block(())


class Steps:
    """Compiles the steps of one flow. A faulty part becomes an empty one, so that the rest is looked at, too."""

    def __init__(self, reader: Reader, actions: Actions, timezone: str) -> None:
        self._reader = reader
        self._actions = actions
        self._timezone = timezone
        self._ids: dict[str, int] = {}

    def block(self, raw: Any, location: Location, scope: Scope) -> Block:
        """A list of steps."""
        if not isinstance(raw, list):
            return _EMPTY  # the model around it has said so
        steps = []
        for number, item in enumerate(raw):
            step = self.step(item, (*location, number), scope, str(number + 1))
            if step is not None:
                steps.append(step)
        return plan.Block(tuple(steps))

    def step(self, raw: Any, location: Location, scope: Scope, label: str) -> Step | None:
        """One step, or None and faults. `label` is used if it has no id."""
        if not isinstance(raw, dict):
            self._reader.fault(
                location, f"expected a step, got {_short(raw)}", "a step is a mapping, such as `do: send`"
            )
            return None
        shape = self._shape(raw, location)
        if shape is None:
            return None
        fields = self._reader.model(models.SHAPES[shape], raw, location)
        name = self._id(raw, location)
        condition = None
        if "if" in raw and shape != "if":
            condition = self._reader.condition(raw["if"], (*location, "if"), scope)
        compiled = self._compile(shape, fields, raw, location, scope)
        scope.settle()
        if name is not None:
            scope.add(name, self._known(shape, raw))
        if compiled is None:
            return None
        return plan.Step(name or label, compiled.body, self._reader.place(location), name, condition, **compiled.extras)

    def _shape(self, raw: dict[str, Any], location: Location) -> models.StepShape | None:
        present = [key for key in _PRIMARY if key in raw]
        chosen = _combined(present, raw)
        if chosen is not None:
            return chosen
        has = " and ".join("if/then" if key == "then" else key for key in present)
        if "each" in present:
            rest = has.replace("each and ", "").replace("each", "") or "none"
            self._reader.fault(location, f"each has exactly one of do and steps; this one has {rest}")
        elif present:
            message = f"a step has exactly one of {_SHAPES}; this one has {has}"
            self._reader.fault(location, message, "make two steps of it")
        else:
            unknown = next((key for key in raw if key not in _KNOWN), None)
            near = unknown and nearest(unknown, _PRIMARY)
            hint = f"did you mean {near!r}?" if near else "an action is `do: kind` and `with: {…}`"
            self._reader.fault(location, f"a step has exactly one of {_SHAPES}; this one has none", hint)
        return None

    def _id(self, raw: dict[str, Any], location: Location) -> str | None:
        name = raw.get("id")
        if not isinstance(name, str):
            return None
        where = (*location, "id")
        if name in RESERVED_IDS:
            self._reader.fault(where, f"{name!r} is a name of the box's own", "choose another id")
        elif name in self._ids:
            hint = "ids are unique in a flow; what several branches give is the result of their `if` or `switch`"
            self._reader.fault(where, f"the id {name!r} is taken by the step on line {self._ids[name]}", hint)
        else:
            self._ids[name] = self._reader.document.place(location)[0]
        return name

    def _known(self, shape: models.StepShape, raw: dict[str, Any]) -> frozenset[str] | None:
        if shape != "do":
            return None
        kind = self._actions.kind(raw.get("do"))
        if kind is None or "catch" in raw:
            return None
        return self._actions.results(kind, raw.get("with"))

    def _compile(
        self, shape: models.StepShape, fields: Any, raw: dict[str, Any], location: Location, scope: Scope
    ) -> _Compiled | None:
        """Body and extras. For `each`, the extras are the inner step's."""
        if shape == "each":
            return self._each(fields, raw, location, scope)
        body = self._body(shape, fields, raw, location, scope)
        extras = self._extras(fields, raw, location, scope, catches=shape != "try")
        return None if body is None or fields is None else _Compiled(body, extras)

    def _body(
        self, shape: models.StepShape, fields: Any, raw: dict[str, Any], location: Location, scope: Scope
    ) -> Body | None:
        if shape == "do":
            return self._actions.compile(raw.get("do"), raw.get("with"), location, scope)
        if shape == "steps":
            return self.block(raw["steps"], (*location, "steps"), scope)
        if shape == "wait":
            return compile_wait(raw["wait"], (*location, "wait"), self._reader, scope, self._timezone)
        if shape == "wait_for":
            return compile_wait_for(raw["wait_for"], (*location, "wait_for"), self._reader, scope)
        compilers = {"if": self._if, "switch": self._switch, "parallel": self._parallel, "try": self._try}
        if shape in compilers:
            return compilers[shape](raw, location, scope)
        return self._repeat(fields, raw, location, scope)

    def _extras(
        self, fields: Any, raw: dict[str, Any], location: Location, scope: Scope, *, catches: bool = True
    ) -> dict[str, Any]:
        extras: dict[str, Any] = {}
        if fields is not None and fields.retry is not None:
            retry = fields.retry
            extras["retry"] = plan.Retry(retry.times, retry.wait, retry.grow, retry.most, retry.jitter)
        if "timeout" in raw:
            extras["timeout"] = self._duration(raw["timeout"], fields and fields.timeout, (*location, "timeout"), scope)
        if "once" in raw:
            extras["once"] = self._reader.formula(raw["once"], (*location, "once"), scope)
        if catches and "catch" in raw:
            extras["catch"] = self._catch(raw["catch"], (*location, "catch"), scope)
        return extras

    def _duration(self, raw: Any, checked: timedelta | str | None, location: Location, scope: Scope) -> Formula:
        if isinstance(checked, str) or checked is None:
            return self._reader.formula(raw, location, scope)
        return Constant(checked, raw)

    def _catch(self, raw: Any, location: Location, scope: Scope) -> Catch | None:
        inside = scope.inside(error=ERROR_NAMES)
        if isinstance(raw, list):
            body = self.block(raw, location, inside)
            scope.adopt(inside)
            return plan.Catch(body=body)
        fields = self._reader.model(models.CatchFields, raw, location)
        if fields is None:
            return None
        if ("value" in raw) == ("steps" in raw):
            hint = "`catch: {value: null}`, or `catch: [steps]`"
            self._reader.fault(location, "catch has exactly one of value and steps", hint)
        if "value" in raw:
            return plan.Catch(value=self._reader.formula(raw["value"], (*location, "value"), inside))
        body = self.block(raw.get("steps"), (*location, "steps"), inside)
        scope.adopt(inside)
        return plan.Catch(body=body)

    def _if(self, raw: dict[str, Any], location: Location, scope: Scope) -> Body:
        test = self._reader.condition(raw.get("if"), (*location, "if"), scope) if "if" in raw else Constant(None)
        then = self._branch(raw.get("then"), (*location, "then"), scope)
        otherwise = self._branch(raw["else"], (*location, "else"), scope) if "else" in raw else None
        return plan.If(test, then, otherwise)

    def _branch(self, raw: Any, location: Location, scope: Scope, **extra: frozenset[str] | None) -> Block:
        """A block that may or may not be run: its ids are seen afterwards, but not in the other branches."""
        inside = scope.inside(**extra)
        block = self.block(raw, location, inside)
        scope.pend(inside)
        return block

    def _switch(self, raw: dict[str, Any], location: Location, scope: Scope) -> Body:
        subject = self._reader.formula(raw["switch"], (*location, "switch"), scope)
        if isinstance(raw["switch"], str) and isinstance(subject, Constant) and "${" not in raw["switch"]:
            self._reader.fault((*location, "switch"), f"{raw['switch']!r} never changes", f"write ${{{raw['switch']}}}")
        cases = []
        for number, case in enumerate(raw["cases"] if isinstance(raw.get("cases"), list) else []):
            where = (*location, "cases", number)
            compiled = compile_case(case, where, self._reader, scope)
            if compiled is not None:
                body = self._branch(case["steps"], (*where, "steps"), scope, **compiled.adds)
                cases.append(plan.Case(compiled.matches, body))
        otherwise = self._branch(raw["else"], (*location, "else"), scope) if "else" in raw else None
        return plan.Switch(subject, tuple(cases), otherwise)

    def _parallel(self, raw: dict[str, Any], location: Location, scope: Scope) -> Body:
        branches = []
        for number, item in enumerate(raw["parallel"] if isinstance(raw["parallel"], list) else []):
            inside = scope.inside()
            step = self.step(item, (*location, "parallel", number), inside, str(number + 1))
            scope.pend(inside)
            if step is not None:
                branches.append(step)
        return plan.Parallel(tuple(branches))

    def _try(self, raw: dict[str, Any], location: Location, scope: Scope) -> Body:
        if "catch" not in raw and "finally" not in raw:
            self._reader.fault(location, "a try needs catch or finally", "`catch: [steps]` says what happens instead")
        body = self.block(raw["try"], (*location, "try"), scope)
        catch = self._catch(raw["catch"], (*location, "catch"), scope) if "catch" in raw else None
        last = self.block(raw["finally"], (*location, "finally"), scope) if "finally" in raw else None
        return plan.Try(body, catch, last)

    def _each(self, fields: Any, raw: dict[str, Any], location: Location, scope: Scope) -> _Compiled | None:
        items = self._reader.formula(raw["each"], (*location, "each"), scope)
        if not isinstance(raw["each"], list) and not (isinstance(raw["each"], str) and "${" in raw["each"]):
            hint = f"write ${{{raw['each']}}}" if isinstance(raw["each"], str) else None
            self._reader.fault((*location, "each"), "each: expected a list, or an expression that gives one", hint)
        name = raw.get("as", "each")
        if isinstance(name, str) and name in RESERVED_IDS and name != "each":
            self._reader.fault((*location, "as"), f"{name!r} is a name of the box's own", "choose another name")
        inside = scope.inside(**{str(name): None, "index": None})
        shape: models.StepShape = "do" if "do" in raw else "steps"
        body = self._body(shape, fields, raw, location, inside)
        extras = self._extras(fields, raw, location, inside)
        if body is None or fields is None:
            return None
        step = plan.Step("do" if shape == "do" else "steps", body, self._reader.place(location), **extras)
        return _Compiled(plan.Each(items, step, fields.parallel, str(name)), {})

    def _repeat(self, fields: Any, raw: dict[str, Any], location: Location, scope: Scope) -> Body | None:
        settings = raw["repeat"] if isinstance(raw["repeat"], dict) else {}
        where = (*location, "repeat")
        inside = scope.inside(index=None)
        for name in ids_in(raw.get("steps"), inside_each=False):
            inside.add(name)  # seen in the next round
        body = self.block(raw.get("steps"), (*location, "steps"), inside)
        scope.adopt(inside)
        until = self._reader.condition(settings["until"], (*where, "until"), inside) if "until" in settings else None
        while_ = self._reader.condition(settings["while"], (*where, "while"), inside) if "while" in settings else None
        most = self._rounds(settings, where)
        if fields is None or most is None:
            return None
        return plan.Repeat(body, most, until, while_, fields.repeat.pause)

    def _rounds(self, settings: dict[str, Any], location: Location) -> int | None:
        conditional = "until" in settings or "while" in settings
        if "times" in settings and (conditional or "most" in settings):
            hint = "`times: 3` is three rounds; `until: ${…}` and `most: 100` are up to a hundred"
            self._reader.fault(
                (*location, "times"), "'times' stands alone, without most, until and while", hint, key=True
            )
            return None
        if "times" not in settings and not conditional:
            self._reader.fault(location, "repeat needs times, until or while", "such as `repeat: {times: 3}`")
            return None
        return cast("int", settings.get("times", settings.get("most", DEFAULT_ROUNDS)))


DEFAULT_ROUNDS = 1000


class _Compiled:
    __slots__ = ("body", "extras")

    def __init__(self, body: Body, extras: dict[str, Any]) -> None:
        self.body = body
        self.extras = extras


def _combined(present: list[str], raw: dict[str, Any]) -> models.StepShape | None:
    """The shape that these keys mean together, if they mean one."""
    keys = set(present)
    if "else" in raw and not keys:
        return "if"
    if "each" in keys:
        width = isinstance(raw.get("parallel"), int)
        rest = keys - {"each"} - ({"parallel"} if width else set())
        return "each" if rest in ({"do"}, {"steps"}) else None
    if "repeat" in keys and keys <= {"repeat", "steps"}:
        return "repeat"
    if len(keys) != 1:
        return None
    shape = keys.pop()
    return "if" if shape == "then" else cast("models.StepShape", shape)


def _short(raw: Any) -> str:
    return f"{raw!r:.60}"
