"""What is written as YAML is read back equal."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from onebox.flows.testing.values import meant, written
from onebox.flows.testing.yaml_text import inline, scalar, yaml_lines
from onebox.kernel.document import read_document

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=20) | some.sampled_from(
    [
        "on",
        "null",
        "~",
        "1e3",
        "0x1F",
        "16:00",
        "- a",
        "a: b",
        "a #b",
        "<<",
        "'",
        "a\n  b\n",
        "a\n\nb",
        "\ta\nb",
        "a \nb",
        "é\x85",
        "\ufeff",
        "\U0001f600",
        "---",
        "{a}",
        "$instant",
    ]
)
PLAIN = (
    some.none()
    | some.booleans()
    | some.integers(-(10**30), 10**30)
    | some.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
TREES = some.recursive(
    PLAIN | some.binary(max_size=5) | some.datetimes(timezones=some.just(UTC)),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def read_back(text: str) -> Any:
    document = read_document("a.yaml", text)
    assert document.faults == []

    def fault(*told: Any) -> None:
        raise AssertionError(told)

    return meant(document.value, fault)


@given(value=TREES)
def test_any_value_comes_back_from_blocks(value: Any) -> None:
    assert read_back("".join(f"{line}\n" for line in yaml_lines([written(value)]))) == [value]


@given(value=TREES)
def test_any_value_comes_back_from_one_line(value: Any) -> None:
    text = inline([written(value)])

    assert "\n" not in text
    assert read_back(text) == [value]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Lead 7: Ana", '"Lead 7: Ana"'),
        ("hello, Ana", "hello, Ana"),
        ("https://a.example/?b=c#d", "https://a.example/?b=c#d"),
        ("@news", '"@news"'),
        ("", '""'),
        ("7", '"7"'),
        (7.0, "7.0"),
    ],
)
def test_only_what_must_be_is_quoted(value: Any, text: str) -> None:
    assert scalar(value, in_flow=False) == text


def test_a_text_of_several_lines_stands_as_it_is() -> None:
    assert yaml_lines({"a": "one\n\n  two\n", "b": [{"c": "x\ny"}]}) == [
        "a: |",
        "  one",
        "",
        "    two",
        "b:",
        "  - c: |-",
        "      x",
        "      y",
    ]
