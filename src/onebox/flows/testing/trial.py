"""Plays one run of a flow: what its effects answer is given, time is moved on, and what it does is noted.

Answers come in the order in which they are asked for and take no time; when there is none left, the timer that is due
first fires. `send`, `emit`, `respond` and `log` are done as the box does them, but for keeping it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from onebox.flows.handlers import Call, call_for, failure_from, too_slow
from onebox.flows.kinds import EventRefused
from onebox.flows.machine.actions import ANSWER
from onebox.flows.machine.commands import Command, Finish, Listen, Perform, Sleep, StartChild, Withdraw
from onebox.flows.machine.machine import ON_ERROR, Machine
from onebox.flows.run import Entry, EntryKind
from onebox.flows.testing.answers import Answer, NoAnswer
from onebox.flows.testing.chats import ASK, answer_data
from onebox.flows.testing.layout import without_turns
from onebox.flows.testing.seen import Lines, Seen
from onebox.flows.testing.values import plain, written
from onebox.flows.testing.yaml_text import inline
from onebox.flows.waiting import matches
from onebox.kernel.errors import OneboxError
from onebox.kernel.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from onebox.flows.handlers import Writing
    from onebox.flows.plan import Flow
    from onebox.flows.testing.answers import Answers
    from onebox.kernel.clock import Clock

    MakeWritings = Callable[[Clock, Ids, Lines], Mapping[str, Writing]]

RUN_ID = "test-run"
_EVENT_ID = "test-event"
_SMALL_STEPS = 1_000_000
_MOST_ANSWERS = 100_000


@dataclass(frozen=True, slots=True)
class Missing:
    """A step that asked for an answer that the case does not have."""

    path: str
    attempt: int
    what: str
    arguments: Mapping[str, Any]
    reason: str


class CannotGoOn(Exception):
    """The run can come to no end; the text says why. `missing` are the answers for want of which it stopped."""

    def __init__(self, reason: str, missing: Sequence[Missing] = ()) -> None:
        super().__init__(reason)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with."""

    event: Mapping[str, Any]
    now: datetime
    variables: Mapping[str, Any]
    secrets: Mapping[str, str]


