from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from onebox.connectors.sql.arguments import SqlArguments, sql_kind
from onebox.connectors.sql.statement import is_read, parameters, read_statement
from onebox.flows.definition.fields import AS_WRITTEN


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("insert into t (a, b) values (:a, :b), (:a, 1)", {"a", "b"}),
        ("select a::text, :x::int from t", {"x"}),
        ("select ':a', \"b:c\", `d:e`, 'it''s :f'", set()),
        (r"select e'\':a', :b", {"b"}),
        ("select 1 -- :a\n, :b /* :c\n :d */, :e", {"b", "e"}),
        ("select $$ :a $$, $tag$ $$ :b $tag$, :c", {"c"}),
        ("select a[1:2], '10:30', 5 % :d", {"d"}),
        ("select 'open :a", set()),
        ("select /* open :a", set()),
        ("select a := :b", {"b"}),
    ],
)
def test_parameters_are_found_where_they_are_parameters(text: str, names: set[str]) -> None:
    assert parameters(text) == names


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("select * from t", True),
        ("  -- all\n SELECT 1", True),
        ("with a as (select 1) select * from a", True),
        ("values (1)", True),
        ("select 'delete from t'", True),
        ('select "update" from t', True),
        ("with a as (delete from t returning *) select * from a", False),
        ("select * into u from t", False),
        ("select * from t for update", False),
        ("explain analyze delete from t", False),
        ("insert into t values (1)", False),
        ("pragma user_version = 3", False),
        ("", False),
    ],
)
def test_reading_is_told_from_writing(text: str, *, reads: bool) -> None:
    assert is_read(text) is reads


@pytest.mark.parametrize(
    ("text", "more"), [("select 1;", False), ("select 1; -- end", False), ("select 1; drop t", True)]
)
def test_a_second_statement_is_noticed(text: str, *, more: bool) -> None:
    assert read_statement(text).more is more


def test_the_drivers_style_keeps_percent_signs() -> None:
    statement = read_statement("select :a where b like 'x%' and 5 % 2 = :a")
    assert statement.with_marks("%(", ")s", double_percent=True) == "select %(a)s where b like 'x%%' and 5 %% 2 = %(a)s"


@given(some.text(alphabet=":ab'\"-/*$?;e%\\ \n", max_size=40))
def test_nothing_is_lost_of_any_text(text: str) -> None:
    assert read_statement(text).with_marks(":", "") == text


@given(some.text(alphabet=":ab'\"-/* \n", max_size=30))
def test_parameters_are_those_that_sqlite_sees(text: str) -> None:
    statement = "select 1 where 1 in (1 " + text
    connection = sqlite3.connect(":memory:")
    asked: list[str] = []

    class Given(dict[str, Any]):
        def __missing__(self, key: str) -> int:
            asked.append(key)
            return 0

    try:
        connection.execute(statement, Given())
    except sqlite3.Error:
        return  # no statement of SQLite: it says nothing about its parameters
    finally:
        connection.close()
    assert set(asked) == parameters(statement)


def faults(**given: Any) -> list[str]:
    with pytest.raises(ValidationError) as error:
        SqlArguments.model_validate(given, context=AS_WRITTEN)
    return [fault["msg"] for fault in error.value.errors()]


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"run": "select ${event.id}"}, "no expression may stand here"),
        ({"run": "select :a; select :b"}, "there is more than one statement; use a step for each"),
        ({"run": " -- nothing"}, "there is no statement"),
        ({"run": "select * from t where a = ?"}, "? is a parameter without a name; write :name"),
        ({"run": "select $1"}, "$1 is a parameter without a name; write :name"),
        (
            {"run": "select :name, :email", "args": {"name": 1}},
            "the statement asks for :email, which args does not give",
        ),
        ({"run": "select :name"}, "the statement asks for :name, which args does not give"),
        (
            {"run": "select :name", "args": {"name": "${event.name}", "nmae": 1}},
            "the statement has no parameter :nmae; did you mean 'name'?",
        ),
        ({}, "Field required"),
    ],
)
def test_a_fault_is_found_when_the_flow_is_read(given_: dict[str, Any], message: str) -> None:
    assert faults(**given_) == [message]


@pytest.mark.parametrize(
    "given_",
    [
        {"run": "insert into leads values (:name, :email)", "args": "${event.fields}"},
        {"run": "select :name", "args": {"name": 1}},
        {"run": "select 1", "limit": "${vars.most}", "database": "crm"},
    ],
)
def test_what_is_sound_is_taken(given_: dict[str, Any]) -> None:
    taken = SqlArguments.model_validate(given_, context=AS_WRITTEN)
    assert taken.model_fields_set == set(given_)
    assert sql_kind().arguments is SqlArguments
