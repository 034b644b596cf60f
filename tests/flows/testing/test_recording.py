"""A run that is recorded is a case that passes."""

from __future__ import annotations

import itertools
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings

from onebox.flows.machine.commands import Command, Perform, Sleep, StartChild
from onebox.flows.plan import Each, Flow, Step
from onebox.flows.records import JournalLine, RunDetail
from onebox.flows.run import Entry, EntryKind, Run, RunState
from onebox.flows.testing.appending import with_case
from onebox.flows.testing.cases import read_cases
from onebox.flows.testing.judging import Verdict, judge
from onebox.flows.testing.recording import CannotRecord, record
from onebox.kernel.encoding import dump
from onebox.messaging.event import Event
from tests.flows.machine.plans import START, Player, machine
from tests.flows.machine.test_replay import flows, salts
from tests.flows.testing.boxes import SETTING, SURROUNDINGS, flow_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onebox.flows.machine.machine import Machine

FILE = "flows/w.test.yaml"


def with_ids(part: Any, numbers: Iterator[int]) -> Any:
    """A plan in which every other step has an id, as flows that were compiled have them."""
    if isinstance(part, Step):
        number = next(numbers)
        named = {"label": f"s{number}", "name": f"s{number}"} if number % 2 else {"name": None}
        return replace(part, **named, body=with_ids(part.body, numbers), catch=with_ids(part.catch, numbers))
    if isinstance(part, Each):
        return replace(part, body=replace(with_ids(part.body, numbers), name=None))
    if isinstance(part, (list, tuple)):
        return [with_ids(item, numbers) for item in part]
    if is_dataclass(part) and not isinstance(part, (type, Flow)):
        return replace(part, **{one.name: with_ids(getattr(part, one.name), numbers) for one in fields(part)})
    return part


class PunctualPlayer(Player):
    """Timers fire in the order in which they are due, and before anything is answered later than that."""

    def choices(self, playing: Machine) -> list[tuple[str, Command]]:
        due = sorted((one.until, path) for path, one in playing.pending.items() if isinstance(one, Sleep))
        first = due[0][1] if due else None
        if first is not None and due[0][0] <= playing.now + timedelta(seconds=1):
            return [(first, playing.pending[first])]
        return [each for each in super().choices(playing) if each[0] == first or not isinstance(each[1], Sleep)]


def event_of(flow: str, data: Mapping[str, Any], topic: str | None = None) -> Event:
    return Event("e1", "manual", topic or f"manual.{flow}", START, data, dump(data))


def detail_of(flow: Flow, journal: list[Entry], state: str, *, event: Event | None = None, **ended: Any) -> RunDetail:
    """What is kept of a run with this journal."""
    event = event or event_of(flow.name, {})
    playing = machine(flow, event.data)
    playing.advance()
    lines, children = [], []
    for position, entry in enumerate(journal, 1):
        command = playing.waits_for(entry.path)
        if isinstance(command, StartChild) and command.wait:
            children.append(Run("r2", "e2", command.flow, "v", START, parent_run_id="r1", parent_path=entry.path))
        kind = command.kind if isinstance(command, Perform) else type(command).__name__.lower()
        lines.append(JournalLine(position, kind, entry))
        playing.feed(entry)
        playing.advance()
    run = Run("r1", "e1", flow.name, flow.version, START, state=RunState(state), ended_at=START, **ended)
    return RunDetail(run, event, lines, [], [], [], children)


def passes(detail: RunDetail, flow: Flow) -> bool:
    text = with_case(FILE, "", record(detail, flow, SURROUNDINGS, name="a run").case)
    [case] = read_cases(FILE, text, flow, SETTING).cases
    return judge(case, flow, SURROUNDINGS).verdict is Verdict.passed


@settings(max_examples=150, deadline=None)
@given(plan=flows(), salt=salts)
def test_any_run_that_is_recorded_passes(plan: Flow, salt: str) -> None:
    numbers = itertools.count()
    plan = replace(plan, steps=with_ids(plan.steps, numbers), on_error=with_ids(plan.on_error, numbers))
    player = PunctualPlayer(plan, salt)
    finish = player.play()
    assume(finish is not None)
    assert finish is not None

    detail = detail_of(plan, player.journal, finish.state.value)
    try:
        passed = passes(detail, plan)
    except CannotRecord as refused:  # where the order in which answers came decides, no case can say it
        assert "waits for ever" in refused.message  # noqa: PT017 - it is the one reason that there may be
    else:
        assert passed


