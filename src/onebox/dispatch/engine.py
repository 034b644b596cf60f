"""The engine: gives runs their turns, commits what they decide, and tells everyone concerned."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from onebox.dispatch.active import ActiveRun
from onebox.dispatch.lanes import WINDOW, Lane, Lanes, Turn
from onebox.dispatch.lineage import child_changes, end_changes, superseded
from onebox.dispatch.services import lasting
from onebox.dispatch.timers import Timers
from onebox.flows.machine.machine import Machine
from onebox.flows.run import FinishRun, Run, RunState, SendSignal, SetTimer, StartRun, WakeRun
from onebox.kernel.durations import format_duration
from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.broadcast import SetBroadcastState, StartBroadcast
from onebox.messaging.event import StoreEvent, StoreResponse
from onebox.messaging.message import QueueMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from onebox.dispatch.effects import Effects
    from onebox.dispatch.responses import WaitingCallers
    from onebox.dispatch.versions import Versions
    from onebox.flows.book import FlowBook
    from onebox.flows.machine.commands import StartChild
    from onebox.flows.plan import Flow
    from onebox.flows.records import Records
    from onebox.flows.run import Entry, RunReader
    from onebox.kernel.clock import Clock
    from onebox.kernel.ids import Ids
    from onebox.kernel.ledger import Change, Ledger
    from onebox.messaging.event import Event, Stored
    from onebox.messaging.message import Message

log = structlog.get_logger(__name__)

CAPACITY = 256
_STARTS_A_TICK = 32  # others have their turn between: the web must answer while a flood is worked off
_WATCH = 0.25
_AWAY = 1.0
"""seconds after which a database that was away is asked again"""
_KEPT_AT_HAND = 20_000
"""characters of an event that is kept in memory until its run's turn comes"""


