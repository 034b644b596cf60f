from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from onebox.flows.definition.fields import AS_WRITTEN
from onebox.flows.kinds import Nature
from onebox.flows.native import native_steps, native_triggers

STEPS = {kind.name: kind for kind in native_steps()}
TRIGGERS = {kind.name: kind for kind in native_triggers()}


def test_pure_kinds_compute() -> None:
    assert {name for name, kind in STEPS.items() if kind.nature is Nature.pure} == {"set", "render"}
    assert _compute("set", {"value": 1}) == {"value": 1}
    assert _compute("render", {"text": "Hi"}) == "Hi"


def test_the_natures_of_the_others() -> None:
    natures = {name: kind.nature for name, kind in STEPS.items()}

    assert natures["run"] is Nature.child
    assert natures["stop"] is Nature.stop
    assert natures["fail"] is Nature.fail
    assert {name for name, nature in natures.items() if nature is Nature.question} == {"ask"}
    assert {name for name, nature in natures.items() if nature is Nature.effect} == {
        "log",
        "emit",
        "respond",
        "send",
        "edit",
        "answer_callback",
        "typing",
        "broadcast",
        "remember",
        "merge_people",
    }


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("send", {"via": "terminal/main", "to": {"id": 5}, "text": "a", "subject": "b"}),
        ("send", {"via": "discord/log", "markdown": "a"}),
        ("respond", {"status": 201, "json": {"a": 1}, "headers": {"x-a": "b"}}),
        ("run", {"flow": "other", "data": {"a": 1}, "wait": False}),
        ("fail", {"message": "no", "code": "x", "passing": True}),
        ("emit", {"event": "order.paid", "data": {}, "key": "7"}),
        ("log", {"text": "a", "level": "warning"}),
    ],
)
def test_evaluated_arguments_are_taken(kind: str, arguments: dict[str, Any]) -> None:
    STEPS[kind].arguments.model_validate(arguments)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("respond", {"status": 99}),
        ("respond", {"status": "200"}),
        ("log", {"text": "a", "level": "loud"}),
        ("run", {"data": {}}),
        ("emit", {"event": 7}),
    ],
)
def test_wrong_arguments_are_refused(kind: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        STEPS[kind].arguments.model_validate(arguments)


def test_an_expression_is_taken_only_as_it_is_written() -> None:
    status = {"status": "${event.body.status}"}

    STEPS["respond"].arguments.model_validate(status, context=AS_WRITTEN)
    with pytest.raises(ValidationError):  # such a text came from outside
        STEPS["respond"].arguments.model_validate(status)


@pytest.mark.parametrize(
    ("kind", "settings", "topic"),
    [
        ("manual", {}, "manual.w"),
        ("flow", {}, "flow.w"),
        ("event", "order.paid", "order.paid"),
        ("event", {"topic": "order.paid", "where": {"shop": 3}}, "order.paid"),
    ],
)
def test_triggers_name_their_topics(kind: str, settings: Any, topic: str) -> None:
    trigger = TRIGGERS[kind]

    assert trigger.topic("w", trigger.settings.model_validate(settings)) == topic


def test_an_event_is_narrowed_by_its_data() -> None:
    settings = TRIGGERS["event"].settings

    assert settings.model_validate({"topic": "a", "where": {"b": 1}}).where == {"b": 1}  # type: ignore[attr-defined]
    assert settings.model_validate("a").where == {}  # type: ignore[attr-defined]
    for wrong in ("", "${vars.x}", {"topic": ""}, 7):
        with pytest.raises(ValidationError):
            settings.model_validate(wrong)


def _compute(kind: str, arguments: dict[str, Any]) -> Any:
    compute = STEPS[kind].compute
    assert compute is not None
    return compute(arguments)
