"""The kinds of steps and triggers there are. A room that adds one describes it here's way; `app` lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from pydantic import BaseModel


class Nature(Enum):
    """How the machine deals with a kind of step."""

    pure = "computed again on replay, not journaled"
    effect = "performed by a handler outside the machine, journaled"
    question = "performed by a handler, then waits for a person's answer; both are journaled"
    child = "starts another flow"
    stop = "ends the run well"
    fail = "ends the run badly, or is caught"


@dataclass(frozen=True, slots=True)
class StepKind:
    """A kind of step.

    `arguments` checks what stands under `with`; fields that take an expression are declared `flows.definition.Given[T]`.
    `compute` (pure kinds alone) turns evaluated arguments into the result.
    `results` are the names that a result has, for `check`, or what finds them in the arguments as they are written
    (the keys of `set`); None: any, or it is no mapping.
    `fault` finds what is wrong with arguments as they are written beyond their shape (a function, an account that is
    not there): the argument's name and a message.
    """

    name: str
    arguments: type[BaseModel]
    nature: Nature = Nature.effect
    compute: Callable[[Mapping[str, Any]], Any] | None = None
    results: Sequence[str] | Callable[[Any], Sequence[str] | None] | None = None
    fault: Callable[[Mapping[str, Any]], tuple[str, str] | None] = field(default=lambda _arguments: None)


class EventRefused(OneboxError):
    """A trigger does not take what it was given: a form with a field that is missing, or a bot's."""

    code: ClassVar[str] = "event_refused"


def refuse_unknown(kind: str, given: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raises EventRefused if a test gives an event what it cannot have."""
    for name in given:
        if name not in names:
            near = did_you_mean(name, names) or f"; it has {', '.join(names)}"
            raise EventRefused(f"{kind}: the event has no {name!r}{near}")


def _as_given(_settings: Any, given: Mapping[str, Any], _at: datetime) -> Mapping[str, Any]:
    return given


def _as_kept(_settings: Any, data: Mapping[str, Any]) -> Mapping[str, Any]:
    return data


@dataclass(frozen=True, slots=True)
class TriggerKind:
    """A kind of trigger. `topic(flow, settings)` names the events that it makes; `names` are what `event` has, for
    `check` (None: anything). `conflicts(settings)` are claims that no two flows may make (`POST /hooks/w`).
    `secrets(settings)` are the names of the secrets that it cannot do without.

    `files(settings)` are the files beside the flow that its settings name, by the key that names them; their texts are
    the compiled trigger's `files`. `fault(settings)` finds what is wrong beyond their shape (an account that is not
    there): the setting's name and a message. `file_faults(settings, files)` finds what is wrong in them: the file's name, the
    line, a message and a hint.

    `per_sender` is what the flow's limit of that name is where it says nothing: 1 for chats, whose messages are in
    order.

    `example(settings, given, at)` is the event's data when a test says no more than `given`, at the instant `at`; what
    is left out is filled in. Raises EventRefused where the trigger would not take it. `given(settings, data)` goes the
    other way: what a test has to say so that `example` makes this data."""

    name: str
    settings: type[BaseModel]
    topic: Callable[[str, Any], str]
    names: Sequence[str] | None = None
    conflicts: Callable[[Any], Sequence[str]] = field(default=lambda _settings: ())
    secrets: Callable[[Any], Sequence[str]] = field(default=lambda _settings: ())
    fault: Callable[[Any], tuple[str, str] | None] = field(default=lambda _settings: None)
    files: Callable[[Any], Mapping[str, str]] = field(default=lambda _settings: {})
    file_faults: Callable[[Any, Mapping[str, str]], Iterable[tuple[str, int, str, str | None]]] = field(
        default=lambda _settings, _files: ()
    )
    per_sender: int | None = None
    example: Callable[[Any, Mapping[str, Any], datetime], Mapping[str, Any]] = field(default=_as_given)
    given: Callable[[Any, Mapping[str, Any]], Mapping[str, Any]] = field(default=_as_kept)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All kinds that a box knows, by name."""

    steps: Mapping[str, StepKind]
    triggers: Mapping[str, TriggerKind]