class Engine:
    """Runs the flows of a box. See the promises in docs/concepts/architecture.md."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        reader: RunReader,
        records: Records,
        book: FlowBook,
        versions: Versions,
        effects: Effects,
        callers: WaitingCallers,
        clock: Clock,
        ids: Ids,
        variables: Mapping[str, Any],
        secrets: Mapping[str, str],
        queued: Callable[[Message], None],
        requeued: Callable[[str], None],
        capacity: int = CAPACITY,
    ) -> None:
        self.reader = reader
        self.versions = versions
        self.effects = effects
        self.clock = clock
        self.loop: asyncio.AbstractEventLoop
        self.computing = asyncio.Lock()
        self._ledger = ledger
        self._records = records
        self._book = book
        self._callers = callers
        self._ids = ids
        self._variables = variables
        self._secrets = secrets
        self._lanes = Lanes(capacity=capacity)
        self._withheld: dict[str, Turn] = {}
        self._active: dict[str, ActiveRun] = {}
        self._to_resume: set[str] = set()
        self._resume_asked = asyncio.Event()
        self._timers = Timers(reader, clock, self._fire)
        self._services: set[asyncio.Task[None]] = set()
        self._pumping = False
        self._stopping = False
        self._tell: dict[type, Callable[[Any, Any], None]] = {
            StoreEvent: self._event_stored,
            StoreResponse: lambda change, _: callers.answered(change.event_id, change.response),
            SetTimer: lambda change, _: self._timers.add(change.run_id, change.path, change.due_at),
            SendSignal: lambda change, _: self.resume(change.run_id),
            QueueMessage: lambda change, _: queued(change.message),
            StartBroadcast: lambda change, _: queued(change.messages[0]),
            SetBroadcastState: lambda change, _: requeued(change.account),
        }

    # --- life ---

    async def start(self) -> None:
        """Takes up what the last process left."""
        self.loop = asyncio.get_running_loop()
        self._book.on_change(self._follow_limits)
        for flow, count in (await self.reader.ready_counts()).items():
            self._lanes.expect(flow, count)
        for name, service in (("timers", self._timers.run), ("limits", self._watch), ("resuming", self._resume_told)):
            self._serve(lasting(name, service))
        self._pump()

    async def stop(self, *, grace: float) -> None:
        """Starts nothing more, gives what runs `grace` seconds, and leaves the rest to the next start."""
        self._stopping = True
        tasks = [run.task for run in self._active.values() if run.task]
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        unfinished = [task for task in (*tasks, *self._services) if not task.done()]
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    def _serve(self, service: Any) -> None:
        task = asyncio.get_running_loop().create_task(service)
        self._services.add(task)
        task.add_done_callback(self._service_ended)

    def _service_ended(self, task: asyncio.Task[None]) -> None:
        self._services.discard(task)
        if not task.cancelled() and task.exception() and not isinstance(task.exception(), StorageClosed):
            log.error("service_failed", exc_info=task.exception())

    # --- the inbox's side ---

    def backlog(self) -> int:
        """How many runs are ready or being run."""
        return self._lanes.backlog

    def consequences(self, event: Event) -> list[Change[Any]]:
        """A run of each flow that waits for the event."""
        return [
            StartRun(Run(self._ids.new(), event.id, flow.name, flow.version, event.received_at, event.sender))
            for flow in self._book.waiting_for(event.topic, event.data)
        ]

    def supersede(self, event: Event) -> list[Change[Any]]:
        """Ends the runs of earlier events of its supersession that have not begun."""
        assert event.supersession is not None
        withheld = [
            turn
            for flow in self._book.waiting_for(event.topic, event.data)
            for turn in self._lanes.withhold(flow.name, event.sender or "", event.supersession)
        ]
        self._withheld.update({turn.run.id: turn for turn in withheld})
        return [change for turn in withheld for change in superseded(turn.run, event)]

    def stored(self, event: Event, consequences: Sequence[Change[Any]], outcome: Stored | None) -> None:
        """The event is durable: its runs may begin, and the runs that waited for it go on."""
        followed = outcome is not None and not (outcome.duplicate or outcome.answered)
        for change in reversed(consequences):
            if isinstance(change, FinishRun):
                turn = self._withheld.pop(change.run_id)
                (self._lanes.dropped if followed else self._lanes.put_back)(turn)
        if outcome is None:
            return
        # A large event waits in the database, not in memory.
        at_hand = event if len(event.payload) <= _KEPT_AT_HAND else None
        for change in consequences:
            if isinstance(change, StartRun) and followed:
                self._lanes.offer(Turn(change.run, at_hand, event.supersession))
        for run_id in outcome.woken:
            self.resume(run_id)
        self._pump()

    # --- the runs' side ---

    def machine(self, flow: Flow, run: Run, event: Event) -> Machine:
        """A machine at the beginning of a run."""
        return Machine(
            flow,
            run_id=run.id,
            started_at=run.created_at,
            event=event.data,
            variables=self._variables,
            secrets=self._secrets,
        )

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        """Makes changes durable, however long there is no room, and tells who is concerned."""
        while True:
            try:
                results = await self._ledger.commit(changes)
            except StorageFull as full:
                log.warning("storage_full", retry_after=full.retry_after, hint=full.hint)
                await asyncio.sleep(1.0)
            else:
                self.announce(changes, results)
                return results

    def announce(self, changes: Sequence[Change[Any]], results: Sequence[Any]) -> None:
        """After a commit: each change that somebody waits for is passed on."""
        for change, result in zip(changes, results, strict=True):
            tell = self._tell.get(type(change))
            if tell is not None:
                tell(change, result)

    def child(self, run: Run, command: StartChild) -> tuple[list[Change[Any]], Entry | None]:
        """What starting a sub-flow means; with the answer, if the run does not wait for it."""
        return child_changes(run, command, book=self._book, ids=self._ids, now=self.clock.now())

    def tell_of_end(self, run: Run, event: Event | None) -> list[Change[Any]]:
        """What is committed together with the end of a run: a signal to its parent, an event of the box."""
        return end_changes(run, event, book=self._book, ids=self._ids, starts=self.consequences)

    async def cancel(self, run_id: str) -> bool:
        """Ends a run, and the runs that it waits for, where they are. False if it had ended."""
        await self._leave_off(run_id)
        history = await self.reader.history(run_id)
        if history is None or history.run.state not in (RunState.ready, RunState.waiting):
            return False
        now = self.clock.now()
        error = {"code": "cancelled", "message": "cancelled by hand", "passing": False, "step": ""}
        run = replace(history.run, state=RunState.cancelled, ended_at=now, error=error)
        changes: list[Change[Any]] = [FinishRun(run_id, run.state, now, None, error)]
        results = await self.commit([*changes, *self.tell_of_end(run, history.event)])
        await self._leave_off(run_id)  # if its turn came meanwhile
        self._callers.ended(run)
        detail = await self._records.run_detail(run_id)
        for child in detail.children if detail else ():
            await self.cancel(child.id)
        return bool(results[0])

    async def _leave_off(self, run_id: str) -> None:
        """Stops a run that is in memory; if it is queued, its rows are read when its turn comes."""
        self._lanes.read_again(run_id)
        active = self._active.get(run_id)
        if active is not None and active.task is not None:
            active.leave_off()
            await asyncio.wait([active.task])

    def is_active(self, run_id: str) -> bool:
        """Whether a run is in memory now."""
        return run_id in self._active

    def poke(self) -> None:
        """The clock was moved: timers are looked at again."""
        self._timers.poke()

    def resume(self, run_id: str) -> None:
        """A run became ready again: its turn comes."""
        active = self._active.get(run_id)
        if active is not None:
            active.signalled()
        else:
            self._to_resume.add(run_id)
            self._resume_asked.set()

    async def _resume_told(self) -> None:
        while True:
            while self._to_resume:
                run_id = next(iter(self._to_resume))
                history = await self.reader.history(run_id)  # what cannot be read now is still to be resumed
                self._to_resume.discard(run_id)
                if history is None or history.run.state is not RunState.ready:
                    continue
                if run_id in self._active:
                    self._active[run_id].signalled()
                else:
                    self._lanes.offer(Turn(history.run))
                    self._pump()
            self._resume_asked.clear()
            await self._resume_asked.wait()

    # --- turns ---

    def _follow_limits(self) -> None:
        for flow in self._book.flows.values():
            limits = flow.limits
            self._lanes.set_limits(flow.name, concurrency=limits.concurrency, per_sender=limits.per_sender)

    def _pump(self) -> None:
        if not self._pumping and not self._stopping:
            self._pumping = True
            self.loop.call_soon(self._start_some)

    def _start_some(self) -> None:
        self._pumping = False
        for _ in range(_STARTS_A_TICK):
            turn = None if self._stopping else self._lanes.take()
            if turn is None:
                break
            self._begin(turn)
        else:
            self._pump()
        for lane in self._lanes.wanting_refill():
            if not self._stopping:
                self._serve(self._refill(lane, lane.begin_refill()))

    def _begin(self, turn: Turn) -> None:
        active = self._active[turn.run.id] = ActiveRun(self, turn.run, turn.event)
        active.task = self.loop.create_task(self._live(active))

    async def _live(self, active: ActiveRun) -> None:
        run = active.run
        try:
            await active.live()
        except asyncio.CancelledError:
            pass  # it is ready in the database: the next start takes it up
        except StorageClosed:
            self._look_again(run)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends this run, where all can see it, and no other
            await self._fail(active.run, error)
        finally:
            del self._active[run.id]
            self._lanes.leave(run)
            if active.run.ended_at is not None:
                self._callers.ended(active.run)
            elif active.unheard and not self._stopping:
                self._serve(self._wake(run.id))
            self._pump()

    async def _wake(self, run_id: str) -> None:
        """A run was told something as it was leaving memory."""
        await self.commit([WakeRun(run_id)])
        self.resume(run_id)

    def _look_again(self, run: Run) -> None:
        """The database is away, or the box is stopping: what became of the run is read when it is back."""
        if not self._stopping:
            self.loop.call_later(_AWAY, self.resume, run.id)

    async def _fail(self, run: Run, error: Exception) -> None:
        """A run that cannot be run at all (a fault of the box, or a text that is gone) fails where all can see it."""
        log.error("run_broken", run=run.id, flow=run.flow, exc_info=error)
        code = getattr(error, "code", "internal")
        message = getattr(error, "message", f"{type(error).__name__}: {error}")
        run.state, run.ended_at = RunState.failed, self.clock.now()
        run.error = self.effects.mask({"code": code, "message": message, "passing": False, "step": ""})
        changes: list[Change[Any]] = [FinishRun(run.id, run.state, run.ended_at, None, run.error)]
        try:
            await self.commit([*changes, *self.tell_of_end(run, None)])
        except StorageClosed:
            run.ended_at = None
            self._look_again(run)

    async def _refill(self, lane: Lane, after: str) -> None:
        # From the start, those that are known come again; after the cursor there are none of them.
        limit = WINDOW if after else WINDOW + len(lane.known)
        try:
            found = await self.reader.ready_runs(lane.flow, limit=limit, after=after)
        except Exception as error:  # noqa: BLE001 - whatever it is, the runs are still there
            log.warning("turns_not_read", flow=lane.flow, why=str(error))
            self._lanes.refill(lane, [], complete=False)
            self.loop.call_later(_AWAY, self._pump)
            return
        turns = [
            Turn(ready.run, ready.event if ready.fresh and len(ready.event.payload) <= _KEPT_AT_HAND else None)
            for ready in found
        ]
        self._lanes.refill(lane, turns, complete=len(found) < limit, from_start=not after)
        self._pump()

    # --- what happened ---

    async def _fire(self, due: list[tuple[str, str]]) -> None:
        waking = []
        for run_id, path in due:
            active = self._active.get(run_id)
            if active is not None:
                active.fired(path)
            else:
                waking.append(run_id)
        woken = await self.commit([WakeRun(run_id) for run_id in waking]) if waking else []
        for run_id, waited in zip(waking, woken, strict=True):
            if waited:  # else it has ended, or its turn comes: then it looks at its timers itself
                self.resume(run_id)

    async def _watch(self) -> None:
        """Ends runs that work longer than their flow allows."""
        while True:
            await asyncio.sleep(_WATCH)
            now = self.loop.time()
            for active in list(self._active.values()):
                if active.expires_at <= now:
                    limit = format_duration(active.time_limit)
                    message = f"worked longer than the {limit} that limits.time of flow {active.run.flow!r} allows"
                    active.abort({"code": "time_limit", "message": message, "passing": False})

    def _event_stored(self, change: StoreEvent, outcome: Stored) -> None:
        self.stored(change.event, change.then, outcome)
