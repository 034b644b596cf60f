from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onebox.kernel.document import DocumentInvalid, read_document

if TYPE_CHECKING:
    from onebox.flows.definition import Fault


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("16:00", "16:00"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("0xZZ", "0xZZ"),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("+1", 1),
        ("1.2.3", "1.2.3"),
        ("1e999", "1e999"),
        ("~", None),
        ("", None),
        ("True", True),
        ('"1"', "1"),
        ("'null'", "null"),
        ("|\n  1\n", "1\n"),
        ("[1, a, {b: c}]", [1, "a", {"b": "c"}]),
    ],
)
def test_scalars_are_yaml_1_2(written: str, value: Any) -> None:
    document = read_document("x.yaml", f"a: {written}\n")

    assert document.value == {"a": value}
    assert not document.faults


def test_places_of_values_and_keys() -> None:
    document = read_document("x.yaml", "a: 1\nb:\n  - c: x\n    d: [y, 'z']\n")

    assert document.place(("b", 0, "d", 1)) == (4, 12)
    assert document.place(("b", 0, "d"), key=True) == (4, 5)
    assert document.place(("b", 0, "nope", "deeper")) == (3, 5)
    assert document.written(("b", 0, "d", 1)) == "z"


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    for text in ("[" * 100_000, "- " * 5_000 + "x", "{a: " * 5_000, "? " * 5_000):
        with pytest.raises(DocumentInvalid) as caught:
            read_document("x.yaml", text)
        assert caught.value.fault.message == "nested more than 100 deep"


def test_a_hundred_levels_are_taken() -> None:
    document = read_document("x.yaml", "[" * 100 + "]" * 100)

    assert isinstance(document.value, list)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    fault = _fault_of(text)

    assert fault is None or 1 <= fault.line <= len(text.splitlines()) + 1


_PLAIN = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))  # beyond, JSON escapes in halves


@given(st.recursive(st.none() | st.booleans() | st.integers() | _PLAIN, st.lists, max_leaves=10))
def test_json_is_yaml(value: Any) -> None:
    assert read_document("x.yaml", json.dumps({"a": value})).value == {"a": value}


def _fault_of(text: str) -> Fault | None:
    try:
        read_document("x.yaml", text)
    except DocumentInvalid as error:
        return error.fault
    return None
