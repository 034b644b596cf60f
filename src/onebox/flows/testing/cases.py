"""Reads test files: the cases, and every fault at its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.flows.definition.reader import Reader
from onebox.flows.testing.checking import CaseCheck
from onebox.flows.testing.layout import Layout
from onebox.flows.testing.models import CaseFields
from onebox.flows.testing.values import meant
from onebox.kernel.document import DocumentInvalid, read_document
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from onebox.flows.kinds import TriggerKind
    from onebox.flows.plan import Flow
    from onebox.kernel.document import Document, Location
    from onebox.kernel.faults import Fault

TEST_ENDING = ".test.yaml"
BY_HAND = ("manual", "flow")
"""kinds by which every flow can be started, whatever stands under its `on`"""


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `kind` is the trigger's, None: the flow's first. `expect` has the fields that are given, no other."""

    name: str
    file: str
    number: int
    line: int
    column: int
    kind: str | None
    given: Mapping[str, Any]
    now: datetime
    variables: Mapping[str, Any]
    secrets: Mapping[str, str]
    answers: Mapping[str, Any]
    expect: Mapping[str, Any]

    @property
    def where(self) -> str:
        """File, line and column."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A test file, the flow that it is of (None: it has faults, or is not there), and what is wrong with the file."""

    file: str
    flow: Flow | None
    cases: list[Case] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Setting:
    """What test files are read in: the kinds of triggers, and the names that the box has (None: not known)."""

    triggers: Mapping[str, TriggerKind]
    variables: Collection[str] | None = None
    secrets: Collection[str] | None = None


def flow_beside(file: str) -> str:
    """
    >>> flow_beside("flows/orders.test.yaml")
    'flows/orders.yaml'
    """
    return file.removesuffix(TEST_ENDING) + ".yaml"


def cases_beside(file: str) -> str:
    """
    >>> cases_beside("flows/orders.yaml")
    'flows/orders.test.yaml'
    """
    return file.removesuffix(".yaml") + TEST_ENDING


def read_cases(file: str, text: str, flow: Flow | None, setting: Setting) -> CaseFile:
    """The cases of a file, and its faults; a case with a fault is left out. Never raises for what stands in it."""
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        return CaseFile(file, flow)
    try:
        document = read_document(file, text)
    except DocumentInvalid as error:
        return CaseFile(file, flow, [], [error.fault])
    reader = Reader(document, faults=list(document.faults))
    if not isinstance(document.value, list):
        reader.fault((), "a test file is a list of cases", "it begins with `- name: what is tested`")
        return CaseFile(file, flow, [], reader.faults)
    layout = None if flow is None else Layout(flow)
    cases = [
        case
        for number, raw in enumerate(document.value)
        if (case := _case(raw, number, reader, flow, layout, setting)) is not None
    ]
    _check_names(document, reader)
    return CaseFile(file, flow, cases, sorted(reader.faults))


def _case(
    raw: Any, number: int, reader: Reader, flow: Flow | None, layout: Layout | None, setting: Setting
) -> Case | None:
    before, location = len(reader.faults), (number,)
    fields = reader.model(CaseFields, raw, location, "case")
    if fields is None:
        return None

    def part(value: Any, *names: str) -> Any:
        return meant(value, lambda at, message: reader.fault((*location, *names, *at), message), ())

    kind, given = _event(fields.event, (*location, "event"), reader, flow, setting)
    said = fields.expect.model_fields_set
    expect = {name: value for name, value in fields.expect if name in said and (value is not None or name == "output")}
    place = reader.place(location)
    case = Case(
        name=fields.name,
        file=reader.document.file,
        number=number,
        line=place.line,
        column=place.column,
        kind=kind,
        given=part(given, "event", kind or ""),
        now=fields.now,
        variables=part(fields.vars, "vars"),
        secrets=fields.secrets,
        answers=part(fields.steps, "steps"),
        expect=part(expect, "expect"),
    )
    CaseCheck(reader, location, layout).check(case)
    _check_known(fields, location, reader, setting)
    return case if len(reader.faults) == before else None


def _event(
    raw: Mapping[str, Any] | None, location: Location, reader: Reader, flow: Flow | None, setting: Setting
) -> tuple[str | None, Mapping[str, Any]]:
    """The kind of trigger, and what it is given."""
    if raw is None:
        return None, {}
    if len(raw) != 1:
        reader.fault(location, f"event has exactly one kind of trigger; this one has {len(raw)}", _event_hint(flow))
        return None, {}
    kind, given = next(iter(raw.items()))
    has = dict.fromkeys(trigger.kind for trigger in flow.triggers) if flow else {}
    if kind not in setting.triggers:
        hint = suggestion(kind, has or setting.triggers)
        reader.fault((*location, kind), f"there is no trigger kind {kind!r}", hint, key=True)
    elif flow and kind not in has and kind not in BY_HAND:
        reader.fault((*location, kind), f"the flow {flow.name} has no trigger {kind!r}", _event_hint(flow), key=True)
    if given is not None and not isinstance(given, dict):
        reader.fault((*location, kind), f"{kind}: expected a mapping of what the event has, got {given!r:.60}")
        given = None
    return kind, given or {}


def _event_hint(flow: Flow | None) -> str | None:
    kinds = ", ".join(dict.fromkeys(trigger.kind for trigger in flow.triggers)) if flow else ""
    return f"it is started by: {kinds}" if kinds else None


def _check_known(fields: CaseFields, location: Location, reader: Reader, setting: Setting) -> None:
    for part, what, names in (("vars", "variable", setting.variables), ("secrets", "secret", setting.secrets)):
        for name in getattr(fields, part):
            if names is not None and name not in names:
                hint = suggestion(name, names)
                reader.fault((*location, part, name), f"the box has no {what} {name!r}", hint, key=True)


def _check_names(document: Document, reader: Reader) -> None:
    first: dict[str, int] = {}
    for number, raw in enumerate(document.value):
        name = raw.get("name") if isinstance(raw, dict) else None
        if not isinstance(name, str):
            continue
        if name in first:
            line = document.place((first[name], "name"))[0]
            reader.fault((number, "name"), f"a case is called {name!r} already, on line {line}", "rename one of them")
        first.setdefault(name, number)
