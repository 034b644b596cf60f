"""Makes a case of a run that happened: its event, what its steps were answered, and what came of it.

The run is played once more as a test plays it, by the text that it began with: what is expected is what that gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.flows.machine.actions import ANSWER
from onebox.flows.machine.machine import ABORT
from onebox.flows.run import EntryKind, RunState
from onebox.flows.testing.answers import Answers, as_answer
from onebox.flows.testing.cases import Case
from onebox.flows.testing.chats import said_in
from onebox.flows.testing.judging import event_of
from onebox.flows.testing.layout import Layout, turns
from onebox.flows.testing.trial import CannotGoOn, Trial
from onebox.flows.testing.values import instant_text, shown, written
from onebox.flows.waiting import matches
from onebox.kernel.encoding import normalise
from onebox.kernel.errors import OneboxError
from onebox.messaging.message import Priority

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from onebox.flows.plan import Flow
    from onebox.flows.records import JournalLine, RunDetail
    from onebox.flows.testing.judging import Surroundings
    from onebox.flows.testing.seen import Seen
    from onebox.messaging.event import Event
    from onebox.messaging.message import Message

_FAILURE = ("code", "message", "passing", "retry_after")
_CHILD = "startchild"
_NO_ANSWER = as_answer("times_out", True)  # noqa: FBT003 - it is a value, not an option
_MOST_TRIES = 100


class CannotRecord(OneboxError):
    """No case can be made of a run; the message says why."""

    code: ClassVar[str] = "cannot_record"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A case as a test file has it, and what of the run it does not show."""

    case: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def record(detail: RunDetail, flow: Flow, surroundings: Surroundings, *, name: str) -> Recorded:
    """`flow` is the text that the run began with. Secrets are out of `detail` already. Raises CannotRecord."""
    _check_over(detail)
    kind, given = _event(detail.event, flow, surroundings)
    case = Case(name, "", 0, 1, 1, kind, given, detail.run.created_at, {}, {}, {}, {})
    layout = Layout(flow)
    try:
        event = event_of(case, flow, surroundings.triggers)
    except OneboxError as refused:
        raise CannotRecord(f"the trigger does not take the event of the run again: {refused.message}") from None
    answers = _answers(detail, surroundings)
    seen = _played(replace(case, answers=answers), event, flow, layout, surroundings)
    asked = {path: answer for path, answer in answers.items() if path in seen.calls}
    made = {
        "name": name,
        "event": {kind: written(given)},
        "now": instant_text(detail.run.created_at),
        "steps": written(_by_name(asked, layout)),
        "expect": _expected(seen),
    }
    notes = [] if event == detail.event.data else ["the event of the test is not in all the event of the run"]
    return Recorded({key: value for key, value in made.items() if value}, notes + _unlike(detail, seen))


def _check_over(detail: RunDetail) -> None:
    run = detail.run
    if run.state in (RunState.ready, RunState.waiting):
        raise CannotRecord(f"run {run.id} is {run.state.value}: it is not over", hint="record it when it has ended")
    if run.state is RunState.cancelled:
        raise CannotRecord(f"run {run.id} was cancelled: there is no end that a test could expect")
    if any(line.entry.path == ABORT for line in detail.journal):
        code = (run.error or {}).get("code", "failed")
        raise CannotRecord(f"run {run.id} was ended from outside ({code}), which no test can do")


def _event(event: Event, flow: Flow, surroundings: Surroundings) -> tuple[str, Mapping[str, Any]]:
    """The kind of trigger that the event came by, and what a test gives it."""
    for trigger in flow.triggers:
        if trigger.topic == event.topic and matches(trigger.where, event.data):
            return trigger.kind, surroundings.triggers[trigger.kind].given(trigger.settings, event.data)
    for kind in ("manual", "flow"):
        if event.topic == f"{kind}.{flow.name}":
            return kind, event.data
    raise CannotRecord(f"the flow {flow.name} has no trigger for its event {event.topic}")


def _answers(detail: RunDetail, surroundings: Surroundings) -> dict[str, Any]:
    """By path: what the journal has, but for what a test does by itself."""
    waited = {child.parent_path for child in detail.children}
    attempts: dict[str, dict[int, Any]] = {}
    for line in detail.journal:
        if line.entry.path.endswith(ANSWER):
            attempts.setdefault(line.entry.path.removesuffix(ANSWER), {})[1] = as_answer(
                "result", said_in(line.entry.value)
            )
        elif _is_asked_for(line, waited, surroundings):
            attempts.setdefault(line.entry.path, {})[line.entry.attempt] = _answer(line)
    return {path: _joined(several) for path, several in attempts.items()}


