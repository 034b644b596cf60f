"""The tests beside the flows of a box: found, read and run. Nothing is sent, asked or kept."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar

from onebox.app.flows import FlowFiles, unreadable
from onebox.app.secrets import Vault
from onebox.app.settings import read_settings
from onebox.flows.testing.cases import Setting, cases_beside, flow_beside, read_cases
from onebox.flows.testing.judging import Outcome, Surroundings, Verdict, judge, stand_in
from onebox.flows.testing.layout import Layout
from onebox.kernel.errors import OneboxError
from onebox.kernel.faults import Fault
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from onebox.app.folder import BoxFolder
    from onebox.flows.handlers import Writing
    from onebox.flows.plan import Flow
    from onebox.flows.testing.cases import Case, CaseFile
    from onebox.flows.testing.seen import Lines
    from onebox.kernel.clock import Clock
    from onebox.kernel.ids import Ids
    from onebox.messaging.channel import Outlet

_WORTH_PROCESSES = 2000
"""cases: a thousand take half a second, which is about what it costs to begin processes and hear from them"""
_CHUNK = 25


class NoSuchTest(OneboxError):
    """Neither a flow nor a test file of the box is called so."""

    code: ClassVar[str] = "no_such_test"


@dataclass(frozen=True)
class Tests:
    """The test files of a box, and all that is wrong with them."""

    files: list[CaseFile]
    faults: list[Fault]


@dataclass(frozen=True)
class Suite:
    """What there is to run: test files, all faults (of theirs and of the flows), the flows that have no test, and what
    a box gives flows in tests."""

    files: list[CaseFile]
    faults: list[Fault]
    untested: list[str]
    setting: Setting
    surroundings: Surroundings


def read_tests(folder: BoxFolder, flows: Sequence[Flow], setting: Setting) -> Tests:
    """All test files of a box with these flows; one without a flow beside it is a fault."""
    sources = folder.test_sources()
    by_file = {flow.file: flow for flow in flows}
    files, faults = [], unreadable(sources)
    for file, text in sources.items():
        if not isinstance(text, str):
            continue
        beside = flow_beside(file)
        read = read_cases(file, text, by_file.get(beside), setting)
        files.append(read)
        faults += read.faults
        if beside not in by_file and beside not in (flow_files := folder.flow_sources()):
            near = did_you_mean(beside, flow_files).removeprefix("; ") or None
            faults.append(Fault(file, 1, 1, f"there is no flow {beside} that it could test", near))
    return Tests(files, sorted(faults))


def load_suite(folder: BoxFolder, wanted: Sequence[str] = ()) -> Suite:
    """The tests of a box, or those that are `wanted`: flows by name, and flow or test files by name or path.

    Raises SettingsInvalid, SecretsUnreadable, NoSuchTest.
    """
    settings, names = read_settings(folder, to_run=False), Vault(folder, {}).names()
    flow_files = FlowFiles(folder, settings, dict.fromkeys(names, ""))
    loaded = flow_files.read({})
    setting = Setting(flow_files.kinds.triggers, settings.vars, names)
    tests = read_tests(folder, loaded.flows, setting)
    chosen = _chosen(folder, wanted, loaded.flows, tests)
    faults = [fault for fault in [*loaded.faults, *tests.faults] if not wanted or _concerns(fault, chosen)]
    tested = {flow_beside(file.file) for file in tests.files if file.cases or file.faults}
    untested = [flow.name for flow in loaded.flows if flow.file not in tested]
    surroundings = Surroundings(
        variables=settings.vars,
        secrets={name: stand_in(name) for name in names},
        triggers=flow_files.kinds.triggers,
        writings=writings_of(settings.outlets),
    )
    files = [file for file in tests.files if not wanted or file.file in chosen]
    return Suite(files, faults, [] if wanted else untested, setting, surroundings)


def _chosen(folder: BoxFolder, wanted: Sequence[str], flows: Sequence[Flow], tests: Tests) -> set[str]:
    known = {flow.name: cases_beside(flow.file) for flow in flows}
    for file in [*(flow.file for flow in flows), *(file.file for file in tests.files)]:
        test = file if file.endswith(cases_beside("")) else cases_beside(file)
        short = file.removeprefix("flows/")
        known |= {file: test, short: test}
        known.setdefault(short.partition(".")[0], test)  # a flow with faults has no name here
    return {_named(folder, name, known) for name in wanted}


def _named(folder: BoxFolder, name: str, known: Mapping[str, str]) -> str:
    if name in known:
        return known[name]
    path = Path(name).resolve()
    if path.is_relative_to(folder.path.resolve()):
        inside = path.relative_to(folder.path.resolve()).as_posix()
        if inside in known:
            return known[inside]
    hint = "name a flow, or a file such as flows/orders.test.yaml"
    raise NoSuchTest(f"there is no flow and no test file {name!r}{did_you_mean(name, known)}", hint=hint)


def _concerns(fault: Fault, chosen: set[str]) -> bool:
    # What is wrong in a template is told with any flow: which of them name it, the fault does not say.
    return not fault.file.endswith(".yaml") or fault.file in chosen or cases_beside(fault.file) in chosen


def writings_of(outlets: Mapping[str, Outlet]) -> Callable[[Clock, Ids, Lines], Mapping[str, Writing]]:
    """What `send`, `emit`, `respond` and `log` are in a test of a box with these accounts: the real ones."""
    from onebox.dispatch.writings import Writings

    def made(clock: Clock, ids: Ids, lines: Lines) -> Mapping[str, Writing]:
        return Writings(
            accounts=outlets, starts=lambda _event: (), mask=lambda value: value, clock=clock, ids=ids, logger=lines
        ).all()

    return made


def cases_of(suite: Suite, words: str | None = None) -> list[tuple[CaseFile, Case]]:
    """The cases to run; with `words`, those that have them in their name or in their file's."""
    found = [(file, case) for file in suite.files for case in file.cases]
    wanted = (words or "").lower()
    return [(file, case) for file, case in found if wanted in f"{case.file} {case.name}".lower()]


