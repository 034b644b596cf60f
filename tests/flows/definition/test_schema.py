from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from onebox.flows.definition import json_schema
from onebox.kernel.document import read_document
from tests.flows.definition.kinds import catalogue
from tests.flows.definition.test_examples import example_files

_HEAD = "flow: w\non: {webhook: {path: w}}\n"


@pytest.fixture(name="validator", scope="module")
def schema_validator() -> Draft202012Validator:
    schema = json_schema(catalogue())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("file", sorted(name for name in example_files() if name.endswith(".yaml")))
def test_examples_are_valid(file: str, validator: Draft202012Validator) -> None:
    value = read_document(file, example_files()[file]).value

    assert [error.message for error in validator.iter_errors(value)] == []


@pytest.mark.parametrize(
    "steps",
    [
        "[{wait: 3d}, {wait: {until: '16:00'}}, {wait_for: {event: a, timeout: '${vars.x}'}}]",
        "[{repeat: {times: 3}, steps: [{do: stop}]}, {parallel: [{do: stop}]}]",
        "[{try: [{do: stop}], catch: {value: 1}, finally: [{do: stop}]}]",
        "[{if: '${a}', then: [{do: stop}], else: [{do: stop}]}, {if: true, do: stop}]",
        "[{do: log, with: '${a.b}'}, {do: log, with: {text: a, level: '${b}'}}]",
        "[{do: sql, with: {file: a.sql}}, {do: sql, with: {run: select 1}}]",
        "[{each: [1], do: log, with: {text: a}, parallel: 2}, {each: '${x}', steps: [{do: stop}]}]",
        "[{do: set, with: {anything: [1]}}, {do: send, with: {to: a, buttons: []}}]",
    ],
)
def test_steps_are_valid(steps: str, validator: Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(_value(f"{_HEAD}steps: {steps}"))] == []


@pytest.mark.parametrize(
    "text",
    [
        "on: {manual: }\nsteps: [{do: stop}]",
        "flow: w\nsteps: [{do: stop}]",
        "flow: w\non: {}\nsteps: [{do: stop}]",
        "flow: w\non: {telegrm: {bot: a}}\nsteps: [{do: stop}]",
        "flow: w\non: {webhook: {pth: w}}\nsteps: [{do: stop}]",
        f"{_HEAD}steps: []",
        f"{_HEAD}steps: [{{do: lgo, with: {{text: a}}}}]",
        f"{_HEAD}steps: [{{do: log}}]",
        f"{_HEAD}steps: [{{do: log, with: {{txt: a}}}}]",
        f"{_HEAD}steps: [{{do: log, with: {{text: a, level: loud}}}}]",
        f"{_HEAD}steps: [{{do: stop, wait: 3d}}]",
        f"{_HEAD}steps: [{{do: stop, retry: {{times: 0}}}}]",
        f"{_HEAD}steps: [{{do: stop, timeout: 3x}}]",
        f"{_HEAD}steps: [{{if: a, then: [{{do: stop}}]}}]",
        f"{_HEAD}steps: [{{switch: '${{a}}', cases: [{{match: a, equals: b, steps: [{{do: stop}}]}}]}}]",
        f"{_HEAD}steps: [{{each: '${{a}}'}}]",
        f"{_HEAD}limits: {{concurency: 1}}\nsteps: [{{do: stop}}]",
    ],
)
def test_what_is_broken_is_not_valid(text: str, validator: Draft202012Validator) -> None:
    assert not validator.is_valid(_value(text))


def _value(text: str) -> Any:
    return read_document("x.yaml", text).value
