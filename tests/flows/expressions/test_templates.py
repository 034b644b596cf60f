from __future__ import annotations

import pytest

from onebox.flows.expressions import compile_template, render_template_text
from tests.flows.expressions.scope import scope


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi ${event.body.currency}\n", "Hi EUR"),
        ("$${x} ${event.text}", "${x} x<y"),
        ("{# nobody sees this #}a", "a"),
        ("a {% if event.note %}b{% else %}c{% endif %}\nd", "a c\nd"),
        ("{% if event.nope is defined %}a{% endif %}b", "b"),
        ("${event.nope | default('x')}", "x"),
        ("${event.text.upper()}", "X<Y"),
        ("${ {'a': '}'}['a'] }", "}"),
        ("{% set n = event.body.amount %}${n * 2}", "6"),
        ("{% for key, value in event.headers.items() %}${key}=${value}{% endfor %}", "content-type=application/json"),
        ("${true} ${vars.cities}", 'true ["Bonn","Ulm"]'),
        ("100% {a} {{b}}", "100% {a} {{b}}"),
    ],
)
def test_a_template_gives(text: str, expected: str) -> None:
    assert render_template_text(text, scope()) == expected


def test_tags_on_lines_of_their_own_leave_no_lines() -> None:
    text = """Order:
{% for item in event.body.items %}
  {% if item.name == 'tea' %}
- ${loop.index}. ${item.name}
  {% endif %}
{% endfor %}
Bye
"""
    assert render_template_text(text, scope()) == "Order:\n- 1. tea\nBye"


def test_names_of_loops_are_not_asked_from_outside() -> None:
    template = compile_template("{% for item in event.items %}${item.price * vars.rate}${loop.index}{% endfor %}")

    assert {reference.keys for reference in template.references} == {("event", "items"), ("vars", "rate")}