def run_cases(
    suite: Suite, cases: Sequence[tuple[CaseFile, Case]], *, processes: int | None = None
) -> Iterator[Outcome]:
    """What becomes of each, in their order. Without `processes`, as many as there are processors for many cases, and
    none but this one for few."""
    if processes is None:
        processes = (os.cpu_count() or 1) if len(cases) > _WORTH_PROCESSES else 1
    if min(processes, len(cases)) > 1 and "fork" in multiprocessing.get_all_start_methods():
        yield from _run_by_children(suite, cases, processes)
    else:
        runner = Runner(suite.surroundings)
        yield from (runner.run(file, case) for file, case in cases)


class Runner:
    """Runs cases, and takes their time."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._layouts: dict[str, Layout] = {}

    def run(self, file: CaseFile, case: Case) -> Outcome:
        """One case; one of a flow with faults fails."""
        if file.flow is None:
            name = flow_beside(file.file)
            return Outcome(case, name, Verdict.failed, f"the flow has faults: onebox check tells those of {name}")
        if file.file not in self._layouts:
            self._layouts[file.file] = Layout(file.flow)
        began = perf_counter()
        outcome = judge(case, file.flow, self._surroundings, self._layouts[file.file])
        return replace(outcome, seconds=perf_counter() - began)


def unreached(suite: Suite, outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """By file of a flow, the steps that act and that no case came to: ids, or paths. `set` and `render` do not act."""
    reached: dict[str, set[str]] = {file.file: set() for file in suite.files}
    for outcome in outcomes:
        reached[outcome.case.file] |= outcome.reached
    found = {}
    for file in suite.files:
        if file.flow is not None:
            steps = [step for step in Layout(file.flow).by_path.values() if step.performed]
            found[file.flow.file] = [step.name or step.path for step in steps if step.path not in reached[file.file]]
    return found


def _run_by_children(suite: Suite, cases: Sequence[tuple[CaseFile, Case]], processes: int) -> Iterator[Outcome]:
    """By forks of this process: they have the compiled flows, which could not be handed over."""
    context = multiprocessing.get_context("fork")
    with context.Pool(min(processes, len(cases)), _Child.begin, (suite, cases)) as pool:
        yield from pool.imap(_Child.run, range(len(cases)), chunksize=_CHUNK)


class _Child:
    """What a forked process works with."""

    runner: ClassVar[Runner]
    cases: ClassVar[Sequence[tuple[CaseFile, Case]]]

    @classmethod
    def begin(cls, suite: Suite, cases: Sequence[tuple[CaseFile, Case]]) -> None:
        cls.runner, cls.cases = Runner(suite.surroundings), cases

    @classmethod
    def run(cls, number: int) -> Outcome:
        return cls.runner.run(*cls.cases[number])
