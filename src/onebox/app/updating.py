"""`onebox test --update`: the test files are written anew where a flow does something else than they expect."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from onebox.app.testing import Runner
from onebox.flows.testing.cases import read_cases
from onebox.flows.testing.judging import Verdict
from onebox.flows.testing.updating import updated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.app.folder import BoxFolder
    from onebox.app.testing import Suite
    from onebox.flows.testing.cases import CaseFile
    from onebox.flows.testing.judging import Outcome


@dataclass(frozen=True)
class Updated:
    """The cases that were updated, by file and name, and why files were left as they are."""

    names: frozenset[tuple[str, str]] = frozenset()
    kept: list[str] = field(default_factory=list)


def update_files(folder: BoxFolder, suite: Suite, outcomes: Sequence[Outcome]) -> Updated:
    """Writes what was seen into the cases that differ; those that failed otherwise stay. Raises OSError."""
    differing = [outcome for outcome in outcomes if outcome.verdict is Verdict.differs]
    files = {file.file: file for file in suite.files}
    names, kept = set(), []
    for name, several in groupby(differing, lambda outcome: outcome.case.file):
        cases, file = list(several), files[name]
        if file.faults:
            kept.append(f"{name}: not updated, as it has faults")
        elif _rewritten(folder, suite, file, cases):
            names |= {(name, outcome.case.name) for outcome in cases}
        else:
            kept.append(f"{name}: not updated: what was seen cannot be written so that it is read back")
    return Updated(frozenset(names), kept)


def _rewritten(folder: BoxFolder, suite: Suite, file: CaseFile, outcomes: Sequence[Outcome]) -> bool:
    """Writes the file, once it is sure that its cases then pass and its others are what they were."""
    text = folder.text_of(file.file)
    fresh = updated(file.file, text, outcomes)
    again = read_cases(file.file, fresh, file.flow, suite.setting)
    changed = {outcome.case.number for outcome in outcomes}
    if again.faults or len(again.cases) != len(file.cases):
        return False
    runner = Runner(suite.surroundings)
    for before, after in zip(file.cases, again.cases, strict=True):
        if before.number in changed:
            if runner.run(file, after).verdict is not Verdict.passed:
                return False
        elif replace(after, line=before.line, column=before.column) != before:
            return False
    folder.write(file.file, fresh)
    return True
