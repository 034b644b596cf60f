"""An expression looks; it never changes what it sees, and never reaches beyond it."""

from __future__ import annotations

import copy
import itertools
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onebox.flows.expressions import (
    ExpressionFailed,
    ExpressionInvalid,
    compile_value,
    render_template_text,
)
from onebox.flows.expressions.engine import ENVIRONMENT
from onebox.flows.expressions.filters import BUILT_IN, FILTERS, FUNCTIONS, TESTS
from onebox.flows.expressions.methods import METHOD_NAMES
from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import suggestion
from tests.flows.expressions.scope import scope

_ATTEMPTS = [
    "event.clear()",
    "event.body.clear()",
    "event.body.items.append(1)",
    "event.body.items.pop()",
    "event.pop('text')",
    "event['pop']('text')",
    "event.body['clear']()",
    "(event.body.clear)()",
    "(event.body['clear'])()",
    "[event.body.clear][0]()",
    "[event.body][0].clear()",
    "(event.body).clear()",
    "{'get': event.body.clear}.get()",
    "{'get': event.body.clear}.get('get')()",
    "dict(get=event.body.clear).get()",
    "event.body.get('items').append(1)",
    "event.body.values().append(1)",
    "event.update({'a': 1})",
    "event.setdefault('a', 1)",
    "event.__class__",
    "event.body.items.__len__()",
    "event.text.__class__.__mro__",
    "event | attr('clear')",
    "(event.body | attr('clear'))()",
    "event.body.items | map('attr', 'clear') | list",
    "[event.body] | map(attribute='clear') | first",
    "([event.body] | map(attribute='clear') | first)()",
    "event.body.items | map('pop') | list",
    "event.body.items | map('call_method', 'clear') | list",
    "event.body.items | map('need') | list",
    "event.body | call_method('clear')",
    "namespace(a=event).a.clear()",
    "debug()",
    "event.body.items.sort(reverse=true)",
    "event.body.items.reverse()",
    "event.body.items | reverse | list",
    "event.body.items | sort(attribute='name') | list",
    "event.body | items | list",
    "event.body.items + [1]",
    "self.clear()",
    "event.clear ()",
    "event. clear()",
    "event\n.clear\n()",
    "range.clear()",
    "now.replace(year=1)",
    "event.text.format(event)",
]


@pytest.mark.parametrize("code", _ATTEMPTS)
def test_nothing_changes_the_event(code: str) -> None:
    names, before = scope(), copy.deepcopy(scope())

    for raw in (f"${{{code}}}", f"a ${{{code}}}", {"x": f"${{[{code}]}}"}):
        _try(raw, names)
    assert names == before


@pytest.mark.parametrize("code", _ATTEMPTS)
def test_nothing_changes_the_event_in_a_template(code: str) -> None:
    names, before = scope(), copy.deepcopy(scope())

    for text in (f"${{{code}}}", f"{{% if {code} %}}a{{% endif %}}", f"{{% set f = {code} %}}${{f()}}"):
        _try_template(text, names)
    assert names == before


@given(st.lists(st.sampled_from("event body items clear pop get . [ ] ( ) { } | ' , : 0 default attr map".split())))
def test_no_mixture_changes_the_event(parts: list[str]) -> None:
    names, before = scope(), copy.deepcopy(scope())

    _try(f"${{{''.join(parts)}}}", names)
    assert names == before


@pytest.mark.parametrize("tag", ["include 'x'", "import 'x' as y", "extends 'x'", "macro f()", "call f()", "raw"])
def test_templates_reach_no_other_file(tag: str) -> None:
    with pytest.raises(ExpressionInvalid, match="there is no tag"):
        render_template_text(f"{{% {tag} %}}", {})


def test_the_lists_of_names_are_minijinjas() -> None:
    for name in FILTERS:
        assert "unknown filter" not in _complaint(f"1 | {name}")
    for name in TESTS:
        assert "unknown test" not in _complaint(f"1 is {name}")
    assert set(ENVIRONMENT.globals) == FUNCTIONS
    assert "attr" not in BUILT_IN
    assert not METHOD_NAMES & {"append", "clear", "pop", "update", "sort", "reverse", "insert", "remove", "format"}


def test_a_report_does_not_tell_values() -> None:
    with pytest.raises(ExpressionFailed) as caught:
        compile_value("${1 + secret.token}")({"secret": {"token": "hunter2"}})

    assert "hunter2" not in str(caught.value)


def _try(raw: Any, names: dict[str, Any]) -> None:
    with suppress(OneboxError):
        compile_value(raw)(names)


def _try_template(text: str, names: dict[str, Any]) -> None:
    with suppress(OneboxError):
        render_template_text(text, names)


def _complaint(code: str) -> str:
    try:
        ENVIRONMENT.eval_expr(code)
    except Exception as error:  # noqa: BLE001  whatever a filter says of a number
        return str(error)
    return ""


@pytest.mark.parametrize(
    "code",
    [
        "([event.long] * 50) | join",
        "event.numbers | join(event.long)",
        "event.long.join(event.numbers)",
        "event.numbers | json(indent=10000000)",
        "event.numbers | tojson(indent=-1)",
    ],
)
def test_a_text_does_not_grow_without_bounds(code: str) -> None:
    names = {"event": {"long": "x" * 1_000_000, "numbers": list(range(1000))}}
    with pytest.raises(ExpressionFailed, match=r"longer than|an indent is"):
        compile_value(f"${{{code}}}")(names)


def test_join_reads_as_minijinja_documents_it() -> None:
    names = {"people": [{"name": "Ana"}, {"name": "Bo"}], "mixed": [1, 1.5, "a"]}
    assert compile_value("${people | join(', ', attribute='name')}")(names) == "Ana, Bo"
    assert compile_value("${mixed | join('-')} ${'abc' | join(',')}")(names) == "1-1.5-a a,b,c"


def test_the_nearest_name_is_looked_for_among_so_many_alone() -> None:
    endless = (f"name_{number}" for number in itertools.count())
    assert suggestion("nmae_7", endless) == "did you mean 'name_7'?"
    assert suggestion("x" * 10_000, ["y" * 10_000, "short"]) == "there is: short"
