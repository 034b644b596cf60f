"""One run while it is in memory: its machine, what it has in flight, and its journal's next position."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.dispatch.claims import Claims
from onebox.flows.handlers import call_for
from onebox.flows.machine.commands import Command, Finish, Listen, Perform, Sleep, StartChild, Withdraw
from onebox.flows.machine.machine import ABORT, Machine
from onebox.flows.run import (
    AwaitEvent,
    DropSignal,
    DropTimer,
    DropWait,
    Entry,
    EntryKind,
    FinishRun,
    ParkRun,
    RecordEntry,
    RunState,
    SetTimer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.dispatch.effects import Recording
    from onebox.dispatch.engine import Engine
    from onebox.flows.handlers import Call
    from onebox.flows.machine.failure import Failure
    from onebox.flows.plan import Flow
    from onebox.flows.run import History, Run, Signal
    from onebox.kernel.ledger import Change
    from onebox.messaging.event import Event

_SLICE = 200  # small steps of a run before others have their turn: a millisecond at most
_LONG_SLICE = 1000
_PAUSE = 0.001
_RECORDED = None


class ActiveRun:
    """Takes a run from where it is to its end, or to where it can only wait; then it leaves memory.

    Entries are fed one by one, each after the machine came to rest from the one before, and are recorded in that
    order: so a replay of the journal meets the same machine. What an entry leads to (timers, messages, the end) is
    committed together with it, before any effect that depends on it is started.
    """

    def __init__(self, engine: Engine, run: Run, event: Event | None) -> None:
        self.run = run
        self.task: asyncio.Task[None] | None = None
        self.expires_at = float("inf")
        self._engine = engine
        self._event = event
        self._flow: Flow
        self._machine: Machine
        self._position = 0
        self._changes: list[Change[Any]] = []
        self._calls: list[tuple[Call, Perform]] = []
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        self._inputs: list[tuple[Entry, Sequence[Change[Any]] | None]] = []
        self._input_came = asyncio.Event()
        self._look_at_signals = False
        self._interruptible = False
        self._aborting = False
        self._abort_waits = False
        self._committing = False
        self._leaving = False
        self._taken_up = False
        self._timers: dict[str, datetime] = {}
        self._claims = Claims(run)

    # --- what others say to it ---

    def fired(self, path: str) -> None:
        """A timer of it is due, or was: one that stood before the run was retried may still be told of."""
        now, due_at = self._engine.clock.now(), self._timers.get(path)
        if not self._taken_up:
            self._look_at_signals = True  # whether the rows that are being read show it is not known
        elif due_at is not None and due_at <= now:
            self._input(Entry(path, EntryKind.fired, None, now), [DropTimer(self.run.id, path)])

    def signalled(self) -> None:
        """There are signals among its rows."""
        self._look_at_signals = True
        self._input_came.set()

    def abort(self, failed: Failure) -> None:
        """Ends it with a failure, as its `on_error` says."""
        self.expires_at = float("inf")
        self._abort_waits = True
        self._inputs.insert(0, (Entry(ABORT, EntryKind.failure, failed, self._engine.clock.now()), ()))
        self._input_came.set()
        if self._interruptible and self.task is not None:
            self._aborting = True
            self.task.cancel()

    def leave_off(self) -> None:
        """Stops it where it is. What is just being committed is told to those concerned before."""
        self._leaving = True
        if not self._committing and self.task is not None:
            self.task.cancel()

    @property
    def unheard(self) -> bool:
        """It was told something that it did not take in."""
        return bool(self._inputs) or self._look_at_signals

    @property
    def time_limit(self) -> timedelta:
        """How long it may work."""
        return self._flow.limits.time

    # --- its life ---

    async def live(self) -> None:
        """Runs until it ends or is parked. Raises CancelledError, StorageClosed, VersionUnreadable, or a fault."""
        try:
            if not await self._take_up():
                return
            while True:
                await self._come_to_rest()
                if await self._settle():
                    return
                await self._start_calls()
                await self._wait_for_input()
        finally:
            for task in self._in_flight.values():
                task.cancel()

    async def _take_up(self) -> bool:
        """Reads what there is of the run, and brings its machine there. False: its turn had come already."""
        history = None
        if self._event is None:
            history = await self._engine.reader.history(self.run.id)
            if history is None or history.run.state is not RunState.ready:
                return False
            self.run, self._event = history.run, history.event
        current = self._engine.versions.current(self.run.flow, self.run.version)
        self._flow = current or await self._engine.versions.find(self.run.flow, self.run.version)
        self.expires_at = self._engine.loop.time() + self._flow.limits.time.total_seconds()
        self._machine = self._engine.machine(self._flow, self.run, self._event)
        self._taken_up = True
        if history is not None:
            await self._replay(history)
        return True

    async def _replay(self, history: History) -> None:
        machine = self._machine
        self._position = len(history.entries)
        for number, entry in enumerate(history.entries):
            if entry.path != ABORT:  # what was aborted may have been far from a rest
                await self._advance()
                self._claims.released(lambda: machine.pending)  # it was committed with the entry before
            self._claims.answered(machine.waits_for(entry.path), entry)
            machine.feed(entry)
            if number % 100 == 99:  # noqa: PLR2004 - a long journal lets others have their turn
                await asyncio.sleep(0)
        last = await self._advance()
        self._claims.released(lambda: machine.pending)
        self._timers = dict(history.timers)
        # What waits for an answer is asked again: rows that stand already are left as they are.
        answered = {signal.path for signal in history.signals}
        asked = [self._from_now(command) for path, command in machine.pending.items() if path not in answered]
        self._handle(last if machine.finish else asked)
        now = self._engine.clock.now()
        for path in [path for path, due_at in history.timers.items() if due_at <= now]:
            self.fired(path)
        self._take_signals(history.signals)

    def _from_now(self, command: Command) -> Command:
        """A time limit whose timer is gone is that of a run that was retried: the time in between does not count."""
        if not isinstance(command, Sleep) or not command.limit or command.path in self._timers:
            return command
        return replace(command, until=command.until + max(self._engine.clock.now() - self._machine.now, timedelta()))

    async def _come_to_rest(self) -> None:
        """Lets the machine go on until it can only wait, turning its commands into changes and calls."""
        if self._look_at_signals:
            self._look_at_signals = False
            history = await self._engine.reader.history(self.run.id)
            self._take_signals(history.signals if history else [])
        machine = self._machine
        while True:
            self._handle(await self._advance())
            self._changes.extend(self._claims.released(lambda: machine.pending))
            if not self._inputs or machine.finish is not None:
                return
            self._take_in(*self._inputs.pop(0))

    async def _advance(self) -> list[Command]:
        """Lets the machine go on until it rests, or is to be aborted: a loop without effects may never rest.

        One run of the box computes for long at a time, and pauses for real: else the writer's thread would hardly ever
        get the interpreter, and nobody's event would be acknowledged.
        """
        commands = self._machine.advance(_SLICE)
        if self._computes():
            async with self._engine.computing:
                while self._computes():
                    await asyncio.sleep(_PAUSE)
                    commands += self._machine.advance(_LONG_SLICE)
        return commands

    def _computes(self) -> bool:
        return self._machine.busy and not self._abort_waits

    def _take_in(self, entry: Entry, changes: Sequence[Change[Any]] | None) -> None:
        """Feeds an entry and has it recorded together with its changes, unless it is recorded already."""
        command = self._machine.waits_for(entry.path)
        self._claims.answered(command, entry)
        wanted = self._machine.feed(entry)
        if entry.path == ABORT:
            self._abort_waits = False
        if changes is not _RECORDED:
            if wanted:
                self._position += 1
                self._changes.append(RecordEntry(self.run.id, self._position, entry, _kind_of(command)))
            self._changes.extend(changes)

    def _take_signals(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            entry = Entry(signal.path, signal.kind, signal.value, signal.at)
            changes: list[Change[Any]] = [DropSignal(self.run.id, signal.path)]
            if signal.kind is EntryKind.event:
                changes.append(DropWait(self.run.id, signal.path))
            self._inputs.insert(self._place_of(signal), (entry, changes))

    def _place_of(self, signal: Signal) -> int:
        """Before the timers that were due later: what came in time counts, however late the run's turn comes."""
        for place, (entry, _) in enumerate(self._inputs):
            due_at = self._timers.get(entry.path)
            if entry.kind is EntryKind.fired and due_at is not None and signal.at <= due_at:
                return place
        return len(self._inputs)

    # --- commands become changes and calls ---

    def _handle(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case Perform():
                    self._on_perform(command)
                case Finish():
                    self._on_finish(command)
                case Sleep():
                    self._on_sleep(command)
                case Listen():
                    self._changes.append(AwaitEvent(self.run.id, command.path, command.topic, command.match))
                case StartChild():
                    self._on_child(command)
                case Withdraw():
                    self._on_withdraw(command)

    def _on_perform(self, command: Perform) -> None:
        call = call_for(command, run_id=self.run.id, flow=self.run.flow, event_id=self.run.event_id)
        if command.once is None and call.kind in self._engine.effects.writings:
            self._write(call)
        else:
            self._calls.append((call, command))

    def _write(self, call: Call) -> None:
        changes, entry = self._engine.effects.write(call)
        self._inputs.append((entry, changes))

    def _on_sleep(self, command: Sleep) -> None:
        if command.path not in self._timers:
            self._timers[command.path] = command.until
            self._changes.append(SetTimer(self.run.id, command.path, command.until))

    def _on_child(self, command: StartChild) -> None:
        changes, answer = self._engine.child(self.run, command)
        self._changes.extend(changes)
        if answer is not None:
            self._inputs.append((answer, ()))

    def _on_withdraw(self, command: Withdraw) -> None:
        path = command.path
        task = self._in_flight.pop(path, None)
        if task is not None:
            task.cancel()
        self._calls = [waiting for waiting in self._calls if waiting[0].path != path]
        if path in self._timers:
            del self._timers[path]
            self._changes.append(DropTimer(self.run.id, path))
        else:
            self._changes.append(DropWait(self.run.id, path))
        self._claims.withdrawn(path)

    def _on_finish(self, command: Finish) -> None:
        run, at = self.run, self._engine.clock.now()
        mask = self._engine.effects.mask
        run.state, run.ended_at, run.output, run.error = command.state, at, mask(command.output), mask(command.error)
        self._changes.append(FinishRun(run.id, run.state, at, run.output, run.error))
        self._changes.extend(self._engine.tell_of_end(run, self._event))

    # --- settling and acting ---

    async def _settle(self) -> bool:
        """Commits what was decided. True when the run has left memory: it ended, or it was parked."""
        finished = self._machine.finish is not None
        idle = not (finished or self._calls or self._in_flight or self._inputs or self._look_at_signals)
        if idle:
            self._changes.append(ParkRun(self.run.id))
        if not self._changes:
            return False
        changes, self._changes = self._changes, []
        results = await self._commit(changes)
        if idle and not results[-1]:
            self._look_at_signals = True  # it was told something while it was about to be parked
            return False
        return finished or idle

    async def _commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        self._committing = True
        results = await self._engine.commit(changes)
        self._committing = False
        if self._leaving:
            raise asyncio.CancelledError
        return results

    async def _start_calls(self) -> None:
        effects = self._engine.effects
        calls, self._calls = self._calls, []
        if len(calls) == 1 and not self._in_flight and len(self._machine.pending) == 1:
            [(call, command)] = calls
            if command.once is None and effects.recording_for(call) is None:
                await self._perform_in_place(call)  # the common case needs no task of its own
                return
        for number, (call, command) in enumerate(calls):
            if command.once is not None and not await self._claimed(command):
                continue
            recording = effects.recording_for(call)
            if recording is not None:
                # What follows from it must be committed before more is started: the rest has its turn after that.
                self._calls = calls[number + 1 :]
                await self._record(call, recording)
                return
            if call.kind in effects.writings:
                self._write(call)
            else:
                self._in_flight[call.path] = asyncio.create_task(self._perform(call))

    async def _perform_in_place(self, call: Call) -> None:
        self._interruptible = True
        try:
            entry = await self._engine.effects.perform(call)
        except asyncio.CancelledError:
            if not self._aborting:
                raise
            self._aborting = False
            asyncio.current_task().uncancel()  # type: ignore[union-attr] # runs in a task
        else:
            self._inputs.append((entry, ()))
        finally:
            self._interruptible = False

    async def _perform(self, call: Call) -> None:
        entry = await self._engine.effects.perform(call)
        self._in_flight.pop(call.path, None)
        self._input(entry, ())

    async def _record(self, call: Call, recording: Recording) -> None:
        """The box's own SQL: statement and journal entry are one unit, so its entry is fed before any other."""
        entry = await self._engine.effects.perform_recording(call, recording, position=self._position + 1)
        if entry.kind is EntryKind.result:
            self._position += 1
            self._inputs.insert(0, (entry, _RECORDED))
        else:
            self._inputs.insert(0, (entry, ()))

    async def _claimed(self, command: Perform) -> bool:
        """True if the step may be done; else its entry says that another run, or another round, did it."""
        if self._claims.holds(command):
            return True
        now = self._engine.clock.now()
        if self._claims.free(command) and (await self._commit([self._claims.claim(command, now)]))[0]:
            self._claims.hold(command)
            return True
        self._inputs.append((Entry(command.path, EntryKind.skipped, None, now, command.attempt), ()))
        return False

    def _input(self, entry: Entry, changes: Sequence[Change[Any]]) -> None:
        self._inputs.append((entry, changes))
        self._input_came.set()

    async def _wait_for_input(self) -> None:
        while not (self._inputs or self._calls or self._look_at_signals):
            self._input_came.clear()
            await self._input_came.wait()


def _kind_of(command: Command | None) -> str:
    """What people read beside a journal entry; nothing was asked for where a run is ended from outside."""
    if isinstance(command, Perform):
        return command.kind
    return type(command).__name__.lower() if command else "limit"
