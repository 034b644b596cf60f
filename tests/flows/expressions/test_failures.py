"""Every message, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onebox.flows.expressions import ExpressionFailed, ExpressionInvalid, compile_value, render_template_text
from tests.flows.expressions.scope import scope

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

_FAILING = [
    "${evnt.text}",
    "${event.body.amuont}",
    "${event.note.x}",
    "${event.body.items.7}",
    "${event.body.items.name}",
    "${event.text.x}",
    "${event.headers.content-type}",
    "a ${event.note} b",
    "${[event.nope]}",
    "${event.nope | length}",
    "${event.nope if event.text else 3}",
    "${(event.body.items | first).nam}",
    "${event.text.values()}",
    "${event.note.upper()}",
    "${event.body.amount / 0}",
    "${event.text + 1}",
    "${'x' if event.note}",
    "${event.body.items[9:] | first}",
    "${event.text | int}",
    "${event.text | duration}",
    "${event.text | datetime}",
    "${event.text | from_json}",
    "${event.text | from_base64}",
    "${now | in_timezone('Europe/Berln')}",
    "${now.strftime('%100000d')}",
    "${('x' * 4000).replace('x', 'y' * event.body.amount * 1000)}",
]
_INVALID = [
    "${",
    "${}",
    "${event.text",
    "${'a}",
    "${event.text)}",
    "${1 +}",
    "${a b}",
    "${event.text && 1}",
    "${event?.text}",
    "${$event}",
    "${uper(event.text)}",
    "${event.text | uper}",
    "${event.text is evn}",
    "${event.body.clear()}",
    "${(event.body)()}",
    "${event.}",
    "${event | }",
    "${_private}",
    "${1 / 0}",
    "${" + "(" * 60 + ")" * 60 + "}",
]


@pytest.mark.parametrize("raw", _FAILING)
def test_what_fails_when_it_is_run(raw: str, snapshot: SnapshotAssertion) -> None:
    formula = compile_value(raw)

    with pytest.raises(ExpressionFailed) as caught:
        formula(scope())
    assert str(caught.value) == snapshot


@pytest.mark.parametrize("raw", _INVALID)
def test_what_is_refused_when_it_is_read(raw: str, snapshot: SnapshotAssertion) -> None:
    with pytest.raises(ExpressionInvalid) as caught:
        compile_value(raw)
    assert f"at {caught.value.offset}: {caught.value}" == snapshot


@pytest.mark.parametrize(
    "text",
    [
        "${evnt}",
        "${event.note}",
        "{% for item in event.body.items %}${item.price}{% endfor %}",
        "{% for item in event.nope %}{% endfor %}",
    ],
)
def test_what_fails_in_a_template(text: str, snapshot: SnapshotAssertion) -> None:
    with pytest.raises(ExpressionFailed) as caught:
        render_template_text(text, scope())
    assert str(caught.value) == snapshot


@pytest.mark.parametrize(
    "text",
    ["{% fro x in y %}", "a\n{% if x %}", "{% for x %}{% endfor %}", "{# open", "{% open", "a\n\n${1 +}", "${x | up}"],
)
def test_what_is_refused_in_a_template(text: str, snapshot: SnapshotAssertion) -> None:
    with pytest.raises(ExpressionInvalid) as caught:
        render_template_text(text, scope())
    assert f"at {caught.value.offset}: {caught.value}" == snapshot
