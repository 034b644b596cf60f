from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onebox.flows.definition import BundleInvalid, FlowLoader, Names
from onebox.flows.kinds import Catalogue
from onebox.flows.plan import Action, Block, Each, Flow, If, Parallel, Place, Repeat, Step, Switch, Try, Wait, WaitFor
from tests.flows.definition.kinds import catalogue, flow_of, load, loader

SCOPE: dict[str, Any] = {"event": {"body": {"n": 3, "kind": "b"}}, "vars": {}, "now": datetime(2026, 3, 28, tzinfo=UTC)}


def _step(steps: str, **files: str) -> Step:
    return flow_of(steps, **files).steps.steps[0]


def test_a_step_knows_its_place_and_name() -> None:
    flow = flow_of("  - do: stop\n  - id: second\n    if: ${event.body.n > 2}\n    do: stop\n")
    first, second = flow.steps.steps

    assert (first.label, first.name, first.place) == ("1", None, Place(4, 5))
    assert (second.label, second.name, second.place) == ("second", "second", Place(5, 5))
    assert second.condition is not None
    assert second.condition(SCOPE) is True


def test_extras_are_compiled() -> None:
    step = _step("""
  - do: log
    with: {text: hi}
    retry: {times: 3, wait: 2s, grow: 2, most: 1m, jitter: 0}
    timeout: 10s
    once: ${event.body.n}
    catch: {value: {code: "${error.code}"}}
""")
    assert step.retry is not None
    assert (step.retry.times, step.retry.wait, step.retry.grow) == (3, timedelta(seconds=2), 2)
    assert (step.retry.most, step.retry.jitter) == (timedelta(minutes=1), 0)
    assert step.timeout is not None
    assert step.timeout({}) == timedelta(seconds=10)
    assert step.timeout.source == "10s"
    assert step.once is not None
    assert step.once(SCOPE) == 3
    assert step.catch is not None
    assert step.catch.value is not None
    assert step.catch.value({"error": {"code": "x"}}) == {"code": "x"}


def test_a_guard_is_no_branch() -> None:
    guarded = _step("  - if: ${event.body.n}\n    steps: [do: stop]\n")
    branching = _step("  - if: ${event.body.n}\n    then: [do: stop]\n    else: [do: stop]\n")

    assert isinstance(guarded.body, Block)
    assert guarded.condition is not None
    assert isinstance(branching.body, If)
    assert branching.condition is None
    assert branching.body.otherwise is not None


@pytest.mark.parametrize(
    ("case", "subject", "expected"),
    [
        ("match: ^a(x)?", "a", {"match": {"0": "a", "1": None}}),
        ("match: ^a", None, None),
        ("match: '1'", 1, None),
        ("equals: b", "b", {}),
        ("equals: [a, b]", "b", {}),
        ("equals: [a, b]", "c", None),
        ("equals: ['${event.body.kind}']", "b", {}),
        ("equals: 1", True, None),
        ("equals: 1", 1.0, {}),
        ("equals: [[1]]", [1], None),
        ("equals: [1]", [1], {}),
        ("when: '${event.body.n > 2}'", "anything", {}),
        ("when: '${event.body.n > 3}'", "anything", None),
    ],
)
def test_a_case_matches(case: str, subject: Any, expected: Any) -> None:
    body = _step(f"  - switch: ${{event.body}}\n    cases:\n      - {case}\n        steps: [do: stop]\n").body
    assert isinstance(body, Switch)

    assert body.cases[0].matches(subject, SCOPE) == expected


def test_a_hostile_text_costs_linear_time() -> None:
    body = _step("  - switch: ${event.body}\n    cases: [{match: '^(a+)+$', steps: [do: stop]}]\n").body
    assert isinstance(body, Switch)

    assert body.cases[0].matches("a" * 100_000 + "b", SCOPE) is None


def test_each_takes_a_step_or_steps() -> None:
    one = _step("  - each: [1, 2]\n    as: item\n    do: log\n    with: {text: '${item} ${index}'}\n").body
    many = _step("  - each: ${event.body}\n    parallel: 3\n    steps: [do: stop]\n").body

    assert isinstance(one, Each)
    assert isinstance(many, Each)
    assert (one.items({}), one.name, one.parallel) == ([1, 2], "item", 1)
    assert isinstance(one.body.body, Action)
    assert (many.name, many.parallel) == ("each", 3)
    assert isinstance(many.body.body, Block)


def test_repeat_has_rounds() -> None:
    fixed = _step("  - repeat: {times: 3, pause: 1s}\n    steps: [do: stop]\n").body
    until = _step("  - repeat: {until: '${done.value}'}\n    steps: [{id: done, do: set, with: {value: 1}}]\n").body

    assert isinstance(fixed, Repeat)
    assert isinstance(until, Repeat)
    assert (fixed.most, fixed.pause, fixed.until) == (3, timedelta(seconds=1), None)
    assert until.most == 1000
    assert until.until is not None


def test_parallel_try_and_waits() -> None:
    steps = """
  - parallel: [{id: a, do: stop}, {do: stop}]
  - try: [do: stop]
    catch: [do: log, do2: x]
    finally: [do: stop]
""".replace("[do: log, do2: x]", "[{do: log, with: {text: '${error.message} ${a}'}}]")
    parallel, trying = (step.body for step in flow_of(steps).steps.steps)

    assert isinstance(parallel, Parallel)
    assert [branch.label for branch in parallel.branches] == ["a", "2"]
    assert isinstance(trying, Try)
    assert trying.catch is not None
    assert trying.catch.body is not None
    assert trying.last is not None


