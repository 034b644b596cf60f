"""Compiles one flow file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from onebox.flows.check import ERROR_NAMES, Names, first_scope, ids_in
from onebox.flows.definition.actions import Actions
from onebox.flows.definition.models import FlowFile
from onebox.flows.definition.reader import Reader
from onebox.flows.definition.steps import Steps
from onebox.flows.definition.triggers import compile_triggers, event_names
from onebox.flows.plan import Flow, Limits, Place
from onebox.kernel.document import DocumentInvalid, read_document
from onebox.kernel.encoding import to_json
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.flows.check import Scope
    from onebox.flows.definition.companions import Companions
    from onebox.flows.definition.models import LimitFields
    from onebox.flows.kinds import Catalogue
    from onebox.flows.plan import Block, Trigger
    from onebox.kernel.faults import Fault


@dataclass(slots=True)
class Compiled:
    """What came of one file. `name` is known also when the rest is faulty.

    The document is not kept: a thousand of them are a hundred megabytes. What is compared with other files has its
    place with it.
    """

    file: str
    flow: Flow | None
    faults: list[Fault]
    name: str | None = None
    name_place: Place = field(default_factory=lambda: Place(1, 1))
    claims: list[tuple[str, Place]] = field(default_factory=list)
    """what no other flow may claim"""
    started: list[tuple[str, Place]] = field(default_factory=list)
    """the flows that it names"""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a flow is compiled in: the kinds there are, the names that the box has, its time zone."""

    catalogue: Catalogue
    names: Names
    timezone: str = "UTC"
    names_checked: bool = True


def compile_flow(file: str, text: str, setting: Setting, companions: Companions) -> Compiled:
    """The flow of a file, or its faults. Never raises for what stands in the file."""
    try:
        document = read_document(file, text, "a flow begins with `flow: its-name`")
    except DocumentInvalid as error:
        return Compiled(file, None, [error.fault])
    reader = Reader(document, list(document.faults), setting.names_checked)
    if not isinstance(document.value, dict):
        reader.fault((), "a flow file is a mapping", "it begins with `flow: its-name`")
        return Compiled(file, None, reader.faults)
    compiler = _Compiler(reader, setting, companions)
    return compiler.compile(file, text)


class _Compiler:
    def __init__(self, reader: Reader, setting: Setting, companions: Companions) -> None:
        self._reader = reader
        self._setting = setting
        self._companions = companions
        self._raw: dict[str, Any] = reader.document.value

    def compile(self, file: str, text: str) -> Compiled:
        raw, reader = self._raw, self._reader
        fields = reader.model(FlowFile, raw, ())
        name = raw.get("flow") if isinstance(raw.get("flow"), str) else None
        compiled = Compiled(file, None, reader.faults, name, reader.place(("flow",)))
        timezone = self._timezone()
        triggers, claims = compile_triggers(
            raw.get("on"),
            name or "",
            reader,
            self._setting.catalogue,
            self._setting.names.secrets if self._setting.names_checked else None,
            self._companions,
        )
        scope = self._scope()
        actions = Actions(reader, self._setting.catalogue, self._companions)
        steps_of = Steps(reader, actions, timezone)
        steps = steps_of.block(raw.get("steps"), ("steps",), scope)
        on_error = self._on_error(steps_of, compiled)
        output = reader.formula(raw["output"], ("output",), scope) if "output" in raw else None
        compiled.started += [(started, reader.place(location)) for started, location in actions.started_flows]
        compiled.claims = [(claim, reader.place(location)) for claim, location in claims]
        if reader.faults or fields is None or name is None:
            return compiled
        bundle = make_bundle(file, text, self._companions.used)
        compiled.flow = Flow(
            name=name,
            version=version_of(bundle),
            file=file,
            bundle=bundle,
            triggers=tuple(triggers),
            steps=steps,
            limits=self._limits(fields.limits, triggers),
            output=output,
            on_error=on_error,
            keep=fields.keep,
            timezone=timezone,
        )
        return compiled

    def _scope(self) -> Scope:
        event = event_names(self._raw.get("on"), self._setting.catalogue)
        ids = [*ids_in(self._raw.get("steps")), *ids_in(self._raw.get("on_error"))]
        return first_scope(self._setting.names, event, ids)

    def _limits(self, given: LimitFields, triggers: Sequence[Trigger]) -> Limits:
        limits = Limits(**dict(given))
        kinds = [self._setting.catalogue.triggers[trigger.kind] for trigger in triggers]
        usual = min((kind.per_sender for kind in kinds if kind.per_sender is not None), default=None)
        return replace(limits, per_sender=usual) if limits.per_sender is None else limits

    def _timezone(self) -> str:
        zone = self._raw.get("timezone")
        if not isinstance(zone, str):
            return self._setting.timezone
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            hint = suggestion(zone, available_timezones())
            self._reader.fault(("timezone",), f"there is no time zone {zone!r}", hint)
            return self._setting.timezone
        return zone

    def _on_error(self, steps_of: Steps, compiled: Compiled) -> Block | str | None:
        raw = self._raw.get("on_error")
        if raw is None:
            return None
        if isinstance(raw, str):
            compiled.started.append((raw, self._reader.place(("on_error",))))
            return raw
        if not isinstance(raw, list):
            self._reader.fault(("on_error",), "on_error: expected the name of a flow, or a list of steps")
            return None
        scope = self._scope().inside(error=ERROR_NAMES)
        for step in ids_in(self._raw.get("steps"), inside_each=False):
            scope.add(step)  # null if the run did not come so far
        return steps_of.block(raw, ("on_error",), scope)


def make_bundle(file: str, text: str, files: dict[str, str]) -> str:
    """All that a flow is made of, as one text: from it the same flow can be compiled again."""
    return to_json({"file": file, "text": text, "files": dict(sorted(files.items()))})


def version_of(bundle: str) -> str:
    """
    >>> version_of("")
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(bundle.encode()).hexdigest()[:16]