@dataclass(slots=True)
class Trial:
    """One run. `seen` is filled as it is played."""

    flow: Flow
    start: Start
    answers: Answers
    writings: MakeWritings
    seen: Seen = field(default_factory=Seen)
    _machine: Machine = field(init=False)
    _performs: Mapping[str, Writing] = field(init=False)
    _entries: deque[Entry] = field(default_factory=deque)
    _due: dict[str, Entry] = field(default_factory=dict)
    """what comes by itself at its time"""
    _missing: list[Missing] = field(default_factory=list)
    _holders: dict[tuple[str, str], str] = field(default_factory=dict)
    """the paths that hold a key of `once`"""
    _failed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        start = self.start
        self._machine = Machine(
            self.flow,
            run_id=RUN_ID,
            started_at=start.now,
            event=start.event,
            variables=start.variables,
            secrets=start.secrets,
        )
        self._performs = self.writings(self, Ids(self, bytes), self.seen.lines)

    def now(self) -> datetime:
        """The run's present instant: it is the clock of what the run writes."""
        return self._machine.now

    def play(self) -> Seen:
        """Plays it to its end. Raises CannotGoOn; `seen` then has what was done until there."""
        machine = self._machine
        for _ in range(_MOST_ANSWERS):
            commands = machine.advance(_SMALL_STEPS)
            if machine.busy:
                raise CannotGoOn(f"the run does not come to rest within {_SMALL_STEPS:,} small steps: does a loop end?")
            for command in commands:
                self._take(command)
            if machine.finish is not None:
                return self.seen
            if self._missing:
                raise CannotGoOn("an answer is missing", self._missing)
            machine.feed(self._next())
        raise CannotGoOn(f"the run is not over after {_MOST_ANSWERS:,} answers: does a loop end?")

    def _next(self) -> Entry:
        while self._entries:
            entry = self._entries.popleft()
            if self._machine.waits_for(entry.path):
                return replace(entry, at=self._machine.now)
        if not self._due:
            waiting = ", ".join(sorted(self._machine.pending))
            raise CannotGoOn(f"the run waits for ever: no answer comes for {waiting}, and nothing limits the wait")
        path = min(self._due, key=lambda path: (self._due[path].at, path))
        entry = self._due.pop(path)
        return replace(entry, at=max(entry.at, self._machine.now))

    # --- commands

    def _take(self, command: Command) -> None:
        match command:
            case Perform():
                self._perform(command)
            case StartChild():
                self._start_child(command)
            case Listen():
                self._listen(command)
            case Sleep():
                self._due[command.path] = Entry(command.path, EntryKind.fired, None, command.until)
                if "!" not in command.path.rpartition(".")[2]:
                    self.seen.steps.append(command.path)
            case Withdraw():
                self._due.pop(command.path, None)
                self._failed.add(command.path)
            case Finish():
                self.seen.finished(command)

    def _perform(self, command: Perform) -> None:
        call = call_for(command, run_id=RUN_ID, flow=self.flow.name, event_id=_EVENT_ID)
        self.seen.performed(command.path, plain(command.arguments))
        asks = command.kind == ASK and command.kind in self._performs
        # What stands under a question is its answer, unless it says that the question itself fails.
        answer = self.answers.find(command.path, command.attempt)
        if asks and isinstance(answer, Answer) and answer.form != "fails":
            answer = NoAnswer("")
        if command.once is not None and not self._claims(command):
            answer = Answer("skipped")
        if isinstance(answer, Answer):
            self._answer(command.path, answer, call)
        elif command.kind in self._performs:
            self._write(call)
        else:
            self._miss(command.path, command.kind, command.arguments, answer, command.attempt)

    def _write(self, call: Call) -> None:
        try:
            changes, value = self._performs[call.kind](call)
        except OneboxError as error:
            self._enter(call.path, EntryKind.failure, failure_from(error), call.attempt)
            return
        for change in changes:
            self.seen.changed(change)
        self._enter(call.path, EntryKind.result, value, call.attempt)

    def _answer(self, path: str, answer: Answer, call: Call) -> None:
        if answer.form == "fails":
            self._enter(path, EntryKind.failure, answer.value, call.attempt)
        elif answer.form == "skipped":
            self._enter(path, EntryKind.skipped, None, call.attempt)
        elif answer.form == "result":
            self._enter(path, EntryKind.result, answer.value, call.attempt)
        elif call.timeout is not None:
            at = self._machine.now + call.timeout
            self._due[path] = Entry(path, EntryKind.failure, too_slow(call), at, call.attempt)

    def _start_child(self, command: StartChild) -> None:
        path = command.path
        arguments = {"flow": command.flow, "data": plain(command.data), "wait": command.wait}
        if path == ON_ERROR:
            self.seen.calls[path] = arguments
            return  # no step, and the run is over: nobody waits for what becomes of it
        self.seen.performed(path, arguments)
        answer = self.answers.find(path)
        if isinstance(answer, NoAnswer) and not command.wait:
            self._enter(path, EntryKind.result, {"run_id": f"{RUN_ID}-{path}"})
        elif isinstance(answer, NoAnswer):
            self._miss(path, f"run {command.flow}", arguments, answer)
        elif answer.form == "fails":
            self._enter(path, EntryKind.failure, answer.value)
        elif answer.form == "result":
            self._enter(path, EntryKind.result, answer.value)

    def _listen(self, command: Listen) -> None:
        path = command.path
        if path.endswith(ANSWER):
            self._ask(command, path.removesuffix(ANSWER))
            return
        self.seen.performed(path, {"event": command.topic, "match": command.match})
        answer = self.answers.find(path)
        if isinstance(answer, NoAnswer):
            self._miss(path, "wait_for", {"event": command.topic, "match": command.match}, answer)
        elif answer.form == "result":
            if not matches(command.match, answer.value):
                wanted = inline(written(command.match))
                raise CannotGoOn(f"the event that {path} is given is not the one that it waits for: {wanted}")
            self._enter(path, EntryKind.event, answer.value)

    def _ask(self, command: Listen, step: str) -> None:
        """The person's answer stands under the step: a text, or what the event has beside what is made up."""
        answer = self.answers.find(step)
        if isinstance(answer, NoAnswer):
            self._miss(step, "ask", {"choices": command.match["choices"]}, answer)
        elif answer.form == "result":
            said = {"text": answer.value} if isinstance(answer.value, str) else dict(answer.value)
            try:
                event = answer_data(said, self.seen.offered, self.start.event, self.now())
            except EventRefused as refused:
                raise CannotGoOn(f"{step}: {refused.message}") from None
            self._enter(command.path, EntryKind.event, event)

    def _enter(self, path: str, kind: EntryKind, value: Any, attempt: int = 1) -> None:
        if kind is EntryKind.failure:
            self._failed.add(path)
        self._entries.append(Entry(path, kind, value, self._machine.now, attempt))

    def _miss(self, path: str, what: str, arguments: Mapping[str, Any], answer: NoAnswer, attempt: int = 1) -> None:
        self._missing.append(Missing(path, attempt, what, plain(arguments), answer.reason))

    def _claims(self, command: Perform) -> bool:
        """Whether the key of `once` is free, or held by this place; one that failed for good has given it back."""
        assert command.once is not None
        key = (without_turns(command.path), command.once)
        holder = self._holders.setdefault(key, command.path)
        if holder != command.path and holder in self._failed and not self._is_open(holder):
            self._holders[key] = holder = command.path
        return holder == command.path

    def _is_open(self, path: str) -> bool:
        return any(waiting == path or waiting.startswith(f"{path}!") for waiting in self._machine.pending)
