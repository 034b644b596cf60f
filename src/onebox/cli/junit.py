"""The results of `onebox test` as JUnit XML, which build servers read."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.flows.testing.judging import Outcome

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(outcomes: Sequence[Outcome], seconds: float) -> str:
    """One suite a test file. Characters that XML cannot hold are written as �."""
    root = Element("testsuites", {"name": "onebox", **_counts(outcomes), "time": f"{seconds:.3f}"})
    for file, several in groupby(outcomes, lambda outcome: outcome.case.file):
        _suite(root, file, list(several))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, file: str, outcomes: list[Outcome]) -> None:
    time = f"{sum(outcome.seconds for outcome in outcomes):.3f}"
    suite = SubElement(root, "testsuite", {"name": file, **_counts(outcomes), "time": time})
    for outcome in outcomes:
        _case(suite, outcome)


def _case(suite: Element, outcome: Outcome) -> None:
    from onebox.flows.testing.reporting import details

    name = _safe(outcome.case.name)
    case = SubElement(
        suite,
        "testcase",
        name=name,
        classname=outcome.flow,
        file=outcome.case.file,
        line=str(outcome.case.line),
        time=f"{outcome.seconds:.3f}",
    )
    if outcome.verdict.value == "passed":
        return
    said = outcome.reason.partition("\n")[0] or f"differs in {', '.join(each.field for each in outcome.differences)}"
    failure = SubElement(case, "failure", message=_safe(said), type=outcome.verdict.value)
    failure.text = _safe("\n".join(details(outcome)))


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    failed = sum(outcome.verdict.value != "passed" for outcome in outcomes)
    return {"tests": str(len(outcomes)), "failures": str(failed), "errors": "0"}


def _safe(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
