"""`onebox record`: a run of the box becomes a case beside its flow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from onebox.app.flows import FlowFiles
from onebox.app.testing import writings_of
from onebox.flows.testing.appending import with_case
from onebox.flows.testing.cases import Setting, cases_beside, read_cases
from onebox.flows.testing.judging import Surroundings, judge, stand_in
from onebox.flows.testing.recording import CannotRecord, record
from onebox.kernel.document import DocumentInvalid
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from onebox.app.visit import Visit
    from onebox.flows.plan import Flow
    from onebox.flows.records import RunDetail
    from onebox.flows.testing.judging import Outcome


@dataclass(frozen=True)
class Recording:
    """A case that was made: the test file's whole text with it, what it does not show of the run, whether the flow
    has changed since the run began, and what becomes of the case now."""

    name: str
    file: str
    text: str
    outcome: Outcome
    flow_changed: bool
    notes: list[str] = field(default_factory=list)


async def record_run(
    visit: Visit, detail: RunDetail, *, name: str | None, text_of: Callable[[str], tuple[str, str]]
) -> Recording:
    """Makes a case of a run. `text_of(file)` is where it goes instead of the test file beside the flow, or that file,
    and what stands there. Raises CannotRecord."""
    files = FlowFiles(visit.folder, visit.settings, dict.fromkeys(visit.secrets, ""))
    flow = _current(files, detail)
    surroundings = Surroundings(
        variables=visit.settings.vars,
        secrets={secret: stand_in(secret) for secret in visit.secrets},
        triggers=files.kinds.triggers,
        writings=writings_of(visit.settings.outlets),
    )
    began_with = await _began_with(visit, files, detail, flow)
    name = name or f"run {detail.run.id}"
    recorded = record(_disguised(detail, visit.disguise), began_with, surroundings, name=name)
    file, before = text_of(cases_beside(flow.file))
    setting = Setting(surroundings.triggers, visit.settings.vars, visit.secrets)
    text = _added(file, before, recorded.case, began_with, setting)
    case = next((case for case in read_cases(file, text, began_with, setting).cases if case.name == name), None)
    assert case is not None
    return Recording(
        name=name,
        file=file,
        text=text,
        outcome=judge(case, flow, surroundings),
        flow_changed=flow.version != began_with.version,
        notes=recorded.notes,
    )


def _current(files: FlowFiles, detail: RunDetail) -> Flow:
    name = detail.run.flow
    loaded = files.read({})
    flow = next((flow for flow in loaded.flows if flow.name == name), None)
    if flow is None:
        hint = "onebox check tells what is wrong with the flows of the box"
        raise CannotRecord(f"the flow {name} of run {detail.run.id} is gone, or has faults", hint=hint)
    return flow


async def _began_with(visit: Visit, files: FlowFiles, detail: RunDetail, flow: Flow) -> Flow:
    """The text that the run began with."""
    if flow.version == detail.run.version:
        return flow
    bundle = await visit.flow_text(detail.run.version)
    if bundle is None:
        raise CannotRecord(f"the text of {flow.name} that run {detail.run.id} began with is gone")
    try:
        return files.compile_bundle(bundle)
    except OneboxError as error:
        message = (
            f"the text of {flow.name} that run {detail.run.id} began with cannot be used any more: {error.message}"
        )
        raise CannotRecord(message, hint=error.hint) from None


def _disguised(detail: RunDetail, disguise: Callable[[Any], Any]) -> RunDetail:
    """Without a secret: where one stood, there is what a test has in its place."""
    event = replace(detail.event, data=disguise(detail.event.data))
    journal = [replace(line, entry=replace(line.entry, value=disguise(line.entry.value))) for line in detail.journal]
    return replace(detail, event=event, journal=journal)


def _added(file: str, before: str, case: Mapping[str, Any], flow: Flow, setting: Setting) -> str:
    """The whole text of the file, which then has no fault and one case more."""
    stood = read_cases(file, before, flow, setting)
    if stood.faults:
        raise CannotRecord(f"{file} has faults: {stood.faults[0]}", hint="mend them first: onebox check")
    if any(other.name == case["name"] for other in stood.cases):
        raise CannotRecord(f"{file} has a case {case['name']!r} already", hint="give this one another --name")
    try:
        text = with_case(file, before, case)
    except DocumentInvalid as error:
        raise CannotRecord(str(error)) from None
    read = read_cases(file, text, flow, setting)
    if read.faults or len(read.cases) != len(stood.cases) + 1:
        why = read.faults[0].message if read.faults else "it is not read back"
        raise CannotRecord(f"the run cannot be written as a case: {why}")
    return text