def entry(path: str, value: Any, kind: EntryKind = EntryKind.result, attempt: int = 1) -> Entry:
    return Entry(path, kind, value, START, attempt)


ALL_SORTS = flow_of(
    """\
  - {id: got, do: http.get, with: {url: a}, timeout: 5s}
  - {id: sum, do: run, with: {flow: child}}
  - {id: loose, do: run, with: {flow: child, wait: false}}
  - {id: paid, wait_for: {event: paid, match: {id: 1}}}
  - {do: send, once: a, with: {via: slack/team, text: a}}
  - {id: twice, each: [1, 2], steps: [{id: one, do: http.get, with: {url: a}}, {do: http.get, with: {url: b}}]}
output: ${got.body}
""",
    "on: {manual: }\n",
)
JOURNAL = [
    entry("got", {"at": START, "raw": b"\xff"}),
    entry("sum", {"skipped": True}),
    entry("loose", {"run_id": "r9"}),
    entry("paid", {"id": 1, "sum": 20}, EntryKind.event),
    entry("5", None, EntryKind.skipped),
    entry("twice[0].one", 1),
    entry("twice[0].2", 2),
    entry("twice[1].one", [3]),
    entry("twice[1].2", {"code": "c", "message": "m", "passing": False, "step": "x"}, EntryKind.failure),
]


def test_all_sorts_of_answers_are_written() -> None:
    detail = detail_of(ALL_SORTS, JOURNAL, "failed", error={"code": "c"})

    recorded = record(detail, ALL_SORTS, SURROUNDINGS, name="all")

    assert recorded.notes == []
    assert recorded.case["steps"] == {
        "got": {"at": {"$instant": "2026-03-29T00:30:00Z"}, "raw": {"$bytes": "/w=="}},
        "sum": {"result": {"skipped": True}},
        "paid": {"id": 1, "sum": 20},
        "5": {"skipped": True},
        "one": [1, [3]],
        "twice[0].2": 2,
        "twice[1].2": {"fails": {"code": "c", "message": "m", "passing": False}},
    }
    assert recorded.case["expect"] == {"error": {"code": "c", "message": "m"}}
    assert passes(detail, ALL_SORTS)


def test_what_was_never_answered_never_comes() -> None:
    flow = flow_of(
        "  - parallel:\n      - {id: slow, do: http.get, with: {url: a}}\n      - {id: bad, do: http.get, with: {url: b}}\n"
    )
    failure = {"code": "c", "message": "m", "passing": False}
    detail = detail_of(
        flow, [entry("1.bad", failure, EntryKind.failure)], "failed", event=event_of("w", {}, "manual.w"), error=failure
    )

    assert record(detail, flow, SURROUNDINGS, name="a").case["steps"] == {
        "bad": {"fails": failure},
        "slow": {"times_out": True},
    }
    assert passes(detail, flow)


def test_what_a_case_cannot_show_is_noted() -> None:
    flow = flow_of("  - {do: stop, with: {output: 1}}\n")

    [note] = record(detail_of(flow, [], "failed", error={"code": "x"}), flow, SURROUNDINGS, name="a").notes

    assert note == "the run ended as failed; played again, it ends as done"


@pytest.mark.parametrize(
    ("state", "topic", "journal", "why"),
    [
        ("waiting", "manual.w", [], "is waiting: it is not over"),
        ("cancelled", "manual.w", [], "was cancelled"),
        ("failed", "manual.w", [entry("!abort", {"code": "time_limit"}, EntryKind.failure)], "ended from outside"),
        ("done", "form.w", [], "the flow w has no trigger for its event form.w"),
    ],
)
def test_what_is_no_case_is_refused(state: str, topic: str, journal: list[Entry], why: str) -> None:
    flow = flow_of("  - {do: stop}\n")
    detail = detail_of(flow, journal, state, event=event_of("w", {}, topic))

    with pytest.raises(CannotRecord, match=why):
        record(detail, flow, SURROUNDINGS, name="a")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "- name: new\n"),
        ("# none yet", "# none yet\n- name: new\n"),
        ("- name: a", "- name: a\n- name: new\n"),
        ("  - name: a\n", "  - name: a\n  - name: new\n"),
    ],
)
def test_a_case_stands_as_those_before_it(before: str, after: str) -> None:
    assert with_case(FILE, before, {"name": "new"}) == after


def test_a_list_on_one_line_is_left_as_it_is() -> None:
    with pytest.raises(CannotRecord, match="is no list that a case could be added to"):
        with_case(FILE, "[{name: a}]\n", {"name": "new"})
