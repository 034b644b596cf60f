"""The tests of the four flows that the format was made for."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from onebox.flows.testing.cases import flow_beside
from onebox.flows.testing.schema import schema_of_tests
from onebox.kernel.document import read_document
from tests.flows.definition.test_examples import example_files
from tests.flows.testing.boxes import compiled, kinds, told

EXAMPLES = {f"flows/{path.name}": path.read_text() for path in (Path(__file__).parent / "examples").iterdir()}
FLOWS = compiled(example_files())


@pytest.mark.parametrize("file", sorted(EXAMPLES))
def test_every_case_passes(file: str) -> None:
    assert told(FLOWS[flow_beside(file)], EXAMPLES[file]) == ""


def test_each_of_the_four_has_tests() -> None:
    assert {flow_beside(file) for file in EXAMPLES} == FLOWS.keys() - {"flows/alert.yaml"}


@pytest.mark.parametrize("file", sorted(EXAMPLES))
def test_the_schema_takes_them(file: str) -> None:
    schema = schema_of_tests(kinds())
    Draft202012Validator.check_schema(schema)

    errors = Draft202012Validator(schema).iter_errors(read_document(file, EXAMPLES[file]).value)

    assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[{}]",
        "[{name: a, event: {webhok: {}}}]",
        "[{name: a, event: {webhook: {}, manual: {}}}]",
        "[{name: a, expect: {sent: []}}]",
        "[{name: a, expect: {sends: {}}}]",
    ],
)
def test_the_schema_refuses_what_is_broken(text: str) -> None:
    value = read_document("x.test.yaml", text).value

    assert not Draft202012Validator(schema_of_tests(kinds())).is_valid(value)
