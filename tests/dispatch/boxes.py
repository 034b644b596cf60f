"""An engine over a ledger in memory, with handlers that tests give it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel

from onebox.dispatch.effects import Effects
from onebox.dispatch.engine import Engine
from onebox.dispatch.requests import Requests
from onebox.dispatch.responses import WaitingCallers
from onebox.dispatch.versions import Versions, keep_versions
from onebox.dispatch.writings import Writings
from onebox.flows.book import FlowBook
from onebox.flows.plan import Flow, Place, Trigger
from onebox.flows.run import FileRequest, Run, RunState
from onebox.kernel.ids import Ids
from onebox.messaging.channel import Outlet
from onebox.messaging.inbox import Arrival, Inbox
from tests.support.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onebox.flows.handlers import Call

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


class TestClock:
    """Stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


class Calls:
    """A handler that keeps its calls and answers as a test says; without an answer it waits to be told."""

    def __init__(self, answer: Callable[[Call], Any] | None = None) -> None:
        self.seen: list[Call] = []
        self.answer = answer
        self.gate = asyncio.Event()

    async def __call__(self, call: Call) -> Any:
        self.seen.append(call)
        if self.answer is None:
            await self.gate.wait()
            return None
        found = self.answer(call)
        if isinstance(found, Exception):
            raise found
        return found

    @property
    def paths(self) -> list[str]:
        return [call.path for call in self.seen]


class EngineBox:
    """An engine that can be stopped and started again over the same rows."""

    def __init__(
        self, *flows: Flow, handlers: Mapping[str, Any] | None = None, ledger: MemoryLedger | None = None
    ) -> None:
        self.clock = TestClock()
        self.ledger = ledger or MemoryLedger()
        self.book = FlowBook()
        self.ids = Ids(self.clock, bytes)
        self.flows = flows
        self.woken: list[str] = []
        effects = Effects(
            handlers=handlers or {},
            writings=Writings(
                accounts={"terminal/main": Outlet(), "chat/main": Outlet(is_chat=True)},
                starts=lambda event: self.engine.consequences(event),  # noqa: PLW0108 - made below
                mask=lambda value: value,
                clock=self.clock,
                ids=self.ids,
            ).all(),
            recordings={},
            mask=lambda value: value,
            clock=self.clock,
        )
        self.callers = WaitingCallers(self.ledger)
        self.engine = Engine(
            ledger=self.ledger,
            reader=self.ledger,
            records=self.ledger,
            book=self.book,
            versions=Versions(self.book, self.ledger, self._compile),
            effects=effects,
            callers=self.callers,
            clock=self.clock,
            ids=self.ids,
            variables={},
            secrets={},
            queued=lambda message: self.woken.append(message.account),
            requeued=self.woken.append,
            capacity=8,
        )
        self.inbox = Inbox(
            ledger=self.ledger, clock=self.clock, ids=self.ids, subscribers=self.engine, backlog_limit=10_000
        )
        self.requests = Requests(self.engine, self.book, self.clock, self.ids)

    def _compile(self, bundle: str) -> Flow:
        return next(flow for flow in self.flows if flow.bundle == bundle)

    async def __aenter__(self) -> Self:
        await keep_versions(self.ledger, self.flows, self.clock.now())
        self.book.replace(self.flows)
        await self.engine.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.stop(grace=0)

    async def emit(self, topic: str = "t", data: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Hands an event in; returns the id of its first run."""
        stored = await self.inbox.receive(Arrival("test", topic, data or {}, **more))
        found = [run.id for run in self.ledger.tables.runs.values() if run.event_id == stored.event_id]
        return found[0] if found else ""

    async def ask(self, kind: str, target: str, **arguments: Any) -> Mapping[str, Any]:
        """Files a request and carries it out."""
        request = FileRequest(self.ids.new(), kind, target, arguments, "test", self.clock.now())
        await self.ledger.commit([request])
        task = asyncio.create_task(self.requests.run())
        try:
            answer: Mapping[str, Any] = await self.until(lambda: self.ledger.tables.requests[request.id].result)
            return answer
        finally:
            task.cancel()

    def run(self, run_id: str) -> Run:
        return self.ledger.tables.runs[run_id]

    async def until(self, found: Callable[[], Any]) -> Any:
        """Lets the loop turn until something holds; a wait for a wrong thing ends by the test's timeout."""
        while not (value := found()):  # noqa: ASYNC110 - found() looks at rows, which tell nobody
            await asyncio.sleep(0)
        return value

    async def state(self, run_id: str, state: RunState) -> Run:
        """Waits for a run to be in a state and out of memory."""
        await self.until(lambda: self.run(run_id).state is state and not self.engine.is_active(run_id))
        return self.run(run_id)

    def move(self, **more: float) -> None:
        """Moves the clock and has timers looked at."""
        self.clock.at += timedelta(**more)
        self.engine.poke()


class Settings(BaseModel):
    """Of a trigger in tests."""


def on(topic: str) -> tuple[Trigger, ...]:
    return (Trigger("event", Settings(), topic, Place(1, 1)),)
