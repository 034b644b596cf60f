"""Checks one case against its flow: the steps that it names, and what they may answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.definition.cases import compile_pattern
from onebox.flows.testing.answers import form_of
from onebox.flows.testing.models import FailureFields

if TYPE_CHECKING:
    from onebox.flows.definition.reader import Reader
    from onebox.flows.testing.cases import Case
    from onebox.flows.testing.layout import Layout, StepAt
    from onebox.kernel.document import Location

MATCHES = "matches"
_TRUE_ALONE = ("times_out", "skipped")


class CaseCheck:
    """Without a layout (the flow has faults) the names of steps are not checked."""

    def __init__(self, reader: Reader, location: Location, layout: Layout | None) -> None:
        self._reader = reader
        self._location = location
        self._layout = layout

    def check(self, case: Case) -> None:
        """Notes every fault."""
        for name, raw in case.answers.items():
            self._check_answers(name, raw)
        expect = (*self._location, "expect")
        for name in case.expect.get("calls") or {}:
            self._performed(name, (*expect, "calls", name), key=True)
        for number, name in enumerate(case.expect.get("steps") or ()):
            self._performed(str(name), (*expect, "steps", number))
        others = [name for name in case.expect if name != "refused"]
        if "refused" in case.expect and others:
            message = f"refused stands alone: no run begins, so there is nothing to say of {others[0]}"
            self._reader.fault((*expect, "refused"), message, key=True)
        self._check_patterns(case.expect, expect)

    def _check_answers(self, name: str, raw: Any) -> None:
        location = (*self._location, "steps", name)
        step = self._performed(name, location, key=True)
        if step is not None:
            # With the numbers of all its loops a path is of one round; without them, a list has one answer a round.
            loops = 0 if "[" in name else step.loops
            self._check_rounds(raw, location, step, loops)
        elif self._layout is None:
            self._check_rounds(raw, location, None, 0)

    def _performed(self, name: str, location: Location, *, key: bool = False) -> StepAt | None:
        """The step that is named, if it is one that is performed; else a fault, or nothing where it is not known."""
        if self._layout is None:
            return None
        step = self._layout.find(name)
        if step is None:
            self._reader.fault(location, f"there is no step {name!r}", self._layout.hint(name), key=key)
        elif not step.performed:
            message = f"{name!r} is a {step.what}: it is computed, and neither answered nor expected"
            self._reader.fault(location, message, "look at what it leads to: `sends`, `calls`, `output`", key=key)
        else:
            return step
        return None

    def _check_rounds(self, raw: Any, location: Location, step: StepAt | None, loops: int) -> None:
        if loops and isinstance(raw, list):
            for number, item in enumerate(raw):
                self._check_rounds(item, (*location, number), step, loops - 1)
        else:
            self._check_form(raw, location, step)

    def _check_form(self, raw: Any, location: Location, step: StepAt | None) -> None:
        form = form_of(raw)
        if form in _TRUE_ALONE and raw[form] is not True:
            self._reader.fault((*location, form), f"{form}: expected true, got {raw[form]!r:.60}", _as_result(form))
        if form == "fails" and not isinstance(raw[form], str):
            self._reader.model(FailureFields, raw[form], (*location, form))
        if form == "attempts":
            self._check_attempts(raw[form], (*location, form), step)
        self._check_suits(raw, form, location, step)

    def _check_attempts(self, raw: Any, location: Location, step: StepAt | None) -> None:
        if not isinstance(raw, list) or not raw:
            self._reader.fault(location, "attempts: expected a list with one answer an attempt", _as_result("attempts"))
            return
        for number, item in enumerate(raw):
            if form_of(item) == "attempts":
                self._reader.fault((*location, number), "an attempt has no attempts of its own")
            else:
                self._check_form(item, (*location, number), step)

    def _check_suits(self, raw: Any, form: str, location: Location, step: StepAt | None) -> None:
        if step is None:
            return
        if form == "skipped" and not step.has_once:
            self._reader.fault(location, f"skipped: the step {step.path} has no `once` for which it could be")
        if step.what == "wait":
            message = f"{step.path} is a wait: it needs no answer, its time comes at once"
            self._reader.fault(location, message, "`now` is moved on by its length")
        if step.what == "wait_for" and form in ("fails", "attempts"):
            hint = "`times_out: true` lets its timeout come"
            self._reader.fault(location, f"{step.path} is a wait_for: it gets an event, and does not fail", hint)

    def _check_patterns(self, expected: Any, location: Location) -> None:
        if isinstance(expected, list):
            for number, item in enumerate(expected):
                self._check_patterns(item, (*location, number))
        elif isinstance(expected, dict):
            pattern = pattern_of(expected)
            if pattern is not None:
                compile_pattern(pattern, (*location, MATCHES), self._reader)
            for key, item in expected.items():
                self._check_patterns(item, (*location, key))


def pattern_of(expected: Any) -> str | None:
    """The regular expression of `{matches: …}`; None for anything else."""
    if isinstance(expected, dict) and len(expected) == 1 and isinstance(expected.get(MATCHES), str):
        return str(expected[MATCHES])
    return None


def _as_result(form: str) -> str:
    return f"a result that has the one key {form} is written {{result: {{{form}: …}}}}"
