from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from markupsafe import Markup

from onebox.flows.expressions import ExpressionFailed, compile_value, is_constant, names
from tests.flows.expressions.scope import AT, scope, value_of


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain", "plain"),
        ("$${event.text}", "${event.text}"),
        (7, 7),
        (None, None),
        ("${event.body.amount}", 3),
        ("${event.body.items.1.name}", "cake"),
        ("${event.body.items[0].items[0]}", 1),
        ("${event.body.items[-1].name}", "cake"),
        ("${event.headers['content-type']}", "application/json"),
        ("${event.get}", 5),
        ("${event.note}", None),
        ("${match.0} ${match.number}", "/order 12 12"),
        ("${event.body.amount * 2 + 1}", 7),
        ("${event.body.amount} ${event.body.currency}", "3 EUR"),
        ("${event.note or ''}|", "|"),
        ("${true} ${vars.rate} ${event.at}", "true 1.5 2026-03-29T00:30:00+00:00"),
        ("${vars.cities}", ["Bonn", "Ulm"]),
        ("in ${vars.cities}", 'in ["Bonn","Ulm"]'),
        ("${event.text.upper()}", "X<Y"),
        ("${event.body.get('vat', 19)}", 19),
        ("${', '.join(vars.cities)}", "Bonn, Ulm"),
        ("${event.body.items | map(attribute='name') | list}", ["tea", "cake"]),
        ("${(event.body.items | first).name}", "tea"),
        ("${event.body.items[event.body.amount - 2].name}", "cake"),
        ("${vars.cities[1:]}", ["Ulm"]),
        ("${{'a': [event.text], 'b': null}}", {"a": ["x<y"], "b": None}),
        ("${'yes' if event.body.amount > 2 else 'no'}", "yes"),
        ("${event.text is defined and event.nope is not defined}", True),
        ("${event.nope | default('none')}", "none"),
        ("${event.nope.deeper | default('none')}", "none"),
        ("${event.nope.deeper is defined}", False),
        ("${3 if event.text else event.nope}", 3),
        ("${event.body.amount or event.nope}", 3),
        ("${(event.body.items | first).nope | default(4)}", 4),
        ("${event.body.amount | string | length}", 1),
        ("${range(3)}", [0, 1, 2]),
    ],
)
def test_an_expression_gives(raw: Any, expected: Any) -> None:
    assert value_of(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("${'abc' | sha256}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("${event.body.currency | json}", '"EUR"'),
        ("${'<' | tojson}", '"<"'),
        ("${event.text | e}", "x&lt;y"),
        ("""${'{"a": [1]}' | from_json}""", {"a": [1]}),
        ("${'añ' | base64}", "YcOx"),
        ("${'YcOx' | from_base64}", "añ"),
        ("${'Größe & Äpfel' | slug}", "grosse-apfel"),
        ("**${'5 * 3 [now]' | escape_markdown}**", r"**5 \* 3 \[now\]**"),
        ("${'2026-01-02T03:04:05+02:00' | datetime}", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("${0 | datetime}", datetime(1970, 1, 1, tzinfo=UTC)),
        ("${'1h 30m' | duration}", timedelta(minutes=90)),
        ("${'1h 30m' | seconds}", 5400),
        ("${now | plus('3d')}", AT + timedelta(days=3)),
        ("${now | minus('1h')}", AT - timedelta(hours=1)),
        ("${now | minus(event.at)}", timedelta(0)),
        ("${now | in_timezone('Europe/Berlin') | date_format('%d.%m.%Y %H:%M')}", "29.03.2026 01:30"),
        ("${(now | plus('1h')) | in_timezone('Europe/Berlin') | date_format('%H:%M')}", "03:30"),
        ("${now.year}-${now.strftime('%m')}", "2026-03"),
        ("${now > event.at}", False),
    ],
)
def test_a_filter_gives(raw: str, expected: Any) -> None:
    assert value_of(raw) == expected


@pytest.mark.parametrize("filtered", ["tojson", "json", "e", "escape", "upper", "urlencode", "indent(2)", "title"])
def test_no_filter_gives_markup(filtered: str) -> None:
    value = value_of(f"${{event.text | {filtered}}}")

    assert type(value) is str
    assert not isinstance(value_of(f"a ${{event.text | {filtered}}} b"), Markup)


def test_a_subtree_is_the_very_same_object() -> None:
    names_in_scope = scope()

    assert compile_value("${event.body}")(names_in_scope) is names_in_scope["event"]["body"]


def test_constants_of_an_expression_are_folded() -> None:
    assert is_constant(compile_value("${60 * 60}"))
    assert not is_constant(compile_value("${now}"))


def test_a_constant_tree_cannot_be_changed_by_who_gets_it() -> None:
    formula = compile_value({"list": [1, {"a": 2}]})
    given = formula({})
    given["list"][1]["a"] = 3

    assert formula({}) == {"list": [1, {"a": 2}]}


def test_trees_hold_expressions_anywhere() -> None:
    raw = {"to": "${event.body.currency}", "lines": ["$${x}", {"n": "${event.body.amount}"}], "c": [1]}

    formula = compile_value(raw)

    assert formula(scope()) == {"to": "EUR", "lines": ["${x}", {"n": 3}], "c": [1]}
    assert formula.source is raw


def test_names_are_told() -> None:
    formula = compile_value({"a": "${event.body.total * vars.rate}", "b": ["${now} ${order.row['the id']}"]})

    assert names(formula) == {"event.body.total", "vars.rate", "now", "order.row['the id']"}


def test_endless_work_ends() -> None:
    formula = compile_value("${'x' * (event.body.amount * 1000000000)}")

    with pytest.raises(ExpressionFailed, match="more work than"):
        formula(scope())
