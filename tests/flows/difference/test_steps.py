"""Which step is which, and what is risky."""

from __future__ import annotations

from typing import Any

import pytest

from onebox.flows.difference import Box, Change, Finding, FlowText, Risk, compare
from onebox.kernel.encoding import to_json


def text_of(*steps: Any, **more: Any) -> str:
    return to_json({"flow": "w", "on": {"manual": None}, "steps": list(steps), **more})


def findings(before: str, after: str) -> list[Finding]:
    old, new = (Box([FlowText("w", "flows/w.yaml", text)]) for text in (before, after))
    return [finding for part in compare(old, new, lambda kind: kind != "log") for finding in part.findings]


def told(before: str, after: str) -> list[tuple[str, str, str | None]]:
    """Change, subject, and the step's path."""
    return [(one.change.value, one.subject, one.spot.path if one.spot else None) for one in findings(before, after)]


def log(text: str, **more: Any) -> dict[str, Any]:
    return {"do": "log", "with": {"text": text}, **more}


def send(to: str, text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"do": "send", "with": {"via": "terminal/main", "to": to, "text": text}, **more}


def test_the_step_in_the_middle_is_the_one_that_is_gone() -> None:
    before = [log("one"), log("two"), log("three")]

    assert told(text_of(*before), text_of(before[0], before[2])) == [("removed", "step", "2")]
    assert told(text_of(before[0], before[2]), text_of(*before)) == [("added", "step", "2")]


def test_a_changed_step_beside_a_new_one_is_found_by_its_likeness() -> None:
    before = text_of(send("ana", "your order is on its way"), log("end"))
    after = text_of(send("desk", "a new customer"), send("ana", "your order is on its way, soon"), log("end"))

    assert told(before, after) == [("added", "step", "1"), ("changed", "with.text", "2")]


def test_a_step_keeps_its_id_wherever_it_goes() -> None:
    before = text_of(log("a", id="a"), {"if": True, "then": [send("ana", id="b")]})
    after = text_of({"if": True, "then": [log("a", id="a")]}, send("bilal", id="b"))

    assert told(before, after) == [
        ("moved", "step", "1.then.a"),
        ("changed", "with.to", "b"),
        ("moved", "step", "b"),
    ]


def test_a_new_order_names_the_fewest_steps() -> None:
    steps = [log(name, id=name) for name in "abcde"]

    found = findings(text_of(*steps), text_of(steps[4], *steps[:4]))

    assert [(one.change, one.spot and one.spot.path, one.beside) for one in found] == [(Change.reordered, "e", None)]


def test_equal_steps_that_change_places_are_no_change() -> None:
    steps = [log("a"), log("a"), log("b")]

    assert findings(text_of(*steps), text_of(*[dict(step) for step in steps])) == []


def test_branches_at_the_same_time_have_no_order() -> None:
    before, after = (text_of({"parallel": names}) for names in ([log("a"), log("b")], [log("b"), log("a")]))

    assert [(one.change, one.risk) for one in findings(before, after)] == [(Change.reordered, Risk.low)]


@pytest.mark.parametrize(
    "shape",
    [
        lambda steps: {"if": True, "then": steps},
        lambda steps: {"if": True, "then": [log("x")], "else": steps},
        lambda steps: {"switch": "${event.x}", "cases": [{"equals": 1, "steps": steps}]},
        lambda steps: {"switch": "${event.x}", "cases": [{"equals": 1, "steps": [log("x")]}], "else": steps},
        lambda steps: {"each": [1], "steps": steps},
        lambda steps: {"repeat": {"times": 2}, "steps": steps},
        lambda steps: {"parallel": steps},
        lambda steps: {"try": steps, "catch": [log("x")]},
        lambda steps: {"try": [log("x")], "catch": steps},
        lambda steps: {"try": [log("x")], "finally": steps},
        lambda steps: {"steps": steps},
        lambda steps: {**log("x"), "catch": {"steps": steps}},
    ],
)
def test_every_shape_is_walked(shape: Any) -> None:
    before, after = text_of(shape([send("ana")])), text_of(shape([send("bilal")]))

    [found] = findings(before, after)

    assert (found.subject, found.before, found.after, found.risk) == ("with.to", "ana", "bilal", Risk.high)
    assert found.spot is not None
    assert found.spot.path.startswith("1.")