@pytest.mark.parametrize(
    ("written", "now", "expected"),
    [
        ('"2026-05-01T09:00"', "2026-03-28T00:00Z", "2026-05-01T07:00Z"),
        ('"2026-05-01T09:00Z"', "2026-03-28T00:00Z", "2026-05-01T09:00Z"),
        ('"16:00"', "2026-03-28T00:00Z", "2026-03-28T15:00Z"),
        ('"16:00"', "2026-03-28T15:00Z", "2026-03-29T14:00Z"),
        ('"02:30"', "2026-03-28T12:00Z", "2026-03-29T01:30Z"),  # that night has no half past two
        ("${now | plus('1h')}", "2026-03-28T00:00Z", "2026-03-28T01:00Z"),
    ],
)
def test_until_an_instant_or_a_time_of_day(written: str, now: str, expected: str) -> None:
    wait = _step(f"  - wait:\n      until: {written}\n").body
    assert isinstance(wait, Wait)
    assert wait.until is not None

    assert wait.until({"now": datetime.fromisoformat(now)}) == datetime.fromisoformat(expected)


def test_wait_for_an_event() -> None:
    waiting = _step("  - wait_for: {event: order.paid, match: {id: '${event.body.n}'}, timeout: 2d}\n").body
    assert isinstance(waiting, WaitFor)
    assert waiting.timeout is not None

    assert (waiting.topic({}), waiting.match(SCOPE), waiting.timeout({})) == (
        "order.paid",
        {"id": 3},
        timedelta(days=2),
    )


def test_the_whole_flow_is_compiled() -> None:
    flow = flow_of(
        "  - id: a\n    do: set\n    with: {v: 1}\n",
        "on: {webhook: [{path: a}, {path: b}], event: order.paid}\n"
        "limits: {items: 5, time: 1m}\noutput: {v: '${a.v}'}\nkeep: 3d\ntimezone: Asia/Tokyo\n"
        "on_error: [{do: log, with: {text: '${error.message} ${a}'}}]\n",
    )
    assert [(trigger.kind, trigger.topic) for trigger in flow.triggers] == [
        ("webhook", "webhook.a"),
        ("webhook", "webhook.b"),
        ("event", "order.paid"),
    ]
    assert (flow.limits.items, flow.limits.time, flow.limits.concurrency) == (5, timedelta(minutes=1), 100)
    assert flow.output is not None
    assert flow.output({"a": {"v": 1}}) == {"v": 1}
    assert (flow.keep, flow.timezone) == (timedelta(days=3), "Asia/Tokyo")
    assert isinstance(flow.on_error, Block)


def test_sql_may_live_in_a_file() -> None:
    step = _step("  - do: sql\n    with: {file: w.sql, args: {n: '${event.body.n}'}}\n", **{"flows/w.sql": "select :n"})
    assert isinstance(step.body, Action)

    assert step.body.arguments(SCOPE) == {"run": "select :n", "args": {"n": 3}}


def test_a_bundle_gives_the_same_flow_again() -> None:
    files = {"flows/a.md": "Hi ${event.body.n} ${vars.report_to}"}
    flow = flow_of("  - id: a\n    do: render\n    with: {template: a.md}\n", **files)

    again = loader(names=Names(vars=())).compile_bundle(flow.bundle)  # neither the file nor the variable is there now

    assert (again.name, again.version, again.bundle, again.file) == ("w", flow.version, flow.bundle, flow.file)
    assert _text(again, {**SCOPE, "vars": {"report_to": "x"}}) == "Hi 3 x"


def test_the_version_changes_with_any_of_its_files() -> None:
    steps = "  - do: render\n    with: {template: a.md}\n"

    first = flow_of(steps, **{"flows/a.md": "a"})
    same = flow_of(steps, **{"flows/a.md": "a"})
    other = flow_of(steps, **{"flows/a.md": "b"})

    assert first.version == same.version != other.version
    assert len(first.version) == 16


def test_a_bundle_whose_kind_is_gone_is_refused() -> None:
    flow = flow_of("  - do: log\n    with: {text: a}\n")
    known = catalogue()
    poorer = Catalogue({name: kind for name, kind in known.steps.items() if name != "log"}, known.triggers)

    with pytest.raises(BundleInvalid, match=r"flows/w.yaml:4:9: there is no step kind 'log'"):
        FlowLoader(poorer).compile_bundle(flow.bundle)


def test_a_faulty_file_does_not_keep_others_back() -> None:
    good = "flow: good\non: {manual: }\nsteps: [do: stop]\n"

    loaded = load({"flows/bad.yaml": "flow: [", "flows/good.yaml": good})

    assert [flow.name for flow in loaded.flows] == ["good"]
    assert {fault.file for fault in loaded.faults} == {"flows/bad.yaml"}


def _text(flow: Flow, scope: dict[str, Any]) -> Any:
    action = flow.steps.steps[0].body
    assert isinstance(action, Action)
    return action.arguments(scope)["text"]