def _is_asked_for(line: JournalLine, waited: Collection[str | None], surroundings: Surroundings) -> bool:
    entry = line.entry
    if entry.kind is EntryKind.fired:
        return False
    if line.step_kind == _CHILD and entry.kind is EntryKind.result:
        return entry.path in waited
    return entry.kind is EntryKind.skipped or line.step_kind not in surroundings.written_kinds


def _answer(line: JournalLine) -> Any:
    entry = line.entry
    if entry.kind is EntryKind.skipped:
        return as_answer("skipped", True)  # noqa: FBT003 - it is a value, not an option
    if entry.kind is EntryKind.failure:
        return as_answer("fails", {key: entry.value[key] for key in _FAILURE if entry.value.get(key) is not None})
    return as_answer("result", entry.value)


def _joined(attempts: Mapping[int, Any]) -> Any:
    if attempts.keys() == {1}:
        return attempts[1]
    return {"attempts": [attempts.get(number, _NO_ANSWER) for number in range(1, max(attempts) + 1)]}


def _played(case: Case, event: Mapping[str, Any], flow: Flow, layout: Layout, surroundings: Surroundings) -> Seen:
    """Plays the run. What it asks for and was not answered, as it was withdrawn meanwhile, is added to the answers."""
    for _ in range(_MOST_TRIES):
        start = surroundings.start(case, event)
        trial = Trial(flow, start, Answers(case.answers, layout), surroundings.writings)
        try:
            return trial.play()
        except CannotGoOn as stuck:
            if not stuck.missing:
                hint = "variables of box.yaml may have changed since, or the order in which answers came matters"
                raise CannotRecord(f"the run cannot be played again: {stuck}", hint=hint) from None
            for missing in stuck.missing:
                _add_silence(case.answers, missing.path, missing.attempt)
    raise CannotRecord("the run cannot be played again: too many of its steps have no answer in its journal")


def _add_silence(answers: Any, path: str, attempt: int) -> None:
    before = answers.get(path)
    known = before["attempts"] if isinstance(before, dict) and before.keys() == {"attempts"} else [before]
    answers[path] = _NO_ANSWER if attempt == 1 else {"attempts": [*known, _NO_ANSWER]}


def _by_name(answers: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    """Under ids where each stands for one answer, or for one a round; else under paths."""
    by_name: dict[str, dict[str, Any]] = {}
    named: dict[str, Any] = {}
    for path, answer in answers.items():
        step = layout.find(path)
        if step is None or step.name is None:
            named[path] = answer
        else:
            by_name.setdefault(step.name, {})[path] = answer
    for name, several in by_name.items():
        if not layout.by_name[name].loops and len(several) == 1:
            named[name] = next(iter(several.values()))
        else:
            rounds = _one_a_round(several)
            named |= several if rounds is None else {name: rounds}
    return named


def _one_a_round(answers: Mapping[str, Any]) -> list[Any] | None:
    """The list with one answer a round; None where rounds are missing, or are in more than one loop."""
    by_round = {turns(path)[0]: answer for path, answer in answers.items() if len(turns(path)) == 1 and "~" not in path}
    if len(by_round) < len(answers) or sorted(by_round) != list(range(len(by_round))):
        return None
    return [by_round[number] for number in range(len(by_round))]


def _expected(seen: Seen) -> dict[str, Any]:
    expected = {name: getattr(seen, name) for name in ("sends", "emits", "responds") if getattr(seen, name)}
    if seen.error is not None:
        expected["error"] = {"code": seen.error["code"], "message": seen.error["message"]}
    elif seen.output is not None:
        expected["output"] = seen.output
    made: dict[str, Any] = shown(normalise(expected))
    return made


def _unlike(detail: RunDetail, seen: Seen) -> list[str]:
    run = detail.run
    if run.state.value != seen.state:
        return [f"the run ended as {run.state.value}; played again, it ends as {seen.state}"]
    if run.error is not None and seen.error is not None and run.error.get("code") != seen.error["code"]:
        return [f"the run failed with {run.error.get('code')}; played again, it fails with {seen.error['code']}"]
    sent = _count_of_sends([one.message for one in detail.messages])
    if sent != len(seen.sends):
        return [f"the run sent {sent} messages; played again, it sends {len(seen.sends)}"]
    return []


def _count_of_sends(messages: Sequence[Message]) -> int:
    """As a test counts them: a broadcast is one, and what ends a button's waiting is none."""
    broadcasts = {message.broadcast for message in messages if message.broadcast is not None}
    single = [one for one in messages if one.broadcast is None and one.priority is not Priority.signal]
    return len(single) + len(broadcasts)