HTTP: dict[str, Any] = {"do": "http.post", "with": {"url": "https://a.example.org/x", "json": {"a": 1}}}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (text_of(send("ana")), text_of(log("x")), "effect_lost"),
        (text_of(log("x")), text_of(log("x"), send("ana")), "recipient"),
        (text_of(send("ana")), text_of(send("bilal")), "recipient"),
        (text_of(HTTP), text_of({**HTTP, "with": {**HTTP["with"], "url": "https://b.example.org/x"}}), "recipient"),
        (text_of(HTTP), text_of({**HTTP, "with": {**HTTP["with"], "auth": "token"}}), "secret"),
        (text_of(HTTP), text_of({**HTTP, "with": {**HTTP["with"], "private_networks": True}}), "door"),
        (text_of(HTTP), text_of({**HTTP, "do": "http.put"}), "act"),
        (text_of(log("x"), limits={"items": 10}), text_of(log("x"), limits={"items": 20}), "limit"),
        (text_of(send("a", once="x")), text_of(send("a")), "repeats"),
        (text_of(send("a", once="x", id="a")), text_of(send("a", once="x", id="b")), "repeats"),
        (text_of(send("a", catch={"value": 1})), text_of(send("a")), "unheard"),
        (text_of(log("x"), on_error="alert"), text_of(log("x")), "unheard"),
        (text_of({"do": "sql", "with": {"run": "select 1"}}), text_of({"do": "sql", "with": {"run": "drop table a"}}), "data"),
        (text_of(log("x")), text_of(log("x"), {"do": "sql", "with": {"run": "delete from a"}}), "data"),
        (
            text_of({"do": "sql", "with": {"run": "update a set b = 1 where c = 2"}}),
            text_of({"do": "sql", "with": {"run": "update a set b = 1"}}),
            "data",
        ),
        (text_of(log("x"), keep="3d"), text_of(log("x"), keep="1d"), "kept"),
        (text_of(log("x"), on={"event": "a.b"}), text_of(log("x"), on={"event": "a.c"}), "callers"),
        (text_of(log("x"), on={"webhook": {"path": "a", "auth": {"bearer": "t"}}}), text_of(log("x"), on={"webhook": {"path": "a"}}), "door"),
        (text_of({"do": "sql", "with": {"run": "select 1"}}), text_of({"do": "sql", "with": {"run": "select 1", "database": "x"}}), "elsewhere"),
    ],
)  # fmt: skip
def test_what_is_risky_is_high_and_says_why(before: str, after: str, reason: str) -> None:
    risky = [one.reason.value for one in findings(before, after) if one.risk is Risk.high and one.reason]

    assert reason in risky


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (text_of(send("ana")), text_of(send("ana", "good day"))),
        (text_of(log("x"), description="a"), text_of(log("x"), description="b")),
        (text_of(log("x")), text_of(log("y", name="tell"))),
        (text_of(log("x"), limits={"items": 20}), text_of(log("x"), limits={"items": 10})),
        (text_of(send("ana", retry={"times": 1})), text_of(send("ana", retry={"times": 5}))),
        (text_of(send("ana")), text_of({"if": "${event.a}", "then": [send("ana")]})),
        (text_of({"do": "sql", "with": {"run": "select 1"}}), text_of({"do": "sql", "with": {"run": "select 2 -- drop"}})),
    ],
)  # fmt: skip
def test_the_rest_is_not_risky(before: str, after: str) -> None:
    found = findings(before, after)

    assert found != []
    assert [one for one in found if one.risk is Risk.high] == []


def test_a_step_that_becomes_another_shape_is_another_step() -> None:
    before, after = text_of(send("ana", id="a")), text_of({"id": "a", "wait": "3d"})

    assert told(before, after) == [("removed", "step", "a"), ("added", "step", "a")]


def test_long_flows_are_compared_at_once() -> None:
    steps = [log(f"step {number}", id=f"s{number}") for number in range(600)]
    after = [log(f"step {number} more", id=f"s{number}") for number in range(600) if number % 7]

    found = findings(text_of(*steps), text_of(*after))

    assert sum(one.change is Change.removed for one in found) == 86
    assert sum(one.subject == "with.text" for one in found) == 514
