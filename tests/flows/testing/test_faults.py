"""Every message about a test file, as its reader sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onebox.flows.testing.cases import read_cases
from tests.flows.testing.boxes import SETTING, flow_of

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

FLOW = flow_of(
    """\
  - {id: lead, do: sql, with: {run: select 1}}
  - {id: title, do: set, with: {text: a}}
  - {id: paid, wait_for: {event: paid}}
  - {wait: 3d}
  - id: prices
    each: [1, 2]
    do: http.get
    with: {url: a}
"""
)
BROKEN = {
    "a mapping": "name: a\n",
    "a case that is a text": "- a\n",
    "no YAML": "- name: [a\n",
    "a key twice": "- {name: a, name: b}\n",
    "an unknown key": "- {name: a, evnt: {webhook: {}}}\n",
    "no name": "- {event: {webhook: {}}}\n",
    "a name twice": "- {name: a}\n- {name: a}\n",
    "an unknown trigger": "- {name: a, event: {webhok: {}}}\n",
    "a trigger that the flow does not have": "- {name: a, event: {schedule: {}}}\n",
    "two triggers": "- {name: a, event: {webhook: {}, manual: {}}}\n",
    "an event that is no mapping": "- {name: a, event: {webhook: 3}}\n",
    "no instant": "- {name: a, now: 2026-01-15}\n",
    "an unknown variable": "- {name: a, vars: {report_too: b}}\n",
    "an unknown secret": "- {name: a, secrets: {crm_tokn: b}}\n",
    "a secret that is a number": "- {name: a, secrets: {crm_token: 7}}\n",
    "an unknown step": "- {name: a, steps: {laed: 1}}\n",
    "a step that is nothing like any": "- {name: a, steps: {xyzzy: 1}}\n",
    "a step that is computed": "- {name: a, steps: {title: 1}}\n",
    "a path that is a number": "- {name: a, steps: {4: 1}}\n",
    "a wait that is answered": '- {name: a, steps: {"4": 1}}\n',
    "a wait_for that fails": "- {name: a, steps: {paid: {fails: x}}}\n",
    "a step without once that is skipped": "- {name: a, steps: {lead: {skipped: true}}}\n",
    "a failure with an unknown key": "- {name: a, steps: {lead: {fails: {cod: x}}}}\n",
    "attempts that are no list": "- {name: a, steps: {lead: {attempts: 3}}}\n",
    "attempts within attempts": "- {name: a, steps: {lead: {attempts: [{attempts: [1]}]}}}\n",
    "an answer that times out perhaps": "- {name: a, steps: {prices: [1, {times_out: yes}]}}\n",
    "no bytes": "- {name: a, steps: {lead: {a: {$bytes: '?'}}}}\n",
    "an unknown expectation": "- {name: a, expect: {sent: []}}\n",
    "an expectation that is no list": "- {name: a, expect: {sends: {to: a}}}\n",
    "an expected step that is not there": "- {name: a, expect: {steps: [lead, prces], calls: {titel: {}}}}\n",
    "an expected step that is computed": "- {name: a, expect: {steps: [title]}}\n",
    "no regular expression": "- {name: a, expect: {output: {text: {matches: '['}}}}\n",
    "a refusal with more": "- {name: a, expect: {refused: true, output: 1}}\n",
    "a refusal that is false": "- {name: a, expect: {refused: false}}\n",
}


@pytest.mark.parametrize("slip", BROKEN)
def test_a_slip_is_told(slip: str, snapshot: SnapshotAssertion) -> None:
    faults = read_cases("flows/w.test.yaml", BROKEN[slip], FLOW, SETTING).faults

    assert faults
    assert "\n".join(map(str, faults)) == snapshot


def test_a_case_with_a_fault_leaves_the_others_as_they_are() -> None:
    file = read_cases("flows/w.test.yaml", "- {name: a}\n- {name: b, evnt: 1}\n- {name: c}\n", FLOW, SETTING)

    assert [(case.name, case.number, case.line) for case in file.cases] == [("a", 0, 1), ("c", 2, 3)]


def test_steps_are_not_judged_by_a_flow_that_has_faults() -> None:
    text = "- {name: a, event: {schedule: {}}, steps: {laed: {fails: {cod: 1}}}, expect: {steps: [x]}}\n"

    [fault] = read_cases("flows/w.test.yaml", text, None, SETTING).faults

    assert "'cod' is not known here" in fault.message


@pytest.mark.parametrize("text", ["", "# none yet\n", "\n"])
def test_a_file_may_hold_no_case(text: str) -> None:
    file = read_cases("flows/w.test.yaml", text, FLOW, SETTING)

    assert (file.cases, file.faults) == ([], [])
