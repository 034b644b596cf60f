from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from onebox.connectors.code.arguments import PythonArguments, python_kind
from onebox.connectors.http.arguments import Asking, Telling, http_kinds
from onebox.flows.definition.fields import AS_WRITTEN


def faults(model: Any, **given: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as error:
        model.model_validate(given, context=AS_WRITTEN)
    return [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.value.errors()]


def test_there_is_a_kind_for_each_method() -> None:
    names = [kind.name for kind in http_kinds()]
    assert names == ["http.get", "http.head", "http.post", "http.put", "http.patch", "http.delete"]


@pytest.mark.parametrize(
    "given",
    [
        {"url": "${vars.shop}/orders"},
        {
            "url": "https://shop.example/",
            "auth": "${each.auth}",
            "timeout": "${vars.limit}",
            "follow": "${vars.follow}",
        },
        {"url": "https://shop.example/", "auth": {"basic": {"user": "${vars.user}", "password": "office"}}},
        {
            "url": "https://shop.example/",
            "auth": {"query": "key", "secret": "shop"},
            "timeout": "5s",
            "max_bytes": "5MB",
        },
        {
            "url": "https://shop.example/",
            "query": {"a": [1, "${x}"]},
            "headers": "${vars.headers}",
            "expect": ["200-299", 404],
        },
    ],
)
def test_what_is_sound_is_taken(given: dict[str, Any]) -> None:
    assert Asking.model_validate(given, context=AS_WRITTEN).model_fields_set == set(given)


@pytest.mark.parametrize(
    ("given", "place", "message"),
    [
        ({"url": "shop.example"}, "url", "expected a URL that begins with http:// or https://"),
        ({"auth": {"bearer": 7}}, "auth", "expected the name of a secret, {bearer: NAME}, {basic: {user: TEXT,"),
        ({"auth": {"bearer": "a", "basic": "b"}}, "auth", "expected the name of a secret"),
        ({"expect": ["2xx"]}, "expect", "expected a status such as 404, or a range such as 200-299"),
        ({"timeout": "soon"}, "timeout", "expected a duration such as 10s, 15m, 2h or 90d, got 'soon'"),
        ({"max_bytes": "big"}, "max_bytes", "expected a size such as 500KB, 1MB or 256MB, got 'big'"),
        ({"follow": "no"}, "follow", "Input should be a valid boolean"),
        ({"jsn": 1}, "jsn", "Extra inputs are not permitted"),
    ],
)
def test_a_fault_is_found_when_the_flow_is_read(given: dict[str, Any], place: str, message: str) -> None:
    [(where, said)] = faults(Telling, **{"url": "https://shop.example/", **given})
    assert where == place
    assert said.startswith(message)


def test_one_body_is_enough() -> None:
    [(_, said)] = faults(Telling, url="https://shop.example/", json={"a": 1}, form={"b": 2})
    assert said == "a request has one body, and here are json and form"


def test_what_asks_has_no_body() -> None:
    assert faults(Asking, url="https://shop.example/", json=1) == [("json", "Extra inputs are not permitted")]


def test_python_arguments_are_read() -> None:
    given = {"function": "totals.total", "args": {"a": "${event.a}"}, "time": "5s", "memory": "64MB"}
    assert PythonArguments.model_validate(given, context=AS_WRITTEN).memory == 64_000_000
    assert python_kind().arguments is PythonArguments


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"function": "${event.f}"}, "no expression may stand here"),
        ({"function": "total"}, "expected module.name, a function of the folder code/"),
        ({"function": "a.b", "memory": 0}, "expected a size such as 500KB, 1MB or 256MB, got 0"),
    ],
)
def test_a_fault_of_a_python_step_is_found(given: dict[str, Any], message: str) -> None:
    assert [said for _, said in faults(PythonArguments, **given)] == [message]


@pytest.mark.parametrize("model", [Asking, Telling, PythonArguments])
def test_each_has_a_schema(model: Any) -> None:
    schema = model.model_json_schema()
    assert schema["additionalProperties"] is False
