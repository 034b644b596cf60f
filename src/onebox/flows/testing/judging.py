"""Runs one case, and says whether the flow does what it must."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import EventRefused
from onebox.flows.testing.answers import Answers
from onebox.flows.testing.comparing import Difference, differences
from onebox.flows.testing.layout import Layout, without_turns
from onebox.flows.testing.trial import CannotGoOn, Missing, Start, Trial
from onebox.flows.testing.values import written
from onebox.flows.testing.yaml_text import inline, scalar, yaml_lines
from onebox.flows.waiting import matches
from onebox.kernel.encoding import normalise
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from onebox.flows.kinds import TriggerKind
    from onebox.flows.plan import Flow
    from onebox.flows.testing.cases import Case
    from onebox.flows.testing.seen import Seen
    from onebox.flows.testing.trial import MakeWritings


class Verdict(StrEnum):
    """`differs`: it came to its end, and did something else. `failed`: it cannot be said, or the run failed."""

    passed = "passed"
    differs = "differs"
    failed = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case. `reason` says why it failed, `differences` in what it differs. `reached` are the paths,
    without the numbers of loops, of what was performed. `seconds` is what it took."""

    case: Case
    flow: str
    verdict: Verdict
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    reached: frozenset[str] = frozenset()
    seconds: float = 0.0


WRITTEN_KINDS = (
    "send", "ask", "edit", "answer_callback", "typing", "broadcast", "remember", "merge_people", "emit", "respond", "log",
)  # fmt: skip
"""kinds of steps that are changes of the box's own rows"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a box gives its flows in a test: variables, stand-ins for secrets, its triggers, and what writes for it
    (`written_kinds` are the kinds of steps that do)."""

    variables: Mapping[str, Any]
    secrets: Mapping[str, str]
    triggers: Mapping[str, TriggerKind]
    writings: MakeWritings
    written_kinds: Collection[str] = WRITTEN_KINDS

    def start(self, case: Case, event: Mapping[str, Any]) -> Start:
        """What the run of a case begins with."""
        return Start(event, case.now, {**self.variables, **case.variables}, {**self.secrets, **case.secrets})


def stand_in(secret: str) -> str:
    """The value that a secret has in tests.

    >>> stand_in("crm_token")
    'secret:crm_token'
    """
    return f"secret:{secret}"


def judge(case: Case, flow: Flow, surroundings: Surroundings, layout: Layout | None = None) -> Outcome:
    """Runs a case. Never raises for what the case and the flow say."""
    layout = layout or Layout(flow)
    try:
        event = event_of(case, flow, surroundings.triggers)
    except OneboxError as refusal:
        return _refused(case, flow, refusal)
    if "refused" in case.expect:
        return Outcome(case, flow.name, Verdict.failed, "the trigger takes the event, which it was to refuse")
    trial = Trial(flow, surroundings.start(case, event), Answers(case.answers, layout), surroundings.writings)
    try:
        trial.play()
    except CannotGoOn as stuck:
        return _outcome(case, flow, trial.seen, Verdict.failed, _why(stuck, layout))
    return _compared(case, flow, trial.seen, layout)


def event_of(case: Case, flow: Flow, triggers: Mapping[str, TriggerKind]) -> Mapping[str, Any]:
    """The event's data: of the first of the flow's triggers of that kind that takes what is given.

    Raises EventRefused, EncodingError.
    """
    kind = case.kind or (flow.triggers[0].kind if flow.triggers else "manual")
    refusal: EventRefused | None = None
    for trigger in flow.triggers:
        if trigger.kind != kind:
            continue
        try:
            data = normalise(triggers[kind].example(trigger.settings, case.given, case.now))
        except EventRefused as refused:
            refusal = refusal or refused
            continue
        if matches(trigger.where, data):
            return data  # type: ignore[no-any-return]  # normalise keeps a mapping one
        wanted = inline(written(normalise(trigger.where)))
        refusal = refusal or EventRefused(f"the flow is not started by this event: it must have {wanted}")
    if refusal is not None:
        raise refusal
    return case.given


def _refused(case: Case, flow: Flow, refusal: OneboxError) -> Outcome:
    expected = case.expect.get("refused")
    if expected is None:
        return Outcome(case, flow.name, Verdict.failed, f"the trigger refuses the event: {refusal.message}")
    if isinstance(expected, str) and expected not in refusal.message:
        difference = Difference("refused", expected, refusal.message)
        return Outcome(case, flow.name, Verdict.differs, differences=(difference,))
    return Outcome(case, flow.name, Verdict.passed)


def _compared(case: Case, flow: Flow, seen: Seen, layout: Layout) -> Outcome:
    expect = case.expect
    if seen.failed and expect.get("error") is None and expect.get("state") != "failed":
        error = "\n".join(f"  {line}" for line in yaml_lines(written(dict(seen.error or {}))))
        return _outcome(case, flow, seen, Verdict.failed, f"the run failed:\n{error}")
    if not seen.failed and expect.get("error") is not None:
        return _outcome(case, flow, seen, Verdict.failed, "the run ended well, and was to fail")
    found = tuple(differences(expect, seen, layout))
    return _outcome(case, flow, seen, Verdict.differs if found else Verdict.passed, "", found)


def _outcome(
    case: Case, flow: Flow, seen: Seen, verdict: Verdict, reason: str, found: tuple[Difference, ...] = ()
) -> Outcome:
    return Outcome(case, flow.name, verdict, reason, found, frozenset(map(without_turns, seen.steps)))


def _why(stuck: CannotGoOn, layout: Layout) -> str:
    if not stuck.missing:
        return str(stuck)
    told = [line for missing in stuck.missing for line in _told(missing, layout)]
    return "\n".join([*told, "add to its `steps:`", *_to_add(stuck.missing, layout)])


def _told(missing: Missing, layout: Layout) -> Iterable[str]:
    yield f"step {missing.path} ({missing.what}, {layout.where(missing.path)}) {missing.reason}; it was called with"
    yield from (f"    {line}" for line in yaml_lines(written(missing.arguments)))


def _to_add(several: Iterable[Missing], layout: Layout) -> Iterable[str]:
    for missing in several:
        step = layout.find(missing.path)
        known = step.results if step is not None else ()
        name = step.name if step is not None and step.name and not step.loops else missing.path
        yield f"    {scalar(name)}: {inline(dict.fromkeys(known)) if known else '…'}"
