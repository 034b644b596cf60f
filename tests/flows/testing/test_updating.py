"""What was seen is written where it belongs, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from onebox.flows.testing.judging import Verdict
from onebox.flows.testing.updating import updated
from onebox.flows.testing.yaml_text import inline, yaml_lines
from tests.flows.testing.boxes import flow_of, outcomes, told
from tests.flows.testing.test_yaml_text import PLAIN

FLOW = flow_of(
    """\
  - {id: got, do: http.get, with: {url: "https://a.example"}}
  - {do: send, with: {via: email/office, to: ana@example.org, text: "${event.body}"}}
  - {do: send, with: {via: slack/team, text: "two\\nlines"}}
output: ${event.query}
"""
)


def after_update(text: str) -> str:
    differing = [one for one in outcomes(FLOW, text) if one.verdict is Verdict.differs]
    return updated("flows/w.test.yaml", text, differing)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "sends: [{to: ana@example.org, text: Bye}, {via: slack/team}]  # short",
            "sends: [{to: ana@example.org, text: Hi}, {via: slack/team}]  # short",
        ),
        (
            "sends: [{to: bo}]",
            'sends: [{to: ana@example.org}, {via: slack/team, to: team, text: "two\\nlines"}]',
        ),
        (
            "sends:  # who hears\n      - to: bo  # first\n        text: 'Hi'\n      # then\n      - {text: x}",
            (
                "sends:  # who hears\n      - to: ana@example.org  # first\n        text: 'Hi'\n      # then\n"
                '      - {text: "two\\nlines"}'
            ),
        ),
        (
            "sends:\n      - to: ana@example.org\n      - text: |\n          three\n          lines\n\n    # the end\n    state: done",
            "sends:\n      - to: ana@example.org\n      - text: |-\n          two\n          lines\n\n    # the end\n    state: done",
        ),
        (
            "sends:\n      - to: bo\n    output: {}",
            (
                "sends:\n      - to: ana@example.org\n      - via: slack/team\n        to: team\n        text: |-\n"
                "          two\n          lines\n    output: {}"
            ),
        ),
        ("output:\n    state: done", "output: {}\n    state: done"),
        ("{sends: [], output: {a: 1}}", None),
        ("steps: [got, got, x1]", None),
        ("steps: [got, '3', '2']", 'steps: [got, "2", "3"]'),
        ("calls: {got: {url: b}}", "calls: {got: {url: https://a.example}}"),
        ("calls:\n      got:\n        url: b # c", "calls:\n      got:\n        url: https://a.example # c"),
    ],
)
def test_only_what_differs_is_replaced(before: str, after: str | None) -> None:
    head = "# the tests\n- name: a\n  event: {webhook: {body: Hi}}\n  steps: {got: 1}\n  expect:"
    joint = " " if before.startswith("{") else "\n    "
    if "x1" in before:
        before = before.replace(", x1", "")
        after = 'steps: [got, "2", "3"]'
    if after is None:
        after = before.replace(
            "sends: []",
            'sends: [{via: email/office, to: ana@example.org, text: Hi}, {via: slack/team, to: team, text: "two\\nlines"}]',
        ).replace("{a: 1}", "{}")
    tail = "\n\n# the last\n- name: b\n  steps: {got: 1}\n"

    text = after_update(f"{head}{joint}{before}{tail}")

    assert text == f"{head}{joint}{after}{tail}"
    assert told(FLOW, text) == ""


EXPECTED = some.recursive(
    PLAIN,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(expected=EXPECTED, seen=EXPECTED, block=some.booleans())
def test_any_expectation_passes_once_it_was_updated(expected: Any, seen: Any, *, block: bool) -> None:
    case = {"name": "a", "event": {"webhook": {"body": "x", "query": {"q": seen}}}, "steps": {"got": 1}}
    case["expect"] = {"output": {"q": expected}, "state": "done"}
    text = "\n".join(yaml_lines([case])) + "\n" if block else f"- {inline(case)}\n"

    fresh = after_update(text)

    assert told(FLOW, fresh) == ""
    assert after_update(fresh) == fresh
