"""What the steps of a case answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.flows.testing.layout import turns, without_turns
from onebox.flows.testing.models import FORMS, FailureFields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.flows.machine.failure import Failure
    from onebox.flows.testing.layout import Layout


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt's. `form` is one of FORMS; `value` a result, or a failure."""

    form: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is none."""

    reason: str


class Answers:
    """The answers of one case, by what stands under its `steps`."""

    def __init__(self, raw: Mapping[str, Any], layout: Layout) -> None:
        self._raw = raw
        self._layout = layout

    def find(self, path: str, attempt: int = 1) -> Answer | NoAnswer:
        """The answer of an attempt at a path: under the path itself; else under the path without numbers, or the id."""
        if path in self._raw:
            return _attempt(self._raw[path], attempt)
        shared = without_turns(path)
        step = self._layout.by_path.get(shared)
        for key in (shared, step.name if step else None):
            if key is not None and key in self._raw:
                return _of_round(self._raw[key], turns(path), attempt)
        return NoAnswer("has no answer")


def form_of(raw: Any) -> str:
    """Which of FORMS an answer has."""
    only = next(iter(raw)) if isinstance(raw, dict) and len(raw) == 1 else None
    return only if only in FORMS else "result"


def as_answer(form: str, value: Any) -> Any:
    """The other way: how an answer is written, where a plain result could be taken for something else.

    >>> as_answer("result", {"id": 7}), as_answer("result", {"skipped": 1}), as_answer("skipped", True)
    ({'id': 7}, {'result': {'skipped': 1}}, {'skipped': True})
    """
    if form == "result":
        return (
            {"result": value} if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in FORMS else value
        )
    return {form: value}


def _of_round(raw: Any, rounds: list[int], attempt: int) -> Answer | NoAnswer:
    """A list has one answer a round, for each loop that the step is in."""
    for number in rounds:
        if not isinstance(raw, list):
            break
        if number >= len(raw):
            return NoAnswer(f"has no answer for round {number + 1}: its list ends with that of round {len(raw)}")
        raw = raw[number]
    return _attempt(raw, attempt)


def _attempt(raw: Any, attempt: int) -> Answer | NoAnswer:
    form = form_of(raw)
    if form == "attempts":
        listed = raw[form]
        if attempt > len(listed):
            return NoAnswer(
                f"has no answer for attempt {attempt}: its `attempts` end with that of attempt {len(listed)}"
            )
        return _attempt(listed[attempt - 1], 1)
    if form == "fails":
        return Answer(form, failure_of(raw[form]))
    return Answer(form, raw[form] if isinstance(raw, dict) and form in raw and len(raw) == 1 else raw)


def failure_of(raw: Any) -> Failure:
    """The failure that `fails` says; a text is its message."""
    fields = FailureFields(message=raw) if isinstance(raw, str) else FailureFields.model_validate(raw)
    return fields.model_dump(exclude_none=True)
