"""The four flows that the format was made for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onebox.flows.plan import Action, Each, Flow, Parallel, Step, Switch
from tests.flows.definition.kinds import load

if TYPE_CHECKING:
    from onebox.flows.definition import Loaded

FOLDER = Path(__file__).parent / "examples"
ALERT = "flow: alert\non: {flow: }\nsteps:\n  - do: log\n    with: {text: '${event.error.message}'}\n"


def example_files() -> dict[str, str]:
    """All files of the folder, and the flow that one of them names."""
    found = {f"flows/{path.name}": path.read_text() for path in FOLDER.iterdir()}
    return {**found, "flows/alert.yaml": ALERT}


@pytest.fixture(name="loaded", scope="module")
def loaded_examples() -> Loaded:
    return load(example_files())


def test_all_are_without_a_fault(loaded: Loaded) -> None:
    assert [str(fault) for fault in loaded.faults] == []
    assert [flow.name for flow in loaded.flows] == [
        "alert",
        "contact-form",
        "daily-report",
        "dispatcher",
        "feeds-to-channel",
    ]


def test_the_dispatcher_finds_its_case(loaded: Loaded) -> None:
    flow = _flow(loaded, "dispatcher")
    switch = flow.steps.steps[0].body
    assert isinstance(switch, Switch)
    scope = _scope(text="/order 17 please", sender={"id": 5})
    subject = switch.subject(scope)

    assert [case.matches(subject, scope) for case in switch.cases] == [
        {"match": {"0": "/order 17", "1": "17", "number": "17"}},
        None,
    ]
    assert switch.otherwise is not None
    assert flow.limits.per_sender == 1
    assert flow.on_error == "alert"


def test_the_dispatcher_answers_from_a_file(loaded: Loaded) -> None:
    switch = _flow(loaded, "dispatcher").steps.steps[0].body
    assert isinstance(switch, Switch)

    given = _arguments(switch.cases[1].body.steps[0], _scope(sender={"id": 5}))

    assert given == {"to": {"id": 5}, "text": "Write `/order 123` to hear where your order is."}


def test_feeds_are_told_once(loaded: Loaded) -> None:
    [step] = _flow(loaded, "feeds-to-channel").steps.steps
    assert step.once is not None
    scope = _scope(link="https://news.example/1", title="News")

    assert len(step.once(scope)) == 64
    assert _arguments(step, scope)["text"] == "*News*\nhttps://news.example/1"


def test_the_form_tells_two_at_once(loaded: Loaded) -> None:
    lead, telling = _flow(loaded, "contact-form").steps.steps
    assert isinstance(telling.body, Parallel)
    scope = _scope(fields={"name": "Ana", "email": "ana@example.org"}) | {"lead": {"row": {"id": 7}}}

    mail, note = (_arguments(branch, scope) for branch in telling.body.branches)

    assert _arguments(lead, scope)["args"] == {"name": "Ana", "email": "ana@example.org"}
    assert mail["text"] == "Dear Ana,\n\nwe got your message and will answer soon."
    assert note == {"via": "discord/log", "text": "Lead 7: Ana"}


def test_the_report_survives_a_source_that_is_down(loaded: Loaded) -> None:
    metrics, digest, _mail, _chat = _flow(loaded, "daily-report").steps.steps
    each = metrics.body
    assert isinstance(each, Each)
    assert (each.parallel, metrics.retry, metrics.catch) == (3, None, None)
    assert each.body.retry is not None
    assert each.body.retry.times == 5
    assert each.body.catch is not None
    assert each.body.catch.value is not None
    assert each.body.catch.value({}) is None
    scope = _scope() | {"metrics": [{"body": {"name": "visits", "value": 12}}, None]}

    assert _arguments(digest, scope) == {"text": "# Yesterday\n\n- visits: 12\n- one source did not answer"}


def _flow(loaded: Loaded, name: str) -> Flow:
    return next(flow for flow in loaded.flows if flow.name == name)


def _arguments(step: Step, scope: dict[str, Any]) -> Any:
    assert isinstance(step.body, Action)
    return step.body.arguments(scope)


def _scope(**event: Any) -> dict[str, Any]:
    return {"event": event, "vars": {}, "now": datetime(2026, 1, 1, tzinfo=UTC)}
